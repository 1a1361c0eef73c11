/** The rows of a query: days that are closed from D1, everything younger, and all raw readings, from the region objects. */
import type { RegionCell } from '../../core/ids.ts';
import type { ObservationsRequest } from '../../core/query/observations.ts';
import { mergeRows, roundValue, rowsOfDay, type ObservationRow } from '../../core/query/rows.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochOf, epochOfHour, epochStartMs } from '../../core/time.ts';
import type { ObservationQuery } from '../../durable-objects/region/api.ts';
import { regionStub } from '../../durable-objects/stub.ts';
import type { EdgeBindings } from '../env.ts';
import { readDays, type SoldDevice } from './d1/observations.ts';

type Stores = Pick<EdgeBindings, 'DB' | 'REGION'>;

export async function collectRows(
  stores: Stores,
  devices: readonly SoldDevice[],
  request: ObservationsRequest,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  const byCell = Map.groupBy(devices, (device) => device.cell);
  const closedUntilMs = request.resolution === 'raw' ? 0 : closedUntil(devices, rules);
  const [closed, ...open] = await Promise.all([
    closedRows(stores.DB, devices, { ...request, untilMs: Math.min(request.untilMs, closedUntilMs) }, rules),
    ...[...byCell].map(([cell, members]) => openRows(stores, cell, members, request, rules)),
  ]);
  return mergeRows(closed ?? [], open.flat());
}

/** End of the newest day that any of these regions has closed. */
function closedUntil(devices: readonly SoldDevice[], rules: TimeRules): number {
  return Math.max(0, ...devices.map((device) => regionClosedUntil(device, rules)));
}

/** A region writes its device-days to D1 when it closes the last hour of an epoch; until then the object answers. */
function regionClosedUntil({ closedThrough }: SoldDevice, rules: TimeRules): number {
  return closedThrough === null ? 0 : epochStartMs(epochOfHour(closedThrough + 1, rules), rules);
}

async function closedRows(
  db: D1Database,
  devices: readonly SoldDevice[],
  request: ObservationsRequest,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  if (request.untilMs <= request.fromMs) return [];
  const names = devices.map((device) => device.device);
  const days = await readDays(db, names, epochOf(request.fromMs, rules), epochOf(request.untilMs - 1, rules) + 1);
  return days.flatMap((day) => rowsOfDay(day, request, rules));
}

async function openRows(
  { REGION }: Stores,
  cell: RegionCell,
  members: readonly SoldDevice[],
  request: ObservationsRequest,
  rules: TimeRules,
): Promise<readonly ObservationRow[]> {
  const [first] = members;
  const openFromMs = request.resolution === 'raw' || first === undefined ? 0 : regionClosedUntil(first, rules);
  const fromMs = Math.max(request.fromMs, openFromMs);
  if (fromMs >= request.untilMs) return [];
  const query: ObservationQuery = {
    devices: members.map((member) => member.device),
    quantities: request.quantities.map((quantity) => quantity.code),
    fromMs,
    untilMs: request.untilMs,
    resolution: request.resolution,
    // One more than allowed, so that too long an answer is told from one that just fits.
    limit: request.limit + 1,
  };
  const rows = await regionStub(REGION, cell).observations(query);
  return rows.map((row) => ({ ...row, value: rounded(row) }));
}

function rounded(row: Pick<ObservationRow, 'quantity' | 'value'>): number {
  const quantity = quantityByCode(row.quantity);
  return quantity === undefined ? row.value : roundValue(row.value, quantity);
}
