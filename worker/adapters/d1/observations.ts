/** What the paid queries read from D1: who is for sale and what it measures, and the closed days. */
import { eq, sql, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId, RegionCell } from '../../../core/ids.ts';
import type { DeviceFacts } from '../../../core/query/columns.ts';
import type { StoredDay } from '../../../core/query/rows.ts';
import { MAX_AREA_DEVICES, type Scope } from '../../../core/query/scope.ts';
import { DAY_COLUMNS, toStoredDay, type DayRow } from '../../../durable-objects/stored-days.ts';
import { devices } from '../../../schema/d1/devices.ts';
import { regions } from '../../../schema/d1/regions.ts';
import { devicesIn } from './area.ts';

export type SoldDevice = DeviceFacts & {
  readonly cell: RegionCell;
  readonly status: 'claimed' | 'active' | 'quarantined' | 'retired';
  /** Address, lower case. */
  readonly owner: string;
  /** Last hour of its region with final verdicts in D1, null before the first. */
  readonly closedThrough: number | null;
  /** The region that it came from, which holds what was measured there until it closes that day; null: none. */
  readonly former: { readonly cell: RegionCell; readonly closedThrough: number | null } | null;
  /** Catalogue numbers of what it measured on its first and last closed day of the time asked for; null: no such day. */
  readonly measured: readonly number[] | null;
};

/** [fromEpoch, untilEpoch) */
export type EpochSpan = { readonly fromEpoch: number; readonly untilEpoch: number };
export type Selection = { readonly devices: readonly SoldDevice[]; readonly days: readonly StoredDay[] | null };

type Row = {
  readonly device: string;
  readonly name: string;
  readonly cell: string;
  readonly status: SoldDevice['status'];
  readonly owner: string;
  readonly latitudeE5: number;
  readonly longitudeE5: number;
  readonly closedThrough: number | null;
  readonly cameFrom: string | null;
  readonly formerClosedThrough: number | null;
  readonly measured: string;
} & (Omit<DayRow, 'device'> | { readonly [name in keyof Omit<DayRow, 'device'>]: null });

const FACTS = sql`${devices.device} AS device, ${devices.displayName} AS name, ${devices.cell} AS cell,
  ${devices.status} AS status, ${devices.owner} AS owner, ${devices.latitudeE5} AS latitudeE5, ${devices.longitudeE5} AS longitudeE5,
  ${regions.closedThrough} AS closedThrough, ${devices.cameFrom} AS cameFrom, former.closed_through AS formerClosedThrough`;

/**
 * The devices of a scope, sorted, one more than an area may hold at most. `withDays`: their closed days come along in the same
 * statement, for a query that is paid for and known to be small.
 */
export async function readSelection(
  db: D1Database,
  scope: Scope,
  span: EpochSpan,
  withDays: boolean,
): Promise<Selection> {
  const chosen = sql`SELECT ${FACTS}, ${quantitiesOf(span)} AS measured
    FROM ${devices} LEFT JOIN ${regions} ON ${regions.cell} = ${devices.cell}
      LEFT JOIN ${regions} former ON former.cell = ${devices.cameFrom}
    WHERE ${conditionOf(scope)} ORDER BY ${devices.device} LIMIT ${MAX_AREA_DEVICES + 1}`;
  const rows = await drizzle(db).all<Row>(
    withDays
      ? // Materialized: what a device measures is looked up once, not once a day.
        sql`WITH chosen AS MATERIALIZED (${chosen})
          SELECT chosen.*, ${DAY_COLUMNS}
          FROM chosen LEFT JOIN device_day day
            ON day.device = chosen.device AND day.epoch BETWEEN ${span.fromEpoch} AND ${span.untilEpoch - 1}
          ORDER BY chosen.device, day.epoch, day.cell`
      : chosen,
  );
  const byDevice = new Map(rows.map((row) => [row.device, row]));
  return { devices: [...byDevice.values()].map(toDevice), days: withDays ? rows.flatMap(toDay) : null };
}

function conditionOf(scope: Scope): SQL {
  return scope.kind === 'area' ? devicesIn(scope.area) : sql`${devices.device} IN (${listed(scope.devices)})`;
}

/** D1 takes at most 100 bound parameters a statement; a JSON list is one. */
function listed(values: readonly string[]): SQL {
  return sql`SELECT value FROM json_each(${JSON.stringify(values)})`;
}

/** Two look-ups in the primary key, so that the price of a region need not read its days. */
function quantitiesOf({ fromEpoch, untilEpoch }: EpochSpan): SQL {
  const day = sql`SELECT series FROM device_day WHERE device = ${devices.device} AND series <> '[]'`;
  return sql`(SELECT json_group_array(DISTINCT json_extract(measured.value, '$.quantity')) FROM (
      SELECT series FROM (${day} AND epoch < ${untilEpoch} ORDER BY epoch DESC LIMIT 1)
      UNION ALL SELECT series FROM (${day} AND epoch >= ${fromEpoch} ORDER BY epoch LIMIT 1)
    ) known, json_each(known.series) measured)`;
}

function toDevice(row: Row): SoldDevice {
  const measured = JSON.parse(row.measured) as readonly number[];
  return {
    // D1 holds only what the parsers of core/ids.ts let in.
    device: row.device as DeviceId,
    cell: row.cell as RegionCell,
    name: row.name,
    status: row.status,
    owner: row.owner,
    latitude: row.latitudeE5 / 1e5,
    longitude: row.longitudeE5 / 1e5,
    closedThrough: row.closedThrough,
    former: row.cameFrom === null ? null : { cell: row.cameFrom as RegionCell, closedThrough: row.formerClosedThrough },
    measured: measured.length === 0 ? null : measured,
  };
}

const toDay = (row: Row): readonly StoredDay[] => (row.epoch === null ? [] : [toStoredDay(row)]);

export async function isRegion(db: D1Database, cell: RegionCell): Promise<boolean> {
  const rows = await drizzle(db).select({ cell: regions.cell }).from(regions).where(eq(regions.cell, cell));
  return rows.length > 0;
}
