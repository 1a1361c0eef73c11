/** Counts over the whole network, for `GET /v1/statistics`. */
import { isNull, ne, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { anomalyEvents } from '../../../schema/d1/anomaly-events.ts';
import { devices } from '../../../schema/d1/devices.ts';
import { epochs } from '../../../schema/d1/epochs.ts';
import { regions } from '../../../schema/d1/regions.ts';
import { sales } from '../../../schema/d1/sales.ts';
import type { DeviceRow, EpochRow } from './public.ts';

export type Statistics = {
  readonly regions: number;
  readonly batches: number;
  readonly readings: number;
  readonly openFlags: number;
  readonly devices: Readonly<Record<DeviceRow['status'], number>>;
  /** Base units. A top-up is no sale: its credits are, as they are spent. */
  readonly sales: { readonly count: number; readonly usdc: string };
  /** Amounts are sums of more than 64 bits: added by whoever asks. */
  readonly epochs: readonly Pick<EpochRow, 'state' | 'total' | 'usdcTotal'>[];
};

export async function readStatistics(db: D1Database): Promise<Statistics> {
  const d1 = drizzle(db);
  const count = sql<number>`count(*)`;
  const [[totals], byStatus, [open], closed, [sold]] = await d1.batch([
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
    d1
      // As text: a sum in SQLite has 64 bits, a number that D1 gives back has 53.
      .select({ count, usdc: sql<string>`cast(coalesce(sum(cast(${sales.usdc} as integer)), 0) as text)` })
      .from(sales)
      .where(ne(sales.kind, 'top-up')),
  ]);
  const counted = { claimed: 0, active: 0, quarantined: 0, retired: 0 };
  for (const { status, count: devicesOf } of byStatus) counted[status] = devicesOf;
  return {
    ...(totals ?? { regions: 0, batches: 0, readings: 0 }),
    openFlags: open?.count ?? 0,
    devices: counted,
    sales: sold ?? { count: 0, usdc: '0' },
    epochs: closed,
  };
}
