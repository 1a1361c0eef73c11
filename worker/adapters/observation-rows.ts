/** The rows of a page: days that are closed from D1, everything younger, and all raw readings, from the region objects. */
import { mergeRows, rowsOfDay, withVerdicts, type ObservationRow, type StoredDay } from '../../core/query/rows.ts';
import type { Slice } from '../../core/query/plan.ts';
import type { Quantity } from '../../core/reading/quantity.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochOf, epochOfHour, epochStartMs, hourStartMs } from '../../core/time.ts';
import type { ObservationQuery } from '../../durable-objects/region/api.ts';
import { regionStub } from '../../durable-objects/stub.ts';
import type { EdgeBindings } from '../env.ts';
import { readDays } from '../../durable-objects/stored-days.ts';
import type { SoldDevice } from './d1/observations.ts';

export type Stores = Pick<EdgeBindings, 'DB' | 'REGION'>;

export type Wanted = {
  readonly slices: readonly Slice<SoldDevice>[];
  readonly quantities: readonly Quantity[];
  /** Hours before each slice that are read with it. */
  readonly hoursBefore: number;
  readonly resolution: 'raw' | 'hour';
  /** Raw readings: half-open, within the hours of the slices. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Most rows that one region gives. */
  readonly limit: number;
  /** Closed days that have been read already; null: not yet. */
  readonly days: readonly StoredDay[] | null;
  /** When the devices were read. */
  readonly nowMs: number;
};

type Window = { readonly device: SoldDevice; readonly fromMs: number; readonly untilMs: number };

/** Sorted by device, start and quantity. */
export async function collectRows(
  stores: Stores,
  wanted: Wanted,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  const windows = wanted.slices.map((slice) => windowOf(slice, wanted, rules));
  const open = groupWindows(windows, rules).map((group) => openRows(stores, group, wanted, rules));
  if (wanted.resolution === 'raw') {
    const readings = mergeRows([], (await Promise.all(open)).flat());
    return withVerdicts(readings, await daysOver(stores.DB, windows, () => 0, wanted, rules), rules);
  }
  const [closed, ...found] = await Promise.all([closedRows(stores.DB, windows, wanted, rules), ...open]);
  const since = await closedSince(stores.DB, windows, wanted, rules);
  return mergeRows([...closed, ...since], found.flat());
}

/** What is known of these hours, half-open, wherever it lies. */
export function collectHours(
  stores: Stores,
  devices: readonly SoldDevice[],
  quantities: readonly Quantity[],
  { fromHour, untilHour }: { readonly fromHour: number; readonly untilHour: number },
  nowMs: number,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  return collectRows(
    stores,
    {
      slices: devices.map((device) => ({ device, fromHour, untilHour, isOpening: true })),
      quantities,
      hoursBefore: 0,
      resolution: 'hour',
      fromMs: hourStartMs(fromHour, rules),
      untilMs: hourStartMs(untilHour, rules),
      limit: Number.MAX_SAFE_INTEGER,
      days: null,
      nowMs,
    },
    rules,
  );
}

function windowOf({ device, fromHour, untilHour }: Slice<SoldDevice>, wanted: Wanted, rules: TimeRules): Window {
  const fromMs = hourStartMs(fromHour - wanted.hoursBefore, rules);
  const untilMs = hourStartMs(untilHour, rules);
  return wanted.resolution === 'hour'
    ? { device, fromMs, untilMs }
    : { device, fromMs: Math.max(fromMs, wanted.fromMs), untilMs: Math.min(untilMs, wanted.untilMs) };
}

type Holder = Pick<SoldDevice, 'cell' | 'closedThrough'>;

/** A region writes its device-days to D1 when it closes the last hour of an epoch; until then the object answers. */
function closedUntilOf({ closedThrough }: Holder, rules: TimeRules): number {
  return closedThrough === null ? 0 : epochStartMs(epochOfHour(closedThrough + 1, rules), rules);
}

/** Whose objects may hold hours of the device that are not in D1: of one that has moved, the region that it left, too. */
export function holdersOf({ former, ...device }: SoldDevice): readonly Holder[] {
  return former === null || former.cell === device.cell ? [device] : [device, former];
}

