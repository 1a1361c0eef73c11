/**
 * Closes what is closable, oldest first: computes the epoch, stores its report, writes its rows. The rows are a promise:
 * computing again must give the same root, and where the chain already has the epoch, the chain's.
 */
import { computeEpoch, type EpochInputs } from '../../core/reward/compute-epoch.ts';
import { decideClose, regionsBehind, type RegionProgress } from '../../core/reward/closable.ts';
import { carryOf, hashReport, reportKey, type ReportRegion } from '../../core/reward/report.ts';
import { dueReserves, NO_CARRY, type Carry } from '../../core/reward/reserve.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { epochStartMs } from '../../core/time.ts';
import type { CommittedEpoch, CommittedOrder } from '../adapters/chain/distributor.ts';
import { readEpochInputs, readLateEpoch, readRegionProgress } from '../adapters/d1/epoch-inputs.ts';
import { lastComputedEpoch, readReportHash, writeEpoch } from '../adapters/d1/epochs.ts';

export type CloseParts = {
  readonly db: D1Database;
  readonly archive: R2Bucket;
  readonly rules: RuleSet;
  readonly order: CommittedOrder;
  /** Base units burned in an epoch whose last block is final. */
  readonly burned: (epoch: number) => Promise<bigint>;
  /** An epoch that the chain already has. */
  readonly committed: (epoch: number) => Promise<CommittedEpoch>;
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

export async function closeEpochs(parts: CloseParts, nowMs: number): Promise<CloseOutcome> {
  const closed: number[] = [];
  const last = await lastComputedEpoch(parts.db);
  const first = Math.max(parts.order.firstEpoch, last === null ? 0 : last + 1);
  const regions = await readRegionProgress(parts.db);
  for (let epoch = first; epoch < first + MAX_CLOSES; epoch++) {
    const outcome = await closeEpoch(parts, epoch, regions, nowMs);
    if (outcome === 'open') break;
    if (outcome !== 'closed') return { closed, alarms: [outcome.alarm] };
    closed.push(epoch);
  }
  return { closed, alarms: [] };
}

async function closeEpoch(
  parts: CloseParts,
  epoch: number,
  regions: readonly RegionProgress[],
  nowMs: number,
): Promise<'open' | 'closed' | { readonly alarm: string }> {
  const { db, archive, rules, order } = parts;
  const behind = regionsBehind(epoch, regions, rules.time);
  const isDue = decideClose(epoch, regions, new Map(), nowMs, rules.time).kind === 'waiting';
  const stalled = isDue ? await parts.stalledSince(behind, nowMs) : {};
  const decision = decideClose(epoch, regions, new Map(Object.entries(stalled)), nowMs, rules.time);
  if (decision.kind !== 'close') return 'open';
  // Until then a reorganization could move a burn into another epoch, and with it the pot.
  if (order.finalizedSeconds * 1000 < epochStartMs(epoch + 1, rules.time)) return 'open';
  const carry = await readCarry(parts, epoch);
  if (carry === null) return { alarm: `The report before epoch ${epoch} is missing in the archive: nothing closes.` };
  const { days, segments, late } = await readInputs(parts, epoch, decision.regions, carry);
  const result = computeEpoch(
    {
      epoch,
      firstEpoch: order.firstEpoch,
      burned: await parts.burned(epoch),
      usdc: [],
      days,
      segments,
      carry,
      late,
      regions: decision.regions,
      missing: decision.missing,
    },
    rules,
  );
  if (epoch <= order.lastCommitted) {
    // The rows were lost, the chain was not: adopt what it has, never commit again.
    const { root, reportHash } = await parts.committed(epoch);
    if (root !== result.root) return { alarm: differs(epoch, result.root, `the chain has ${root}`) };
    // While regions are still being refolded the payouts may fit and the evidence not; the row would stay wrong for good.
    if (reportHash !== null && reportHash !== result.reportHash)
      return { alarm: differs(epoch, result.root, `its report is not the committed ${reportHash}`) };
  }
  await archive.put(reportKey(result.reportHash), result.reportText, {
    httpMetadata: { contentType: 'application/json' },
  });
  const stands = await writeEpoch(db, result, nowMs);
  if (stands !== result.root) return { alarm: differs(epoch, result.root, `the row says ${stands}`) };
  return 'closed';
}

/** Null: what the epoch has to start from is not there. */
async function readCarry({ db, archive, order }: CloseParts, epoch: number): Promise<Carry | null> {
  if (epoch === order.firstEpoch) return NO_CARRY;
  const hash = await readReportHash(db, epoch - 1);
  const stored = hash === null ? null : await archive.get(reportKey(hash));
  const text = await stored?.text();
  return text === undefined || hashReport(text) !== hash ? null : carryOf(text);
}

/** Device-days and evidence of the epoch, and of earlier ones that regions have closed since. */
async function readInputs(
  { db, rules }: CloseParts,
  epoch: number,
  regions: readonly ReportRegion[],
  carry: Carry,
): Promise<Pick<EpochInputs, 'days' | 'segments' | 'late'>> {
  const cells = regions.map(({ cell }) => cell);
  const { days, segments } = await readEpochInputs(db, epoch, cells, rules.time);
  const due = Map.groupBy(dueReserves(carry, regions), (reserve) => reserve.epoch);
  const earlier = await Promise.all(
    [...due].map(([of, reserves]) => {
      const lateCells = reserves.map(({ cell }) => cell);
      const others = cells.filter((cell) => !lateCells.includes(cell));
      return readLateEpoch(db, of, lateCells, others, rules.time);
    }),
  );
  return {
    days,
    segments: [...segments, ...earlier.flatMap((read) => read.segments)],
    late: earlier.map(({ late }) => late),
  };
}

function differs(epoch: number, root: string, against: string): string {
  return `Epoch ${epoch} computes to root ${root}, but ${against}: nothing closes until that is cleared up.`;
}
