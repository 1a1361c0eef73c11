/** Which sealed segments the data root of an epoch holds. */
import { segmentHours, type Segment } from '../../../core/reward/data-root.ts';
import type { Carry } from '../../../core/reward/reserve.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';

/** Of each cell, the hours of `segmentHours`. */
const SEGMENTS_OF = `
  SELECT h.cell, h.from_seq AS fromSeq, h.to_seq AS toSeq, h.segment_root AS root
  FROM json_each(?1) wanted JOIN region_hour h ON h.cell = wanted.value ->> 'cell'
  WHERE h.hour > wanted.value ->> 'after' AND h.hour <= wanted.value ->> 'through' AND h.segment_root IS NOT NULL`;

/** If these regions are the ones that take part. */
export async function readEpochSegments(
  db: D1Database,
  epoch: number,
  closedCells: readonly string[],
  carry: Pick<Carry, 'counted'>,
  rules: TimeRules,
): Promise<readonly Segment[]> {
  const wanted = closedCells.map((cell) => ({ cell, ...segmentHours(cell, epoch, carry, rules) }));
  const { results } = await db.prepare(SEGMENTS_OF).bind(JSON.stringify(wanted)).all<Segment>();
  return results;
}