async function closedRows(
  db: D1Database,
  windows: readonly Window[],
  { quantities, days }: Wanted,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  // A device that has moved may have days in D1 that its present region has not closed.
  const closedUntilMs = Math.max(0, ...windows.map(({ device }) => closedUntilOf(device, rules)));
  const cut = windows.map((window) => ({ ...window, untilMs: Math.min(window.untilMs, closedUntilMs) }));
  const spans = cut
    .filter(({ fromMs, untilMs }) => fromMs < untilMs)
    .map(({ device, fromMs, untilMs }) => ({
      device: device.device,
      fromEpoch: epochOf(fromMs, rules),
      untilEpoch: epochOf(untilMs - 1, rules) + 1,
    }));
  if (spans.length === 0) return [];
  return rowsIn(days ?? (await readDays(db, spans)), cut, quantities, rules);
}

/**
 * Days that were over and not closed when the devices were read. One that has closed since is in no region any more, and was
 * not among those of the database: read last, it is in one of the two.
 */
async function closedSince(
  db: D1Database,
  windows: readonly Window[],
  wanted: Wanted,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  const days = await daysOver(db, windows, (device) => openFromOf(device, rules), wanted, rules);
  return rowsIn(days, windows, wanted.quantities, rules);
}

/** From here on some object may hold hours of the device. */
function openFromOf(device: SoldDevice, rules: TimeRules): number {
  return Math.min(...holdersOf(device).map((holder) => closedUntilOf(holder, rules)));
}

/** Days that were over when the devices were read, not before `sinceOf` a device. */
async function daysOver(
  db: D1Database,
  windows: readonly Window[],
  sinceOf: (device: SoldDevice) => number,
  { nowMs }: Wanted,
  rules: TimeRules,
): Promise<readonly StoredDay[]> {
  const spans = windows.flatMap(({ device, fromMs, untilMs }) => {
    const fromEpoch = epochOf(Math.max(fromMs, sinceOf(device)), rules);
    const untilEpoch = Math.min(epochOf(untilMs - 1, rules) + 1, epochOf(nowMs, rules));
    return fromEpoch < untilEpoch ? [{ device: device.device, fromEpoch, untilEpoch }] : [];
  });
  return spans.length === 0 ? [] : readDays(db, spans);
}

function rowsIn(
  days: readonly StoredDay[],
  windows: readonly Window[],
  quantities: readonly Quantity[],
  rules: TimeRules,
): readonly ObservationRow[] {
  const byDevice = new Map(windows.map((window) => [window.device.device, window]));
  return days
    .flatMap((day) => rowsOfDay(day, quantities, rules))
    .filter(({ device, startMs }) => {
      const window = byDevice.get(device);
      return window !== undefined && startMs >= window.fromMs && startMs < window.untilMs;
    });
}

type Asked = Window & { readonly holder: Holder };

/** Those that one call of one region answers: same region, same time. */
function groupWindows(windows: readonly Window[], rules: TimeRules): readonly (readonly Asked[])[] {
  const asked = windows.flatMap((window) => holdersOf(window.device).map((holder): Asked => ({ ...window, holder })));
  const groups = Map.groupBy(asked, ({ holder, fromMs, untilMs }) => {
    return `${holder.cell} ${closedUntilOf(holder, rules)} ${fromMs} ${untilMs}`;
  });
  return [...groups.values()];
}

async function openRows(
  { REGION }: Stores,
  group: readonly Asked[],
  { quantities, resolution, limit }: Wanted,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  const [first] = group;
  if (first === undefined) return [];
  const openFromMs = resolution === 'raw' ? 0 : closedUntilOf(first.holder, rules);
  const fromMs = Math.max(first.fromMs, openFromMs);
  if (fromMs >= first.untilMs) return [];
  const query: ObservationQuery = {
    devices: group.map(({ device }) => device.device),
    quantities: quantities.map((quantity) => quantity.code),
    fromMs,
    untilMs: first.untilMs,
    resolution,
    limit,
  };
  const found = await regionStub(REGION, first.holder.cell).observations(query);
  return found.map((row) => ({ ...row, site: null }));
}
