/** Which commit on the chain holds a segment, and by which path. */
import type { Result } from '../../../core/result.ts';
import { err, ok } from '../../../core/result.ts';
import type { PathStep } from '../../../core/merkle-tree.ts';
import { commitExpectedMs, type ProofRefusal } from '../../../core/query/proof-refusal.ts';
import { dataRoot, segmentPath, type Segment } from '../../../core/reward/data-root.ts';
import { hashReport, reportKey, type EpochReport } from '../../../core/reward/report.ts';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import type { EdgeBindings } from '../../env.ts';
import { hasLaterEpoch, segmentsOfHours } from '../d1/proofs.ts';
import { readEpochRow, type EpochRow } from '../d1/public.ts';
import { Lru } from '../lru.ts';

type Stores = Pick<EdgeBindings, 'DB' | 'ARCHIVE'>;

export type Anchor = { readonly row: EpochRow; readonly path: readonly PathStep[] };

/** By data root, which names them for good. About 150 bytes a segment. */
const epochSegments = new Lru<string, readonly Segment[]>(4);

/** A region that closed `epoch` too late is in the root of a later one: of the one that paid it (decision 0018). */
export async function anchorOf(
  stores: Stores,
  segment: Segment,
  epoch: number,
  rules: RuleSet,
  nowMs: number,
): Promise<Result<Anchor, ProofRefusal>> {
  for (let holder = epoch; holder <= epoch + rules.reward.reserveEpochs; holder += 1) {
    const row = await readEpochRow(stores.DB, holder);
    if (row === null) {
      return (await hasLaterEpoch(stores.DB, holder))
        ? err({ reason: 'never-committed', epoch: holder })
        : err({ reason: 'proof-pending', epoch: holder, expectedMs: commitExpectedMs(holder, nowMs, rules.time) });
    }
    const segments = await segmentsOf(stores, row, rules);
    if (segments === null) return err({ reason: 'proof-unavailable' });
    const path = segmentPath(segments, segment);
    if (path === null) continue;
    switch (row.state) {
      case 'computed':
      case 'committing':
        return err({
          reason: 'proof-pending',
          epoch: holder,
          expectedMs: commitExpectedMs(holder, nowMs, rules.time),
        });
      case 'revoked':
        return err({ reason: 'epoch-revoked', epoch: holder });
      default:
        return ok({ row, path });
    }
  }
  return err({ reason: 'never-committed', epoch });
}

/** Null: what is stored does not give the root. */
async function segmentsOf(stores: Stores, row: EpochRow, rules: RuleSet): Promise<readonly Segment[] | null> {
  const known = epochSegments.get(row.dataRoot);
  if (known !== undefined) return known;
  // Every region closed in time and none was late: the usual case, which needs no report.
  const all = await segmentsOfHours(stores.DB, row.epoch, null, rules.time);
  const found = dataRoot(all) === row.dataRoot ? all : await segmentsOfReport(stores, row, rules);
  if (found !== null) epochSegments.set(row.dataRoot, found);
  return found;
}

async function segmentsOfReport(
  { DB, ARCHIVE }: Stores,
  row: EpochRow,
  { time }: RuleSet,
): Promise<readonly Segment[] | null> {
  const text = await (await ARCHIVE.get(reportKey(row.reportHash)))?.text();
  if (text === undefined || hashReport(text) !== row.reportHash) return null;
  // The hash is ours, so the text has the shape that encodeReport gave it.
  const report = JSON.parse(text) as EpochReport;
  const cells = report.regions.map(({ cell }) => cell);
  const late = await Promise.all(report.late.map(({ epoch, cell }) => segmentsOfHours(DB, epoch, [cell], time)));
  const found = [...(await segmentsOfHours(DB, row.epoch, cells, time)), ...late.flat()];
  return dataRoot(found) === row.dataRoot ? found : null;
}
