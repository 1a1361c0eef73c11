/**
 * The audit of one epoch, from genesis: rules, report, evidence, signatures, fold, payouts, chain. It stops at the first
 * difference. Reads only what everybody can read.
 */
import { checkBatchTools } from './tools.ts';
import { compareBlocks } from '../../core/audit/compare-blocks.ts';
import { comparePage, compareReport } from '../../core/audit/compare.ts';
import { compareCommit, compareMints } from '../../core/audit/compare-payments.ts';
import { differs, type Difference } from '../../core/audit/difference.ts';
import { blockRecord, stateHash } from '../../core/audit/replay-region.ts';
import type { RegionCell } from '../../core/ids.ts';
import { ok, type Result } from '../../core/result.ts';
import { lastHourOf } from '../../core/reward/closable.ts';
import { computeEpoch, type EpochInputs, type EpochResult } from '../../core/reward/compute-epoch.ts';
import { hashReport } from '../../core/reward/report.ts';
import { dueReserves, NO_CARRY, type Carry } from '../../core/reward/reserve.ts';
import type { DeviceDay } from '../../core/reward/weight.ts';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import { hashRuleSet, type RuleSet } from '../../core/rules/rule-set.ts';
import { epochStartMs } from '../../core/time.ts';
import { Refusal } from '../lib/say.ts';
import { PublicApi, type NetworkStatus, type PublishedEpoch } from './api.ts';
import { PaymentReader, type ChainFacts } from './chain.ts';
import { readRegion, type RegionAudit, type Spent } from './read-region.ts';
import { parseReportCarry, parseReportRegions, type ReportRegions } from './report-regions.ts';

export type Step = { readonly name: string; readonly counted: string; readonly ms: number };

export type AuditOptions = {
  readonly api: string;
  readonly rpc: string;
  /** Null: the latest that is final. */
  readonly epoch: number | null;
  readonly onStep: (step: Step) => void;
  readonly onProgress: (line: string) => void;
};

export type Audited = { readonly epoch: number; readonly result: EpochResult };
type Checked<T> = Result<T, Difference>;

/** Sales are not paid through epochs yet. */
const NO_SALES: EpochInputs['usdc'] = [];

export async function auditEpoch(options: AuditOptions): Promise<Checked<Audited>> {
  const { onStep } = options;
  const api = new PublicApi(options.api);
  let sinceMs = performance.now();
  const step = (name: string, counted: string, ms?: number): void => {
    const nowMs = performance.now();
    onStep({ name, counted, ms: ms ?? nowMs - sinceMs });
    sinceMs = nowMs;
  };

  const network = await api.status();
  const payments = new PaymentReader(options.rpc, network);
  const rules = rulesOf(network);
  if (!rules.ok) return rules;
  step('rules', `"${network.rules}", hash ${network.ruleSetHash.slice(0, 16)}...`);
  const chain = await openChain(payments, rules.value);
  if (!chain.ok) return chain;
  const { distributor, token } = network.contracts;
  step('contracts', `chain ${network.chainId}, distributor ${distributor}, token ${token}`);

  const epoch = options.epoch ?? (await latestFinal(api));
  const page = await api.epoch(epoch);
  const text = await api.report(page.reportHash);
  const hash = hashReport(text);
  if (hash !== page.reportHash) return differs('report-hash', {}, page.reportHash, hash);
  const named = parseReportRegions(text);
  if (!named.ok) return named;
  step('report', `epoch ${epoch}, ${text.length} bytes, sha-256 ${hash.slice(0, 16)}...`);

  const carry = await readCarry(api, epoch, chain.value.firstEpoch);
  if (!carry.ok) return carry;
  const regions = await readRegions(api, epoch, rules.value, named.value, carry.value, options.onProgress);
  if (!regions.ok) return regions;
  reportRegions(regions.value, step);
  const exchanged = compareBlocks(regions.value.map(({ replay }) => blockRecord(replay)));
  if (!exchanged.ok) return exchanged;
  step('exchange', `${exchanged.value} blocks of neighbouring regions, each as its own log makes it`);

  const facts = { firstEpoch: chain.value.firstEpoch, burned: await payments.burned(epoch) };
  const result = computeEpoch(
    inputsOf(epoch, facts, named.value, regions.value, carry.value, rules.value),
    rules.value,
  );
  const reported = compareReport(text, page.reportHash, result);
  if (!reported.ok) return reported;
  const shown = comparePage(page, result);
  if (!shown.ok) return shown;
  step(
    'payouts',
    `${result.devices} devices earn, ${result.payouts.length} owners, root ${result.root.slice(0, 18)}...`,
  );

  const paid = await checkPayments(payments, page, result);
  if (!paid.ok) return paid;
  step('payments', paid.value);
  return ok({ epoch, result });
}

