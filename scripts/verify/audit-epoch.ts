/**
 * The audit of one epoch, from genesis: rules, chain, evidence, signatures, fold, every epoch up to it, payments. It stops
 * at the first difference. Evidence and chain decide; report and page are compared where they are served.
 */
import { checkActTools, checkBatchTools } from './tools.ts';
import { compareBlocks } from '../../core/audit/compare-blocks.ts';
import { compareMoves } from '../../core/audit/compare-moves.ts';
import { compareHandOvers } from '../../core/audit/compare-hand-overs.ts';
import { comparePage, compareReport } from '../../core/audit/compare.ts';
import { compareCommit, compareMints } from '../../core/audit/compare-payments.ts';
import { differs, type Difference } from '../../core/audit/difference.ts';
import { ownersIn, predecessorsIn } from '../../core/audit/key-history.ts';
import { blockRecord, handOverRecord, stateHash } from '../../core/audit/replay-region.ts';
import { walkEpochs, type EpochOnChain, type RegionHistory } from '../../core/audit/walk-epochs.ts';
import { parseOwnerAddress, type OwnerAddress } from '../../core/ids.ts';
import { ok, type Result } from '../../core/result.ts';
import type { EpochResult } from '../../core/reward/compute-epoch.ts';
import { NO_USAGE } from '../../core/reward/usage.ts';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import { hashRuleSet, type RuleSet } from '../../core/rules/rule-set.ts';
import { Refusal } from '../lib/say.ts';
import { PublicApi, type NetworkStatus, type PublishedEpoch } from './api.ts';
import { PaymentReader, type ChainFacts, type Commit } from './chain.ts';
import type { Progress } from './progress.ts';
import { listSegments, readRegion, type RegionAudit, type Spent } from './read-region.ts';
import { checkSales, type CheckedSales } from './check-sales.ts';
import { missingIn } from './report-parts.ts';

export type Step = { readonly name: string; readonly counted: string; readonly ms: number };

export type AuditOptions = {
  readonly api: string;
  readonly rpc: string;
  /** Null: the latest that is paid. */
  readonly epoch: number | null;
  readonly onStep: (step: Step) => void;
  readonly progress: Progress;
};

export type Audited = { readonly epoch: number; readonly result: EpochResult };
type Checked<T> = Result<T, Difference>;
type Say = (name: string, counted: string, ms?: number) => void;

