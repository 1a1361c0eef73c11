/** The closed days of one part, from D1. */
import { and, between, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId } from '../../core/ids.ts';
import type { StoredDay } from '../../core/query/rows.ts';
import { deviceDays } from '../../schema/d1/device-days.ts';

export async function readPartDays(
  db: D1Database,
  devices: readonly DeviceId[],
  fromEpoch: number,
  untilEpoch: number,
): Promise<readonly StoredDay[]> {
  const rows = await drizzle(db)
    .select({
      device: deviceDays.device,
      epoch: deviceDays.epoch,
      series: deviceDays.series,
      lateSeries: deviceDays.lateSeries,
    })
    .from(deviceDays)
    .where(
      and(
        // One bound parameter for any number of devices: D1 takes at most 100 a statement.
        sql`${deviceDays.device} IN (SELECT value FROM json_each(${JSON.stringify(devices)}))`,
        between(deviceDays.epoch, fromEpoch, untilEpoch - 1),
      ),
    )
    // A device that moved has two rows of that day; the later one speaks, each time the same.
    .orderBy(deviceDays.device, deviceDays.epoch, deviceDays.cell);
  return rows.map((row) => ({ ...row, device: row.device as DeviceId }));
}