function rulesOf(network: NetworkStatus): Checked<RuleSet> {
  const rules = ruleSetByName(network.rules);
  if (rules === undefined) return differs('network', { field: 'rules' }, network.rules, 'no rule set of this code');
  const hash = hashRuleSet(rules);
  if (hash !== network.ruleSetHash) return differs('network', { field: 'ruleSetHash' }, network.ruleSetHash, hash);
  return ok(rules);
}

async function openChain(payments: PaymentReader, rules: RuleSet): Promise<Checked<ChainFacts>> {
  const chain = await payments.open();
  if (!chain.ok || chain.value.epochSeconds === rules.time.epochSeconds) return chain;
  return differs('network', { field: 'epochSeconds' }, rules.time.epochSeconds, chain.value.epochSeconds);
}

async function latestFinal(api: PublicApi): Promise<number> {
  const final = (await api.epochs()).filter(({ state }) => state === 'final').map(({ epoch }) => epoch);
  if (final.length === 0) throw new Refusal('no epoch is final yet; wait for the first one, or give --epoch N');
  return Math.max(...final);
}

async function readRegions(
  api: PublicApi,
  epoch: number,
  rules: RuleSet,
  named: ReportRegions,
  carry: Carry,
  onProgress: (line: string) => void,
): Promise<Checked<readonly RegionAudit[]>> {
  const missing = new Set(named.missing.map(({ cell }) => cell));
  const cells = new Set([...named.counted, ...missing, ...(await api.regions())].toSorted());
  const audits: RegionAudit[] = [];
  const tools = checkBatchTools();
  const lateEpochs = [...new Set(dueReserves(carry, countedOf(named)).map((reserve) => reserve.epoch))];
  for (const cell of cells) {
    const audit = await readRegion(cell, { api, epoch, lateEpochs, rules, tools, onProgress });
    if (!audit.ok) return audit;
    const standing = checkStanding(cell, epoch, rules, named.counted.has(cell), missing.has(cell), audit.value);
    if (!standing.ok) return standing;
    audits.push(audit.value);
  }
  return ok(audits);
}

/** A counted region has closed the epoch; one with data of before its end is counted or named. */
function checkStanding(
  cell: RegionCell,
  epoch: number,
  rules: RuleSet,
  isCounted: boolean,
  isMissing: boolean,
  { replay }: RegionAudit,
): Checked<void> {
  const { closedThrough, firstBatchMs } = replay.state;
  const lastHour = lastHourOf(epoch, rules.time);
  if (isCounted && closedThrough !== lastHour) {
    return differs(
      'open-region',
      { region: cell },
      `closed through hour ${lastHour}`,
      `hour ${closedThrough ?? 'none'}`,
    );
  }
  const wasThere = firstBatchMs !== null && firstBatchMs < epochStartMs(epoch + 1, rules.time);
  if (!isCounted && !isMissing && wasThere) {
    return differs('unnamed-region', { region: cell }, 'not in the report', `${replay.state.batches} batches`);
  }
  return ok(undefined);
}