export async function auditEpoch(options: AuditOptions): Promise<Checked<Audited>> {
  const { onStep, progress } = options;
  const api = new PublicApi(options.api);
  let sinceMs = performance.now();
  const step: Say = (name, counted, ms) => {
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

  const commits = await payments.commits(chain.value);
  const epoch = options.epoch ?? (await latestPaid(payments, commits));
  const commit = commitOf(commits, epoch, chain.value);
  const inForce = await payments.checkInForce(commit);
  if (!inForce.ok) return inForce;
  const wanted = upTo(commits, commit, chain.value);
  step('commits', `epochs ${chain.value.firstEpoch} to ${epoch}, the last in block ${commit.blockNumber}`);

  const regions = await readRegions(api, epoch, rules.value, network, progress);
  if (!regions.ok) return regions;
  const moves = compareMoves(regions.value.map(({ replay }) => replay.moves));
  if (!moves.ok) return moves;
  reportRegions(regions.value, moves.value, step);
  const exchanged = compareBlocks(regions.value.map(({ replay }) => blockRecord(replay)));
  if (!exchanged.ok) return exchanged;
  step('exchange', `${exchanged.value} blocks of neighbouring regions, each as its own log makes it`);
  const moved = compareHandOvers(regions.value.map(({ replay }) => handOverRecord(replay)));
  if (!moved.ok) return moved;
  if (moved.value > 0) step('moves', `${moved.value} devices brought what their former region's log makes of them`);

  const replays = regions.value.map(({ replay }) => replay);
  const owners = ownersIn(replays);
  const sold = await checkSales(wanted, { api, payments, owners, rules: rules.value.time, progress });
  if (!sold.ok) return sold;
  const { sales, paid: paidFor, unspent } = sold.value;
  step('sales', `${sales} counted once, ${paidFor} of them paid on the chain; credits unspent ${unspent}`);

  const epochs = await onChain(payments, wanted, sold.value);
  const page = await api.epoch(epoch);
  const report = await api.report(page?.reportHash ?? commit.facts.reportHash.slice(2));
  const walked = walkEpochs(
    {
      regions: regions.value.map(historyOf),
      predecessors: predecessorsIn(replays),
      epochs,
      unseen: report === null ? [] : missingIn(report).filter((cell) => !regions.value.some(hasBegun(cell))),
      onEpoch: (at) => progress.show(at - chain.value.firstEpoch, epochs.length, `epoch ${at}`),
    },
    rules.value,
  );
  if (!walked.ok) return walked;
  const result = walked.value;
  step(
    'payouts',
    `${epochs.length} epochs; ${result.devices} devices earn, ${result.payouts.length} owners, root ${result.root.slice(0, 18)}...`,
  );

  const published = comparePublished(report, page, result, commit);
  if (!published.ok) return published;
  step('published', published.value);

  const paid = await checkPayments(payments, commit, page, result);
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

async function latestPaid(payments: PaymentReader, commits: readonly Commit[]): Promise<number> {
  const latest = await payments.latestPaid(commits);
  if (latest === null) throw new Refusal('no epoch is paid yet; wait for the first one, or give --epoch N');
  return latest;
}

function commitOf(commits: readonly Commit[], epoch: number, { firstEpoch }: ChainFacts): Commit {
  const commit = commits.find((one) => one.epoch === epoch);
  if (commit !== undefined) return commit;
  const newest = commits.at(-1)?.epoch;
  throw new Refusal(
    epoch < firstEpoch
      ? `there is no epoch ${epoch}: the first is ${firstEpoch}`
      : `epoch ${epoch} is not committed (or revoked); the newest on the chain is ${newest ?? 'none'}`,
  );
}

function upTo(commits: readonly Commit[], last: Commit, { firstEpoch }: ChainFacts): readonly Commit[] {
  const wanted = commits.filter(({ epoch }) => epoch <= last.epoch);
  // The contract takes epochs in order: a gap means that the node does not have all events.
  if (wanted.length !== last.epoch - firstEpoch + 1) {
    throw new Refusal(`the node has ${wanted.length} commits up to epoch ${last.epoch}; another --rpc may have all`);
  }
  return wanted;
}

async function onChain(
  payments: PaymentReader,
  commits: readonly Commit[],
  { byEpoch }: CheckedSales,
): Promise<readonly EpochOnChain[]> {
  return Promise.all(
    commits.map(async ({ epoch, facts, transaction }) => ({
      epoch,
      burned: await payments.burned(epoch),
      commit: facts,
      transaction,
      ...(byEpoch.get(epoch) ?? { usage: NO_USAGE, usageHash: null }),
    })),
  );
}

async function readRegions(
  api: PublicApi,
  epoch: number,
  rules: RuleSet,
  { chainId, contracts }: NetworkStatus,
  progress: Progress,
): Promise<Checked<readonly RegionAudit[]>> {
  const listings = [];
  for (const cell of (await api.regions()).toSorted()) {
    listings.push({ cell, listed: await listSegments(cell, api, epoch, rules) });
  }
  const all = listings.reduce((sum, { listed }) => sum + listed.length, 0);
  const audits: RegionAudit[] = [];
  const tools = checkBatchTools();
  const domain = { chainId, contract: addressOf(contracts.distributor) };
  const acts = { ...checkActTools(), domain };
  let done = 0;
  for (const { cell, listed } of listings) {
    const onSegment = (): void => progress.show(++done, all, `segment ${done} of ${all}, region ${cell}`);
    const audit = await readRegion(cell, listed, { api, rules, tools, acts, onSegment });
    if (!audit.ok) return audit;
    audits.push(audit.value);
  }
  return ok(audits);
}

function historyOf({ replay, segments }: RegionAudit): RegionHistory {
  const { cell, state, closings, days } = replay;
  return { cell, firstHour: state.firstHour, closings, days, segments };
}

function addressOf(contract: string): OwnerAddress {
  const address = parseOwnerAddress(contract);
  if (!address.ok) throw new Refusal(`${contract} is no address of a contract`);
  return address.value;
}

const hasBegun =
  (cell: string) =>
  ({ replay }: RegionAudit): boolean =>
    replay.cell === cell && replay.closings.length > 0;

function reportRegions(regions: readonly RegionAudit[], moves: number, step: Say): void {
  const sum = (of: (region: RegionAudit) => number): number => regions.reduce((total, region) => total + of(region), 0);
  const spent = (part: keyof Spent): number => sum(({ spentMs }) => spentMs[part]);
  const megabytes = (sum(({ downloadedBytes }) => downloadedBytes) / 1e6).toFixed(2);
  const devices = sum(({ replay }) => replay.state.devices.length);
  const segments = sum((region) => [...region.segments.values()].flat().length);
  const days = sum(({ replay }) => [...replay.days.values()].flat().length);
  const checks = `${sum(({ batches }) => batches)} batches of ${devices} devices, ${sum(({ readings }) => readings)} readings`;
  step('evidence', `${regions.length} regions, ${segments} segments, ${megabytes} MB`, spent('download'));
  step('signatures', checks, spent('signatures'));
  const signed = sum((region) => region.acts.signed) + moves;
  const word = sum(({ acts }) => acts.word + acts.arrived) - moves;
  step('acts', `${signed} memberships and changes of key signed by owner or device, ${word} on the operator's word`, 0);
  step('fold', `${sum(({ entries }) => entries)} entries, ${days} device-days`, spent('fold'));
  for (const { replay } of regions) step(`  ${replay.cell}`, `state ${stateHash(replay)}`, 0);
}

/** @return what was compared, in words */
function comparePublished(
  report: string | null,
  page: PublishedEpoch | null,
  result: EpochResult,
  { facts, transaction }: Commit,
): Checked<string> {
  if (report !== null) {
    const same = compareReport(report, page?.reportHash ?? facts.reportHash.slice(2), result);
    if (!same.ok) return same;
  }
  if (page !== null) {
    const same = comparePage(page, result);
    if (!same.ok) return same;
    if (`0x${page.reportHash}` !== facts.reportHash) {
      return differs('page', { field: 'reportHash' }, page.reportHash, facts.reportHash.slice(2));
    }
    if (page.commitTransaction !== null && page.commitTransaction !== transaction) {
      return differs('page', { field: 'commitTransaction' }, page.commitTransaction, transaction);
    }
  }
  const told = report === null ? 'report withheld' : `report of ${report.length} bytes`;
  return ok(`${told}, ${page === null ? 'page withheld' : 'page'}: ${page || report ? 'as computed' : 'not needed'}`);
}

/** @return what was found, in words */
async function checkPayments(
  payments: PaymentReader,
  commit: Commit,
  page: PublishedEpoch | null,
  result: EpochResult,
): Promise<Checked<string>> {
  const committed = compareCommit(commit.facts, commit.transaction, result);
  if (!committed.ok) return committed;
  const mints = await payments.mints(commit);
  const paid = compareMints(mints, result);
  if (!paid.ok) return paid;
  const progress = `${mints.length} of ${result.batches.length} batches paid`;
  const isPaid = page?.state === 'minted' || page?.state === 'final';
  if (isPaid && mints.length < result.batches.length) return differs('mint', {}, page.state, progress);
  const unknown = page?.mintTransactions.find((hash) => !mints.some(({ transaction }) => transaction === hash));
  if (unknown !== undefined) return differs('mint', { transaction: unknown }, 'a payment', 'not on the chain');
  const transfers = mints.reduce((sum, mint) => sum + mint.transfers.length, 0);
  return ok(`commit in block ${commit.blockNumber}, ${progress}, ${transfers} transfers`);
}
