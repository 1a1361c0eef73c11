/** More devices and closed days in the database of the shop Worker. */
import { LOCAL_RULES } from '../../../core/rules/local.ts';
import { hashRuleSet } from '../../../core/rules/rule-set.ts';

type Database = {
  prepare(query: string): { bind(...values: unknown[]): { run(): Promise<unknown> } };
};

export type NewDevice = {
  readonly device: string;
  readonly name: string;
  readonly cell: string;
  readonly place: string;
  readonly latitudeE5: number;
  readonly longitudeE5: number;
  readonly closedThrough: number;
};

/** [readings, sum in steps, flag, tests bit mask] */
export type Hour = readonly [number, number, number, number] | null;
export type Series = { readonly quantity: number; readonly hours: readonly Hour[] };

/** 24 good hours of one reading each. */
export function hoursAlike(steps: number): readonly Hour[] {
  return Array.from({ length: 24 }, () => [1, steps, 1, 0] as const);
}

export async function addDevice(db: Database, added: NewDevice): Promise<void> {
  const { device, name, cell, place, latitudeE5, longitudeE5, closedThrough } = added;
  await db
    .prepare(
      `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash, slots)
       VALUES (?, 'Region', 'local', ?, '[]', 0, ?, 0, 0, '00', '[]') ON CONFLICT DO NOTHING`,
    )
    .bind(cell, hashRuleSet(LOCAL_RULES), closedThrough)
    .run();
  await db
    .prepare(
      `INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m, tier, density, claimed_ms)
       VALUES (?, 1, ?, 'active', '0x00000000000000000000000000000000000000aa', ?, ?, ?, ?, 0, 0, ?, 0)`,
    )
    .bind(device, cell, name, place, latitudeE5, longitudeE5, place)
    .run();
}

export async function addDay(db: Database, device: string, epoch: number, series: readonly Series[]): Promise<void> {
  await db
    .prepare(
      `INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
         weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
       SELECT device, ?, cell, owner, status, tier, density, claimed_ms, 9000, 9000, 9000, 1, '{}', ?, 0, '[]', latitude_e5, longitude_e5
       FROM device WHERE device = ?`,
    )
    .bind(epoch, JSON.stringify(series), device)
    .run();
}
