/** What the paid query reads from D1: who is for sale, how far their region is closed, and the closed days. */
import { and, between, eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId, RegionCell } from '../../../core/ids.ts';
import type { ObservationsScope } from '../../../core/query/observations.ts';
import { deviceDays } from '../../../schema/d1/device-days.ts';
import { devices } from '../../../schema/d1/devices.ts';
import { regions } from '../../../schema/d1/regions.ts';

export type SoldDevice = {
  readonly device: DeviceId;
  readonly cell: RegionCell;
  readonly status: 'claimed' | 'active' | 'quarantined' | 'retired';
  /** Address, lower case. */
  readonly owner: string;
  /** Last hour of its region with final verdicts in D1, null before the first. */
  readonly closedThrough: number | null;
};

export type StoredDeviceDay = Pick<typeof deviceDays.$inferSelect, 'epoch' | 'series' | 'lateSeries'> & {
  readonly device: DeviceId;
};

export async function readDevices(db: D1Database, scope: ObservationsScope): Promise<readonly SoldDevice[]> {
  const where = scope.kind === 'cell' ? eq(devices.cell, scope.cell) : oneOf(devices.device, scope.devices);
  const rows = await drizzle(db)
    .select({
      device: devices.device,
      cell: devices.cell,
      status: devices.status,
      owner: devices.owner,
      closedThrough: regions.closedThrough,
    })
    .from(devices)
    .leftJoin(regions, eq(regions.cell, devices.cell))
    .where(where)
    .orderBy(devices.device);
  // D1 holds only what the parsers of core/ids.ts let in.
  return rows.map((row) => ({ ...row, device: row.device as DeviceId, cell: row.cell as RegionCell }));
}

export async function isRegion(db: D1Database, cell: RegionCell): Promise<boolean> {
  const rows = await drizzle(db).select({ cell: regions.cell }).from(regions).where(eq(regions.cell, cell));
  return rows.length > 0;
}

export async function readDays(
  db: D1Database,
  wanted: readonly DeviceId[],
  fromEpoch: number,
  untilEpoch: number,
): Promise<readonly StoredDeviceDay[]> {
  const rows = await drizzle(db)
    .select({
      device: deviceDays.device,
      epoch: deviceDays.epoch,
      series: deviceDays.series,
      lateSeries: deviceDays.lateSeries,
    })
    .from(deviceDays)
    .where(and(oneOf(deviceDays.device, wanted), between(deviceDays.epoch, fromEpoch, untilEpoch - 1)));
  return rows.map((row) => ({ ...row, device: row.device as DeviceId }));
}

/** D1 takes at most 100 bound parameters a statement; a JSON list is one. */
function oneOf(column: typeof devices.device | typeof deviceDays.device, values: readonly string[]) {
  return sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
}
