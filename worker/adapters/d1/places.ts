/** Devices in the order of region and id, with what their regions' newest public hours say of them. */
import { and, eq, inArray, sql, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { Area } from '../../../core/query/area.ts';
import { anomalyEvents } from '../../../schema/d1/anomaly-events.ts';
import { devices } from '../../../schema/d1/devices.ts';
import { regionHours, type StoredCell } from '../../../schema/d1/region-hours.ts';
import { regions } from '../../../schema/d1/regions.ts';
import { devicesIn } from './area.ts';
import type { DeviceRow, EventRow } from './public.ts';

export type PlaceQuery = {
  readonly area: Area | null;
  /** Null: whichever. */
  readonly devices: readonly string[] | null;
  readonly statuses: readonly DeviceRow['status'][];
};

export type Placed = {
  readonly row: DeviceRow;
  /** Of the last closed epoch; null before it. */
  readonly scoreBps: number | null;
  readonly scoreEpoch: number | null;
  /** By quantity index: its newest cell. */
  readonly latest: ReadonlyMap<number, LatestCell>;
};
export type LatestCell = { readonly hour: number; readonly cell: StoredCell };

/** Several hours, because a station that reports every other hour still has a latest value. */
const LATEST_HOURS = 3;
const NEWEST_EVENTS = 50;

/** Of the last day with a score. The key is (device, epoch, cell): one row is read. */
const lastDay = (column: 'score_bps' | 'epoch') =>
  sql<
    number | null
  >`(SELECT ${sql.raw(column)} FROM device_day WHERE device_day.device = device.device AND series <> '[]'
    ORDER BY device_day.epoch DESC LIMIT 1)`;

/** `from`: the first that may come, itself included. */
export async function readPlaced(
  db: D1Database,
  query: PlaceQuery,
  from: readonly [cell: string, device: string] | null,
  limit: number,
  throughHour: number,
): Promise<readonly Placed[]> {
  const conditions: SQL[] = [inArray(devices.status, [...query.statuses])];
  if (query.area !== null) conditions.push(devicesIn(query.area));
  if (query.devices !== null) conditions.push(isOneOf(query.devices));
  if (from !== null) conditions.push(sql`(${devices.cell}, ${devices.device}) >= (${from[0]}, ${from[1]})`);
  const rows = await drizzle(db)
    .select({ row: devices, scoreBps: lastDay('score_bps'), scoreEpoch: lastDay('epoch') })
    .from(devices)
    .where(and(...conditions))
    .orderBy(devices.cell, devices.device)
    .limit(limit);
  const latest = await readLatest(db, [...new Set(rows.map(({ row }) => row.cell))], throughHour);
  return rows.map((found) => ({ ...found, latest: latest.get(found.row.device) ?? new Map() }));
}

/** The device and its newest flags, whatever its status. */
export async function readPlacedDevice(
  db: D1Database,
  device: string,
  throughHour: number,
): Promise<(Placed & { readonly events: readonly EventRow[]; readonly openFlags: number }) | null> {
  const query: PlaceQuery = {
    area: null,
    devices: [device],
    statuses: ['claimed', 'active', 'quarantined', 'retired'],
  };
  const known = and(eq(anomalyEvents.device, device), sql`${anomalyEvents.startHour} <= ${throughHour}`);
  const [[placed], events, [open]] = await Promise.all([
    readPlaced(db, query, null, 1, throughHour),
    drizzle(db)
      .select()
      .from(anomalyEvents)
      .where(known)
      .orderBy(sql`${anomalyEvents.startHour} DESC`, anomalyEvents.quantity, anomalyEvents.test)
      .limit(NEWEST_EVENTS),
    drizzle(db)
      .select({ count: sql<number>`count(*)` })
      .from(anomalyEvents)
      .where(and(known, sql`${anomalyEvents.endHour} IS NULL`)),
  ]);
  return placed === undefined ? null : { ...placed, events, openFlags: open?.count ?? 0 };
}

/** The newest cell of each device and quantity. */
async function readLatest(
  db: D1Database,
  cells: readonly string[],
  throughHour: number,
): Promise<ReadonlyMap<string, ReadonlyMap<number, LatestCell>>> {
  const byDevice = new Map<string, Map<number, LatestCell>>();
  if (cells.length === 0) return byDevice;
  const list = sql`(SELECT value FROM json_each(${JSON.stringify(cells)}))`;
  const d1 = drizzle(db);
  const [hours, known] = await d1.batch([
    d1
      .select({ cell: regionHours.cell, hour: regionHours.hour, cells: regionHours.cells })
      .from(regionHours)
      .where(
        and(
          sql`${regionHours.cell} IN ${list}`,
          sql`${regionHours.hour} IN (SELECT newest.hour FROM region_hour AS newest
            WHERE newest.cell = region_hour.cell AND newest.hour <= ${throughHour} ORDER BY newest.hour DESC LIMIT ${LATEST_HOURS})`,
        ),
      )
      .orderBy(sql`${regionHours.hour} DESC`),
    d1
      .select({ cell: regions.cell, slots: regions.slots })
      .from(regions)
      .where(sql`${regions.cell} IN ${list}`),
  ]);
  const slots = new Map(known.map((region) => [region.cell, region.slots]));
  for (const { cell, hour, cells: stored } of hours) {
    for (const one of stored) {
      const [slot, quantity, count] = one;
      const device = slots.get(cell)?.[slot];
      if (device === undefined || count === 0) continue;
      const own = byDevice.get(device) ?? new Map<number, LatestCell>();
      byDevice.set(device, own);
      // Newest hour first.
      if (!own.has(quantity)) own.set(quantity, { hour, cell: one });
    }
  }
  return byDevice;
}

/** D1 takes at most 100 bound parameters a statement; a JSON list is one. */
function isOneOf(ids: readonly string[]): SQL {
  return sql`${devices.device} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
}
