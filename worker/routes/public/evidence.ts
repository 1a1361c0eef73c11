/**
 * `GET /v1/evidence`, `GET /v1/evidence/{cell}` and `GET /v1/evidence/{cell}/{file}`: the sealed log of a region, byte for byte, from the
 * close of its epoch on. Until then the readings in it are for sale.
 */
import { Hono } from 'hono';
import { parseRegionCell, type RegionCell } from '../../../core/ids.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { firstHourOf } from '../../../core/time.ts';
import type { EvidenceAnswer, EvidenceRegionsAnswer } from '../../../schema/api/public.ts';
import { isRegion } from '../../adapters/d1/observations.ts';
import { listRegionCells } from '../../adapters/d1/regions.ts';
import { readLastEpoch, readSegments, type SegmentRow } from '../../adapters/d1/public.ts';
import type { AppEnv } from '../../context.ts';
import { problem } from '../../middleware/problem.ts';
import { IMMUTABLE, perHour } from './cache.ts';

export const evidenceRoutes = new Hono<AppEnv>()
  .get('/v1/evidence', async (c) => {
    const answer: EvidenceRegionsAnswer = { regions: await listRegionCells(c.env.DB) };
    return c.json(answer, 200, { 'cache-control': perHour(c.var.config.rules.time.hourSeconds) });
  })
  .get('/v1/evidence/:cell', async (c) => {
    const rules = c.var.config.rules.time;
    const cell = parseRegionCell(c.req.param('cell'));
    if (!cell.ok) return problem(c, cell.error);
    const segments = await openSegments(c.env.DB, cell.value, rules);
    if (segments.length === 0 && !(await isRegion(c.env.DB, cell.value))) {
      return problem(c, { reason: 'no-such', kind: 'region', given: cell.value });
    }
    const answer: EvidenceAnswer = { segments };
    return c.json(answer, 200, { 'cache-control': perHour(rules.hourSeconds) });
  })
  .get('/v1/evidence/:cell/:file', async (c) => {
    const cell = parseRegionCell(c.req.param('cell'));
    if (!cell.ok) return problem(c, cell.error);
    const file = c.req.param('file');
    const open = await openSegments(c.env.DB, cell.value, c.var.config.rules.time);
    const segment = open.find(({ key }) => key.endsWith(`/${file}`));
    const object = segment === undefined ? null : await c.env.ARCHIVE.get(segment.key);
    if (object === null) return problem(c, { reason: 'no-such', kind: 'segment', given: `${cell.value}/${file}` });
    return c.body(object.body, 200, {
      'content-type': 'application/octet-stream',
      'cache-control': IMMUTABLE,
      etag: object.httpEtag,
    });
  });

async function openSegments(db: D1Database, cell: RegionCell, rules: TimeRules): Promise<readonly SegmentRow[]> {
  const epoch = await readLastEpoch(db);
  return epoch === null ? [] : readSegments(db, cell, firstHourOf(epoch + 1, rules) - 1);
}
