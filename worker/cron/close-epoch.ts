/**
 * Closes what is closable, oldest first: computes the epoch, stores its report, writes its rows. The rows are a promise:
 * computing again must give the same root. Where the chain already has the epoch, the rows come from the committed report.
 */
import { rowsOfReport } from '../../core/reward/adopt.ts';
import { computeEpoch, type EpochInputs, type EpochResult } from '../../core/reward/compute-epoch.ts';
import {
  decideClose,
  overdueClose,
  regionsBehind,
  type CloseDecision,
  type CloseDelay,
  type RegionProgress,
} from '../../core/reward/closable.ts';
import { carryOf, hashReport, reportKey, type ReportRegion } from '../../core/reward/report.ts';
import { dueReserves, NO_CARRY, type Carry } from '../../core/reward/reserve.ts';
import { unspentAfter, usageKey, type UsageFacts } from '../../core/reward/usage.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { epochStartMs } from '../../core/time.ts';
import type { CommittedEpoch, CommittedOrder } from '../adapters/chain/distributor.ts';
import { readEpochDays, readLateEpoch, readRegionProgress } from '../adapters/d1/epoch-inputs.ts';
import { readEpochSegments } from '../adapters/d1/epoch-segments.ts';
import { lastComputedEpoch, readReportHash, writeEpoch } from '../adapters/d1/epochs.ts';
import { giveBackSales } from '../adapters/d1/usage.ts';
import { readUsage, readUsageList, type UsageParts } from './epoch-usage.ts';

export type CloseParts = UsageParts & {
  readonly rules: RuleSet;
  readonly order: CommittedOrder;
  /** Base units burned in an epoch whose last block is final. */
  readonly burned: (epoch: number) => Promise<bigint>;
  /** An epoch that the chain already has; null: it is our own commit, and which transaction it was is known soon. */
  readonly committed: (epoch: number) => Promise<CommittedEpoch | null>;
  /** Since when each of these regions has made no progress. */
  readonly stalledSince: (
    behind: readonly RegionProgress[],
    nowMs: number,
  ) => Promise<Readonly<Record<string, number>>>;
};

export type CloseOutcome = {
  readonly closed: readonly number[];
  /** Sentences. */
  readonly alarms: readonly string[];
};

/** Each costs a handful of statements; after a pause of the network the next tick goes on. */
const MAX_CLOSES = 40;

type Outcome = 'closed' | CloseDelay | { readonly kind: 'alarm'; readonly alarm: string };

export async function closeEpochs(parts: CloseParts, nowMs: number): Promise<CloseOutcome> {
  const closed: number[] = [];
  const last = await lastComputedEpoch(parts.db);
  const first = Math.max(parts.order.firstEpoch, last === null ? 0 : last + 1);
  const regions = await readRegionProgress(parts.db);
  for (let epoch = first; epoch < first + MAX_CLOSES; epoch++) {
    const outcome = await closeEpoch(parts, epoch, regions, nowMs);
    if (outcome !== 'closed') {
      const alarms = outcome.kind === 'alarm' ? [outcome.alarm] : overdueClose(epoch, outcome, nowMs, parts.rules.time);
      return { closed, alarms };
    }
    closed.push(epoch);
  }
  return { closed, alarms: [] };
}

async function closeEpoch(
  parts: CloseParts,
  epoch: number,
  regions: readonly RegionProgress[],
  nowMs: number,
): Promise<Outcome> {
  const { db, archive, rules, order } = parts;
  if (epoch <= order.lastCommitted) {
    const adopted = await adoptEpoch(parts, epoch, nowMs);
    if (adopted !== null) return adopted;
  }
  const behind = regionsBehind(epoch, regions, rules.time);
  const isDue = decideClose(epoch, regions, new Map(), nowMs, rules.time).kind === 'waiting';
  const stalled = isDue ? await parts.stalledSince(behind, nowMs) : {};
  const decision = decideClose(epoch, regions, new Map(Object.entries(stalled)), nowMs, rules.time);
  if (decision.kind !== 'close') return decision;
  // Until then a reorganization could move a burn into another epoch, and with it the pot.
  if (order.finalizedSeconds * 1000 < epochStartMs(epoch + 1, rules.time)) return { kind: 'not-final' };
  const carry = (await readCarry(parts, epoch)) ?? (await restoreReport(parts, epoch - 1, regions, nowMs));
  if (carry === null) return alarm(`The report before epoch ${epoch} is missing in the archive: nothing closes.`);
  const known = new Set(regions.map(({ cell }) => cell));
  const lost = [...carry.weights.keys()].filter((cell) => !known.has(cell));
  // A database that is being rebuilt: closing now would leave them out without a word, and without a reserve.
  if (lost.length > 0)
    return alarm(
      `Regions of the epoch before ${epoch} are not in the database (${lost.join()}): nothing closes. Refold.`,
    );
  const computed = await compute(parts, epoch, decision, carry);
  if (computed === null) {
    // A top-up may be on its way: the next close takes the sales anew.
    await giveBackSales(db, epoch);
    return alarm(`More credits were spent than paid for when epoch ${epoch} ended: nothing closes.`);
  }
  const { result, usage } = computed;
  if (epoch <= order.lastCommitted) {
    // The report is lost with the rows: what is computed anew must be what the chain has.
    const committed = await parts.committed(epoch);
    if (committed === null) return { kind: 'not-final' };
    const { root, reportHash } = committed;
    if (root !== result.root) return alarm(differs(epoch, result.root, `the chain has ${root}`));
    if (reportHash !== null && reportHash !== result.reportHash)
      return alarm(differs(epoch, result.root, `its report is not the committed ${reportHash}`));
  }
  await storeReport(archive, result, usage);
  const stands = await writeEpoch(db, result, nowMs);
  if (stands !== result.reportHash) return alarm(differs(epoch, result.root, `the row has another report, ${stands}`));
  return 'closed';
}

