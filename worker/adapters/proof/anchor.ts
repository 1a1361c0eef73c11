/** Which commit on the chain holds a segment, and by which path. */
import { err, ok, type Result } from '../../../core/result.ts';
import type { PathStep } from '../../../core/merkle-tree.ts';
import { commitExpectedMs, type ProofRefusal } from '../../../core/query/proof-refusal.ts';
import { dataRoot, segmentPath, type Segment } from '../../../core/reward/data-root.ts';
import { carryOf, hashReport, reportKey, type EpochReport } from '../../../core/reward/report.ts';
import { NO_CARRY } from '../../../core/reward/reserve.ts';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import type { EdgeBindings } from '../../env.ts';
import { readEpochSegments } from '../d1/epoch-segments.ts';
import { readEpochsFrom, segmentsOfHours } from '../d1/proofs.ts';
import type { EpochRow } from '../d1/public.ts';
import { Lru } from '../lru.ts';

type Stores = Pick<EdgeBindings, 'DB' | 'ARCHIVE'>;

export type Anchor = { readonly row: EpochRow; readonly path: readonly PathStep[] };

/** By data root, which names them for good. About 150 bytes a segment. */
const segmentsByRoot = new Lru<string, readonly Segment[]>(8);

/**
 * The first commit from the segment's own epoch on whose root holds it: a later one where its region closed too late, or
 * where a backfill closed hours of epochs that were over (core/reward/data-root.ts).
 */
export async function anchorOf(
  stores: Stores,
  segment: Segment,
  epoch: number,
  rules: RuleSet,
  nowMs: number,
): Promise<Result<Anchor, ProofRefusal>> {
  const backfilled = Math.ceil(rules.time.backfillSeconds / rules.time.epochSeconds);
  const rows = await readEpochsFrom(stores.DB, epoch, backfilled + rules.reward.reserveEpochs);
  const pending = (of: number): Result<never, ProofRefusal> =>
    err({ reason: 'proof-pending', epoch: of, expectedMs: commitExpectedMs(of, nowMs, rules.time) });
  for (const row of rows) {
    const segments = await segmentsOf(stores, row, rules);
    if (segments === null) return err({ reason: 'proof-unavailable' });
    const path = segmentPath(segments, segment);
    if (path === null) continue;
    if (row.state === 'computed' || row.state === 'committing') return pending(row.epoch);
    return row.state === 'revoked' ? err({ reason: 'epoch-revoked', epoch: row.epoch }) : ok({ row, path });
  }
  return pending(Math.max(epoch, (rows.at(-1)?.epoch ?? 0) + 1));
}

/** Null: what is stored does not give the root. */
async function segmentsOf(stores: Stores, row: EpochRow, rules: RuleSet): Promise<readonly Segment[] | null> {
  const known = segmentsByRoot.get(row.dataRoot);
  if (known !== undefined) return known;
  // Every region took part in this epoch and in the one before: the usual case, which needs no report.
  const all = await segmentsOfHours(stores.DB, row.epoch, rules.time);
  const found = dataRoot(all) === row.dataRoot ? all : await segmentsOfReport(stores, row, rules);
  if (found !== null) segmentsByRoot.set(row.dataRoot, found);
  return found;
}

async function segmentsOfReport(stores: Stores, row: EpochRow, rules: RuleSet): Promise<readonly Segment[] | null> {
  const text = await readReport(stores, row.reportHash);
  if (text === null) return null;
  const { regions, previous } = reportOf(text);
  const before = previous === null ? null : await readReport(stores, previous);
  if (previous !== null && before === null) return null;
  const carry = before === null ? NO_CARRY : carryOf(before);
  const cells = regions.map(({ cell }) => cell);
  const found = await readEpochSegments(stores.DB, row.epoch, cells, carry, rules.time);
  return dataRoot(found) === row.dataRoot ? found : null;
}

async function readReport({ ARCHIVE }: Stores, hash: string): Promise<string | null> {
  const text = await (await ARCHIVE.get(reportKey(hash)))?.text();
  return text === undefined || hashReport(text) !== hash ? null : text;
}

/** The hash is ours, so the text has the shape that encodeReport gave it. */
const reportOf = (text: string): EpochReport => JSON.parse(text) as EpochReport;
