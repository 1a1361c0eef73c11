/** What an epoch is computed from, as the regions published it. */
import { segmentHours, type Segment } from '../../../core/reward/data-root.ts';
import type { Carry, LateEpoch } from '../../../core/reward/reserve.ts';
import type { DeviceDay } from '../../../core/reward/weight.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import type { RegionProgress } from '../../../core/reward/closable.ts';
import { markAlike } from './alike-days.ts';

export async function readRegionProgress(db: D1Database): Promise<readonly RegionProgress[]> {
  const { results } = await db
    .prepare(`SELECT cell, first_hour AS firstHour, closed_through AS closedThrough FROM region ORDER BY cell`)
    .all<RegionProgress>();
  return results;
}

const DAYS_OF = `
  SELECT device, cell, owner, status, tier, density, claimed_ms AS claimedMs, score_bps AS scoreBps,
    score30_bps AS score30Bps, eligible
  FROM device_day
  WHERE epoch = ?1 AND series <> '[]' AND cell IN (SELECT value FROM json_each(?2))`;
/** Of each cell, the hours of `segmentHours`. */
const SEGMENTS_OF = `
  SELECT h.cell, h.from_seq AS fromSeq, h.to_seq AS toSeq, h.segment_root AS root
  FROM json_each(?1) wanted JOIN region_hour h ON h.cell = wanted.value ->> 'cell'
  WHERE h.hour > wanted.value ->> 'after' AND h.hour <= wanted.value ->> 'through' AND h.segment_root IS NOT NULL`;

/**
 * A row without series came from late readings alone: it has no verdict, and leaving it out keeps the report the same
 * however often the day is revised.
 */
export async function readEpochDays(
  db: D1Database,
  epoch: number,
  closedCells: readonly string[],
  rules: TimeRules,
): Promise<readonly DeviceDay[]> {
  const days = await db.prepare(DAYS_OF).bind(epoch, JSON.stringify(closedCells)).all();
  return markAlike(db, daysOf(days), epoch, rules);
}

/** What the data root of an epoch holds, if these regions are the ones that take part. */
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

function daysOf({ results }: D1Result): DeviceDay[] {
  const found = results as (Omit<DeviceDay, 'eligible'> & { readonly eligible: 0 | 1 })[];
  return found.map((row) => ({ ...row, eligible: row.eligible === 1 }));
}

/** An epoch that some of the regions taking part now had not closed in time. */
export async function readLateEpoch(
  db: D1Database,
  epoch: number,
  lateCells: readonly string[],
  otherCells: readonly string[],
  rules: TimeRules,
): Promise<LateEpoch> {
  const days = await readEpochDays(db, epoch, lateCells, rules);
  const densities = JSON.stringify([...new Set(days.map(({ density }) => density))]);
  const others = await db
    .prepare(`${DAYS_OF} AND density IN (SELECT value FROM json_each(?3))`)
    .bind(epoch, JSON.stringify(otherCells), densities)
    .all();
  return { epoch, days, others: await markAlike(db, daysOf(others), epoch, rules) };
}
