/** Counts over the whole network, for `GET /v1/statistics`. */
import { isNull, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { anomalyEvents } from '../../../schema/d1/anomaly-events.ts';
import { devices } from '../../../schema/d1/devices.ts';
import { epochs } from '../../../schema/d1/epochs.ts';
import { regions } from '../../../schema/d1/regions.ts';
import type { DeviceRow, EpochRow } from './public.ts';

export type Statistics = {
  readonly regions: number;
  readonly batches: number;
  readonly readings: number;
  readonly openFlags: number;
  readonly devices: Readonly<Record<DeviceRow['status'], number>>;
  /** Amounts are sums of more than 64 bits: added by whoever asks. */
  readonly epochs: readonly Pick<EpochRow, 'state' | 'total' | 'usdcTotal'>[];
};

export async function readStatistics(db: D1Database): Promise<Statistics> {
  const d1 = drizzle(db);
  const count = sql<number>`count(*)`;
  const [[totals], byStatus, [open], closed] = await d1.batch([
    d1
      .select({
        regions: count,
        batches: sql<number>`coalesce(sum(${regions.batches}), 0)`,
        readings: sql<number>`coalesce(sum(${regions.readings}), 0)`,
      })
      .from(regions),
    d1.select({ status: devices.status, count }).from(devices).groupBy(devices.status),
    d1.select({ count }).from(anomalyEvents).where(isNull(anomalyEvents.endHour)),
    d1.select({ state: epochs.state, total: epochs.total, usdcTotal: epochs.usdcTotal }).from(epochs),
  ]);
  const counted = { claimed: 0, active: 0, quarantined: 0, retired: 0 };
  for (const { status, count: devicesOf } of byStatus) counted[status] = devicesOf;
  return {
    ...(totals ?? { regions: 0, batches: 0, readings: 0 }),
    openFlags: open?.count ?? 0,
    devices: counted,
    epochs: closed,
  };
}