function reportRegions(
  regions: readonly RegionAudit[],
  step: (name: string, counted: string, ms: number) => void,
): void {
  const sum = (of: (region: RegionAudit) => number): number => regions.reduce((total, region) => total + of(region), 0);
  const spent = (part: keyof Spent): number => sum(({ spentMs }) => spentMs[part]);
  const megabytes = (sum(({ downloadedBytes }) => downloadedBytes) / 1e6).toFixed(2);
  const devices = sum(({ replay }) => replay.state.devices.length);
  const checks = `${sum(({ batches }) => batches)} batches of ${devices} devices, ${sum(({ readings }) => readings)} readings`;
  step(
    'evidence',
    `${regions.length} regions, ${sum(({ segments }) => segments.length)} segments, ${megabytes} MB`,
    spent('download'),
  );
  step('signatures', checks, spent('signatures'));
  step(
    'fold',
    `${sum(({ entries }) => entries)} entries, ${sum(({ replay }) => replay.days.length)} device-days`,
    spent('fold'),
  );
  for (const { replay } of regions) step(`  ${replay.cell}`, `state ${stateHash(replay)}`, 0);
}

function inputsOf(
  epoch: number,
  chain: Pick<EpochInputs, 'firstEpoch' | 'burned'>,
  named: ReportRegions,
  regions: readonly RegionAudit[],
  carry: Carry,
  rules: RuleSet,
): EpochInputs {
  const counted = regions.filter(({ replay }) => named.counted.has(replay.cell));
  const due = dueReserves(carry, countedOf(named));
  return {
    epoch,
    ...chain,
    days: counted.flatMap(({ replay }) => replay.days),
    usdc: NO_SALES,
    segments: counted.flatMap(({ epochSegments, lateSegments, replay }) => [
      ...epochSegments,
      ...due.filter(({ cell }) => cell === replay.cell).flatMap((late) => lateSegments.get(late.epoch) ?? []),
    ]),
    regions: counted.map(({ replay }) => ({ cell: replay.cell, closedThrough: lastHourOf(epoch, rules.time) })),
    // How far a missing region had come when the epoch closed is known to the report alone.
    missing: named.missing,
    carry,
    late: [...Map.groupBy(due, (reserve) => reserve.epoch)].map(([late, reserves]) => {
      const cells = new Set(reserves.map(({ cell }) => cell));
      const daysOf = (isLate: boolean): DeviceDay[] =>
        counted
          .filter(({ replay }) => cells.has(replay.cell) === isLate)
          .flatMap(({ replay }) => replay.lateDays.get(late) ?? []);
      return { epoch: late, days: daysOf(true), others: daysOf(false) };
    }),
  };
}

const countedOf = ({ counted }: ReportRegions) => [...counted].map((cell) => ({ cell, closedThrough: null }));

/**
 * What the epoch before handed on, as its own report says. The report of this epoch names that report by hash, and the
 * chain names this one; whether that one is right is the audit of the epoch before.
 */
async function readCarry(api: PublicApi, epoch: number, firstEpoch: number): Promise<Checked<Carry>> {
  if (epoch === firstEpoch) return ok(NO_CARRY);
  const { reportHash } = await api.epoch(epoch - 1);
  const text = await api.report(reportHash);
  const hash = hashReport(text);
  return hash === reportHash ? parseReportCarry(text) : differs('report-hash', {}, reportHash, hash);
}

/** @return what was found, in words */
async function checkPayments(
  payments: PaymentReader,
  page: PublishedEpoch,
  result: EpochResult,
): Promise<Checked<string>> {
  const commit = await payments.commit(page);
  if (!commit.ok) return commit;
  const committed = compareCommit(commit.value.facts, commit.value.transaction, result);
  if (!committed.ok) return committed;
  const mints = await payments.mints(page, commit.value);
  if (!mints.ok) return mints;
  const paid = compareMints(mints.value, result);
  if (!paid.ok) return paid;
  const progress = `${mints.value.length} of ${result.batches.length} batches paid`;
  const isPaid = page.state === 'minted' || page.state === 'final';
  if (isPaid && mints.value.length < result.batches.length) return differs('mint', {}, page.state, progress);
  const transfers = mints.value.reduce((sum, mint) => sum + mint.transfers.length, 0);
  return ok(`commit in block ${commit.value.blockNumber}, ${progress}, ${transfers} transfers`);
}
