/** `GET /v1/regions` and `GET /v1/regions/{cell}`: the map, the stations with their latest hour, and what was flagged. */
import { Hono } from 'hono';
import { parseRegionCell } from '../../../core/ids.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hourStartMs, rfc3339 } from '../../../core/time.ts';
import type { RegionAnswer, RegionItem, RegionsAnswer } from '../../../schema/api/public.ts';
import { nowMs } from '../../adapters/clock.ts';
import { readRegion, readRegions, type RegionRow } from '../../adapters/d1/public.ts';
import type { AppEnv } from '../../context.ts';
import { problem } from '../../middleware/problem.ts';
import { perHour, tagged } from './cache.ts';
import { lastPublicHour } from './place-items.ts';
import { toFlag, toStations } from './stations.ts';

export const regionRoutes = new Hono<AppEnv>()
  .get('/v1/regions', tagged, async (c) => {
    const rules = c.var.config.rules.time;
    const rows = await readRegions(c.env.DB);
    const answer: RegionsAnswer = { regions: rows.map((row) => toRegionItem(row, rules)) };
    return c.json(answer, 200, { 'cache-control': perHour(rules.hourSeconds) });
  })
  .get('/v1/regions/:cell', tagged, async (c) => {
    const rules = c.var.config.rules.time;
    const cell = parseRegionCell(c.req.param('cell'));
    if (!cell.ok) return problem(c, cell.error);
    const detail = await readRegion(c.env.DB, cell.value, lastPublicHour(nowMs(), rules));
    if (detail === null) return problem(c, { reason: 'no-such', kind: 'region', given: cell.value });
    const answer: RegionAnswer = {
      ...toRegionItem(detail.region, rules),
      stations: toStations(detail, rules),
      flags: detail.events.flatMap((event) => toFlag(event, detail.names, rules)),
    };
    return c.json(answer, 200, { 'cache-control': perHour(rules.hourSeconds) });
  });

export function toRegionItem(row: RegionRow, rules: TimeRules): RegionItem {
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
