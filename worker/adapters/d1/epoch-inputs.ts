/** What an epoch is computed from, as the regions published it. */
import type { LateEpoch } from '../../../core/reward/reserve.ts';
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
  SELECT device, origin, cell, owner, status, tier, density, claimed_ms AS claimedMs, score_bps AS scoreBps,
    score30_bps AS score30Bps, eligible
  FROM device_day
  WHERE epoch = ?1 AND series <> '[]' AND cell IN (SELECT value FROM json_each(?2))`;
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