/** The rows were lost, the chain was not. Null: the committed report is not in the archive, or not known. */
async function adoptEpoch(
  { db, archive, committed }: CloseParts,
  epoch: number,
  nowMs: number,
): Promise<Outcome | null> {
  const standing = await committed(epoch);
  if (standing === null) return { kind: 'not-final' };
  const { root, reportHash } = standing;
  const stored = reportHash === null ? null : await archive.get(reportKey(reportHash));
  if (!stored || reportHash === null) return null;
  const rows = rowsOfReport(await stored.text(), reportHash, root);
  if (!rows.ok)
    return rows.error.reason === 'report-hash-differs'
      ? null
      : alarm(differs(epoch, rows.error.found, `the chain has ${root}`));
  const usage = await readUsageList(archive, epoch, rows.value.usageHash);
  // Without it nobody knows which sales are paid, and the next epoch would pay them again.
  if (usage === null)
    return alarm(`${usageKey(rows.value.usageHash)} of epoch ${epoch} is missing in the archive: nothing closes.`);
  const stands = await writeEpoch(db, rows.value, nowMs, usage.sales);
  return stands === reportHash ? 'closed' : alarm(differs(epoch, root, `the row has another report, ${stands}`));
}

/** Null: more credits were spent than paid for. */
async function compute(
  parts: CloseParts,
  epoch: number,
  { regions, missing }: Extract<CloseDecision, { kind: 'close' }>,
  carry: Carry,
): Promise<{ readonly result: EpochResult; readonly usage: UsageFacts } | null> {
  const { rules, order } = parts;
  const inputs = await readInputs(parts, epoch, regions, carry);
  const { usage, predecessors } = await readUsage(parts, epoch, inputs.days, rules.time);
  if (unspentAfter(carry.unspent, usage.sales) < 0n) return null;
  const burned = await parts.burned(epoch);
  const facts = {
    epoch,
    firstEpoch: order.firstEpoch,
    burned,
    usage,
    predecessors,
    ...inputs,
    carry,
    regions,
    missing,
  };
  return { result: computeEpoch(facts, rules), usage };
}

const JSON_TYPE = { httpMetadata: { contentType: 'application/json' } };

async function storeReport(
  archive: R2Bucket,
  { reportHash, reportText, usageHash, usageText }: EpochResult,
  { sales }: UsageFacts,
): Promise<void> {
  // First the list: whoever finds the report finds what it names.
  if (sales.length > 0) await archive.put(usageKey(usageHash), usageText, JSON_TYPE);
  await archive.put(reportKey(reportHash), reportText, JSON_TYPE);
}

/** Null: what the epoch has to start from is not there, or not what it was. */
async function readCarry({ db, archive, order }: CloseParts, epoch: number): Promise<Carry | null> {
  if (epoch === order.firstEpoch) return NO_CARRY;
  const hash = await readReportHash(db, epoch - 1);
  const stored = hash === null ? null : await archive.get(reportKey(hash));
  const text = await stored?.text();
  return text === undefined || hashReport(text) !== hash ? null : carryOf(text);
}

/** A report that the archive lost or changed is written again if it still follows from the same facts, to the last byte. */
async function restoreReport(
  parts: CloseParts,
  epoch: number,
  regions: readonly RegionProgress[],
  nowMs: number,
): Promise<Carry | null> {
  const decision = decideClose(epoch, regions, new Map(), nowMs, parts.rules.time);
  const carry = await readCarry(parts, epoch);
  if (decision.kind !== 'close' || carry === null) return null;
  const computed = await compute(parts, epoch, decision, carry);
  if (computed === null) return null;
  const { result, usage } = computed;
  if (result.reportHash !== (await readReportHash(parts.db, epoch))) return null;
  await storeReport(parts.archive, result, usage);
  return carryOf(result.reportText);
}

/** Device-days of the epoch, and of earlier ones that regions have closed since; all evidence that no data root holds yet. */
async function readInputs(
  { db, rules }: CloseParts,
  epoch: number,
  regions: readonly ReportRegion[],
  carry: Carry,
): Promise<Pick<EpochInputs, 'days' | 'segments' | 'late'>> {
  const cells = regions.map(({ cell }) => cell);
  const days = await readEpochDays(db, epoch, cells, rules.time);
  const segments = await readEpochSegments(db, epoch, cells, carry, rules.time);
  const due = Map.groupBy(dueReserves(carry, regions), (reserve) => reserve.epoch);
  const late = await Promise.all(
    [...due].map(([of, reserves]) => {
      const lateCells = reserves.map(({ cell }) => cell);
      const others = cells.filter((cell) => !lateCells.includes(cell));
      return readLateEpoch(db, of, lateCells, others, rules.time);
    }),
  );
  return { days, segments, late };
}

const alarm = (text: string): Outcome => ({ kind: 'alarm', alarm: text });

function differs(epoch: number, root: string, against: string): string {
  return `Epoch ${epoch} computes to root ${root}, but ${against}: nothing closes until that is cleared up.`;
}
