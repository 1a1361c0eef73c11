/** Closed days as regions have written them to D1: of queries, proofs and exports. */
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId } from '../core/ids.ts';
import type { Site, StoredDay } from '../core/query/rows.ts';

/** Epochs [fromEpoch, untilEpoch) of a device. */
export type DeviceSpan = { readonly device: DeviceId; readonly fromEpoch: number; readonly untilEpoch: number };

export type DayRow = {
  readonly device: string;
  readonly epoch: number;
  readonly dayCell: string;
  readonly dayLatitudeE5: number;
  readonly dayLongitudeE5: number;
  readonly series: string;
  readonly lateSeries: string;
};

/** Of `device_day day`, beside the device. */
export const DAY_COLUMNS = sql.raw(`day.epoch, day.cell AS dayCell, day.latitude_e5 AS dayLatitudeE5,
  day.longitude_e5 AS dayLongitudeE5, day.series, day.late_series AS lateSeries`);

/** 1e-5 degrees. */
export function siteOf(cell: string, latitudeE5: number, longitudeE5: number): Site {
  return { cell, latitude: latitudeE5 / 1e5, longitude: longitudeE5 / 1e5 };
}

export function toStoredDay(row: DayRow): StoredDay {
  return {
    // D1 holds only what the parsers of core/ids.ts let in.
    device: row.device as DeviceId,
    epoch: row.epoch,
    site: siteOf(row.dayCell, row.dayLatitudeE5, row.dayLongitudeE5),
    series: JSON.parse(row.series) as StoredDay['series'],
    lateSeries: JSON.parse(row.lateSeries) as StoredDay['lateSeries'],
  };
}

export async function readDays(db: D1Database, wanted: readonly DeviceSpan[]): Promise<readonly StoredDay[]> {
  // One bound parameter for any number of devices: D1 takes at most 100 a statement.
  const spans = JSON.stringify(wanted.map(({ device, fromEpoch, untilEpoch }) => [device, fromEpoch, untilEpoch]));
  const rows = await drizzle(db).all<DayRow>(
    // In the order of the primary key without sorting, which would count each row twice. A device that moved has two rows of
    // that day; the later one speaks, each time the same.
    sql`SELECT day.device, ${DAY_COLUMNS} FROM json_each(${spans}) span JOIN device_day day
        ON day.device = span.value ->> 0 AND day.epoch >= span.value ->> 1 AND day.epoch < span.value ->> 2`,
  );
  return rows.map(toStoredDay);
}
