/** What the free routes read from D1. Rows as stored; worker/routes/public renders them. */
import { and, desc, eq, inArray, isNotNull, lt, lte, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { anomalyEvents } from '../../../schema/d1/anomaly-events.ts';
import { deviceDays } from '../../../schema/d1/device-days.ts';
import { devices } from '../../../schema/d1/devices.ts';
import { epochs, payouts } from '../../../schema/d1/epochs.ts';
import { regionHours } from '../../../schema/d1/region-hours.ts';
import { regions } from '../../../schema/d1/regions.ts';

export type RegionRow = Omit<typeof regions.$inferSelect, 'slots' | 'operator'> & { readonly devices: number };
export type DeviceRow = typeof devices.$inferSelect;
export type EventRow = typeof anomalyEvents.$inferSelect;
export type EpochRow = typeof epochs.$inferSelect;
export type PayoutRow = typeof payouts.$inferSelect;
export type DayRow = Pick<typeof deviceDays.$inferSelect, 'epoch' | 'scoreBps' | 'weeklyBps' | 'eligible' | 'parts'>;
export type HourRow = Pick<typeof regionHours.$inferSelect, 'hour' | 'cells'>;
export type SegmentRow = {
  readonly key: string;
  readonly root: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly hour: number;
};

export type Totals = {
  readonly regions: number;
  readonly devices: number;
  readonly batches: number;
  readonly readings: number;
};

const total = (text: string) => sql<number>`(SELECT ${sql.raw(text)})`;

export async function readTotals(db: D1Database): Promise<Totals> {
  const rows = await drizzle(db)
    .select({
      regions: sql<number>`count(*)`,
      devices: total("count(*) FROM device WHERE status IN ('claimed', 'active', 'quarantined')"),
      batches: sql<number>`coalesce(sum(${regions.batches}), 0)`,
      readings: sql<number>`coalesce(sum(${regions.readings}), 0)`,
    })
    .from(regions);
  return rows[0] ?? { regions: 0, devices: 0, batches: 0, readings: 0 };
}

const REGION_COLUMNS = {
  cell: regions.cell,
  name: regions.name,
  rules: regions.rules,
  ruleSetHash: regions.ruleSetHash,
  boundary: regions.boundary,
  firstHour: regions.firstHour,
  closedThrough: regions.closedThrough,
  batches: regions.batches,
  readings: regions.readings,
  stateHash: regions.stateHash,
  devices: sql<number>`(SELECT count(*) FROM device WHERE device.cell = region.cell AND device.status <> 'retired')`,
};

export async function readRegions(db: D1Database): Promise<readonly RegionRow[]> {
  return drizzle(db).select(REGION_COLUMNS).from(regions).orderBy(regions.name, regions.cell);
}

export type RegionDetail = {
  readonly region: RegionRow;
  /** Device by slot. */
  readonly slots: readonly string[];
  readonly devices: readonly DeviceRow[];
  /** Newest first, hours up to `throughHour`. */
  readonly hours: readonly HourRow[];
  readonly events: readonly EventRow[];
  /** Each device's last closed day. */
  readonly days: ReadonlyMap<string, DayRow>;
  /** Display name of its devices, and of those of other regions that its flags name. */
  readonly names: ReadonlyMap<string, string>;
};

/** Several hours, because a station that reports every other hour still has a latest value. */
const LATEST_HOURS = 3;
const NEWEST_EVENTS = 200;

export async function readRegion(db: D1Database, cell: string, throughHour: number): Promise<RegionDetail | null> {
  const d1 = drizzle(db);
  const members = d1.select({ device: devices.device }).from(devices).where(eq(devices.cell, cell));
  const [found, stations, hours, events, days] = await d1.batch([
    d1
      .select({ ...REGION_COLUMNS, slots: regions.slots })
      .from(regions)
      .where(eq(regions.cell, cell)),
    d1.select().from(devices).where(eq(devices.cell, cell)).orderBy(devices.displayName, devices.device),
    d1
      .select({ hour: regionHours.hour, cells: regionHours.cells })
      .from(regionHours)
      .where(and(eq(regionHours.cell, cell), lte(regionHours.hour, throughHour)))
      .orderBy(desc(regionHours.hour))
      .limit(LATEST_HOURS),
    d1
      .select()
      .from(anomalyEvents)
      .where(
        and(
          inArray(anomalyEvents.device, members),
          eq(anomalyEvents.cell, cell),
          lte(anomalyEvents.startHour, throughHour),
        ),
      )
      .orderBy(desc(anomalyEvents.startHour), anomalyEvents.device)
      .limit(NEWEST_EVENTS),
    d1
      .select({
        device: deviceDays.device,
        scoreBps: deviceDays.scoreBps,
        weeklyBps: deviceDays.weeklyBps,
        eligible: deviceDays.eligible,
        parts: deviceDays.parts,
        // SQLite takes the bare columns from the row that has the maximum.
        epoch: sql<number>`max(${deviceDays.epoch})`,
      })
      .from(deviceDays)
      // A row without series came from late readings alone: it has no score.
      .where(and(inArray(deviceDays.device, members), sql`${deviceDays.series} <> '[]'`))
      .groupBy(deviceDays.device),
  ]);
  const region = found[0];
  if (region === undefined) return null;
  const { slots, ...row } = region;
  const own = new Map(stations.map((station) => [station.device, station.displayName]));
  const beyond = events.flatMap(({ evidence: { against } }) => against.filter((device) => !own.has(device)));
  const names = new Map([...own, ...(await readNames(db, beyond))]);
  const lastDays = new Map(days.map((day) => [day.device, day]));
  return { region: row, slots, devices: stations, hours, events, days: lastDays, names };
}

/** The last closed day with a score. */
export async function readLastDay(db: D1Database, device: string): Promise<DayRow | null> {
  const { epoch, scoreBps, weeklyBps, eligible, parts } = deviceDays;
  const rows = await drizzle(db)
    .select({ epoch, scoreBps, weeklyBps, eligible, parts })
    .from(deviceDays)
    .where(and(eq(deviceDays.device, device), sql`${deviceDays.series} <> '[]'`))
    .orderBy(desc(epoch))
    .limit(1);
  return rows[0] ?? null;
}

/** Newest first, those before `before`. */
export async function readEpochs(db: D1Database, limit: number, before: number | null): Promise<readonly EpochRow[]> {
  const all = drizzle(db).select().from(epochs);
  const asked = before === null ? all : all.where(lt(epochs.epoch, before));
  return asked.orderBy(desc(epochs.epoch)).limit(limit);
}

export type EpochDetail = {
  readonly epoch: EpochRow;
  readonly payouts: readonly PayoutRow[];
  /** Display name by device. */
  readonly names: ReadonlyMap<string, string>;
};

export async function readEpoch(db: D1Database, epoch: number): Promise<EpochDetail | null> {
  const d1 = drizzle(db);
  const [found, paid] = await d1.batch([
    d1.select().from(epochs).where(eq(epochs.epoch, epoch)),
    d1.select().from(payouts).where(eq(payouts.epoch, epoch)).orderBy(payouts.owner),
  ]);
  const row = found[0];
  if (row === undefined) return null;
  const named = paid.flatMap((payout) => payout.shares.map(([device]) => device));
  return { epoch: row, payouts: paid, names: await readNames(db, named) };
}

export async function readEpochRow(db: D1Database, epoch: number): Promise<EpochRow | null> {
  const rows = await drizzle(db).select().from(epochs).where(eq(epochs.epoch, epoch));
  return rows[0] ?? null;
}

export async function readNames(db: D1Database, named: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (named.length === 0) return new Map();
  const rows = await drizzle(db)
    .select({ device: devices.device, name: devices.displayName })
    .from(devices)
    // D1 takes at most 100 bound parameters a statement; a JSON list is one.
    .where(sql`${devices.device} IN (SELECT value FROM json_each(${JSON.stringify(named)}))`);
  return new Map(rows.map((row) => [row.device, row.name]));
}

/** The last epoch that was computed: evidence up to its end is open data. */
export async function readLastEpoch(db: D1Database): Promise<number | null> {
  const rows = await drizzle(db)
    .select({ epoch: sql<number | null>`max(${epochs.epoch})` })
    .from(epochs);
  return rows[0]?.epoch ?? null;
}

export async function readSegments(db: D1Database, cell: string, throughHour: number): Promise<readonly SegmentRow[]> {
  const rows = await drizzle(db)
    .select({
      key: regionHours.segmentKey,
      root: regionHours.segmentRoot,
      fromSeq: regionHours.fromSeq,
      toSeq: regionHours.toSeq,
      hour: regionHours.hour,
    })
    .from(regionHours)
    .where(and(eq(regionHours.cell, cell), isNotNull(regionHours.segmentKey), lte(regionHours.hour, throughHour)))
    .orderBy(regionHours.hour);
  return rows.flatMap(({ key, root, fromSeq, toSeq, hour }) =>
    key === null || root === null || fromSeq === null || toSeq === null ? [] : [{ key, root, fromSeq, toSeq, hour }],
  );
}
