/** `GET /v1/regions` and `GET /v1/regions/{cell}`: the map, the stations with their latest hour, and what was flagged. */
import { Hono } from 'hono';
import { parseRegionCell } from '../../../core/ids.ts';
import { explain } from '../../../core/qc/explain.ts';
import { testCodes } from '../../../core/qc/tests.ts';
import { meanOf } from '../../../core/query/rows.ts';
import { quantityByCode, quantityByIndex } from '../../../core/reading/quantity.ts';
import { FAIL } from '../../../core/reading/reading.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../../../core/time.ts';
import type {
  FlagItem,
  LatestValue,
  RegionAnswer,
  RegionItem,
  RegionsAnswer,
  Station,
  StationDay,
} from '../../../schema/api/public.ts';
import { nowMs } from '../../adapters/clock.ts';
import {
  readRegion,
  readRegions,
  type DayRow,
  type EventRow,
  type RegionDetail,
  type RegionRow,
} from '../../adapters/d1/public.ts';
import type { AppEnv } from '../../context.ts';
import { problem } from '../../middleware/problem.ts';
import { perHour } from './cache.ts';

export const regionRoutes = new Hono<AppEnv>()
  .get('/v1/regions', async (c) => {
    const rules = c.var.config.rules.time;
    const rows = await readRegions(c.env.DB);
    const answer: RegionsAnswer = { regions: rows.map((row) => toItem(row, rules)) };
    return c.json(answer, 200, { 'cache-control': perHour(rules.hourSeconds) });
  })
  .get('/v1/regions/:cell', async (c) => {
    const rules = c.var.config.rules.time;
    const cell = parseRegionCell(c.req.param('cell'));
    if (!cell.ok) return problem(c, cell.error);
    const detail = await readRegion(c.env.DB, cell.value, lastPublicHour(nowMs(), rules));
    if (detail === null) return problem(c, { reason: 'no-such', kind: 'region', given: cell.value });
    const answer: RegionAnswer = {
      ...toItem(detail.region, rules),
      stations: toStations(detail, rules),
      flags: detail.events.flatMap((event) => toFlag(event, detail.names, rules)),
    };
    return c.json(answer, 200, { 'cache-control': perHour(rules.hourSeconds) });
  });

/** The newest hour whose every reading is at least the publication delay old. */
function lastPublicHour(now: number, rules: TimeRules): number {
  return hourOf(now - rules.publicationDelaySeconds * 1000, rules) - 1;
}

function toItem(row: RegionRow, rules: TimeRules): RegionItem {
  return {
    cell: row.cell,
    name: row.name,
    boundary: row.boundary.map(([longitude, latitude]) => [longitude / 1e5, latitude / 1e5] as const),
    devices: row.devices,
    batches: row.batches,
    readings: row.readings,
    closedUntil: row.closedThrough === null ? null : rfc3339(hourStartMs(row.closedThrough + 1, rules)),
  };
}

function toStations(detail: RegionDetail, rules: TimeRules): Station[] {
  const latest = latestValues(detail, rules);
  return detail.devices.map((row) => ({
    device: row.device,
    name: row.displayName,
    status: row.status,
    owner: row.owner,
    tier: row.tier,
    latitude: row.latitudeE5 / 1e5,
    longitude: row.longitudeE5 / 1e5,
    elevationM: row.elevationM,
    scoreBps: detail.days.get(row.device)?.scoreBps ?? null,
    day: toDay(detail.days.get(row.device)),
    latest: latest.get(row.device) ?? [],
  }));
}

function toDay(row: DayRow | undefined): StationDay | null {
  if (row === undefined) return null;
  const { epoch, scoreBps, weeklyBps, eligible, parts } = row;
  const { availabilityBps, integrityBps, reliabilityBps, costs } = parts;
  return {
    epoch,
    scoreBps,
    availabilityBps,
    integrityBps,
    reliabilityBps,
    costs: costs.map(([cause, bps]) => ({ cause, bps })),
    weeklyBps,
    eligible,
  };
}

function latestValues({ hours, slots }: RegionDetail, rules: TimeRules): ReadonlyMap<string, readonly LatestValue[]> {
  const byDevice = new Map<string, LatestValue[]>();
  // Newest hour first: the first value seen of a quantity is the latest.
  for (const { hour, cells } of hours) {
    for (const [slot, index, count, sum, , , flag, tests] of cells) {
      const device = slots[slot];
      const quantity = quantityByIndex(index);
      if (device === undefined || quantity === undefined || count === 0) continue;
      const values = byDevice.get(device) ?? [];
      byDevice.set(device, values);
      if (values.some((value) => value.quantity === quantity.code)) continue;
      values.push({
        quantity: quantity.code,
        value: meanOf(sum, count, quantity),
        unit: quantity.unit,
        hour: rfc3339(hourStartMs(hour, rules)),
        flag: flag as LatestValue['flag'],
        tests: testCodes(tests),
      });
    }
  }
  return byDevice;
}

function toFlag(event: EventRow, names: ReadonlyMap<string, string>, rules: TimeRules): FlagItem[] {
  const quantity = quantityByCode(event.quantity);
  if (quantity === undefined) return [];
  const { against, ...facts } = event.evidence;
  const compared = against.map((other) => ({ device: other, name: names.get(other) ?? other }));
  const [nearest] = compared;
  return [
    {
      device: event.device,
      name: names.get(event.device) ?? event.device,
      quantity: event.quantity,
      test: event.test,
      flag: event.flag === FAIL ? 4 : 3,
      start: rfc3339(hourStartMs(event.startHour, rules)),
      end: event.endHour === null ? null : rfc3339(hourStartMs(event.endHour, rules)),
      severity: event.severity,
      against: compared,
      ...explain(event.test, { ...facts, ...(nearest === undefined ? {} : { against: nearest.name }) }, quantity),
    },
  ];
}
