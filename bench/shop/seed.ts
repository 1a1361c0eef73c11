/** A region with 30 closed days of every device, in the database of the edge Worker. */
import type { RegionCell } from '../../core/ids.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { firstHourOf } from '../../core/time.ts';
import type { Database } from '../../scripts/lib/migrate.ts';
import { memberOf } from '../../test/support/region-log.ts';

export const DAYS = 30;

/** Two quantities, 24 good hours of a reading a minute. */
const SERIES = JSON.stringify(
  [1, 3].map((quantity) => ({
    quantity,
    hours: Array.from({ length: 24 }, (_, hour) => [60, 60 * (1200 + 37 * hour), 1, 0]),
  })),
);

export async function seedRegion(db: Database, cell: RegionCell, devices: number, firstEpoch: number): Promise<void> {
  const { time } = MAIN_RULES;
  const members = Array.from({ length: devices }, (_, slot) => memberOf(slot)).map((member) => [
    member.device,
    member.owner,
    member.displayName,
    member.latitudeE5,
    member.longitudeE5,
  ]);
  await db.batch([
    db
      .prepare(
        `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash)
         VALUES (?, 'Bench', 'main', '', '[]', ?, ?, 0, 0, '')`,
      )
      .bind(cell, firstHourOf(firstEpoch, time), firstHourOf(firstEpoch + DAYS, time) - 1),
    db
      .prepare(
        `INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m, tier, density, claimed_ms)
         SELECT value ->> 0, 1, ?, 'active', value ->> 1, value ->> 2, '87390ca00ffffff', value ->> 3, value ->> 4, 650, 1, '87390ca00ffffff', 0
         FROM json_each(?)`,
      )
      .bind(cell, JSON.stringify(members)),
    db
      .prepare(
        `WITH RECURSIVE day(epoch) AS (SELECT ?1 UNION ALL SELECT epoch + 1 FROM day WHERE epoch < ?1 + ?2 - 1)
         INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
           weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
         SELECT device, epoch, cell, owner, status, tier, density, claimed_ms, 9000, 9000, 9000, 1, '{}', ?3, 0, '[]', latitude_e5, longitude_e5
         FROM day, device WHERE cell = ?4`,
      )
      .bind(firstEpoch, DAYS, SERIES, cell),
  ]);
}
