/** `GET /v1/regions/{cell}/live`: counts and flags of a region as its hours close, over a WebSocket. */
import { Hono } from 'hono';
import { parseRegionCell } from '../../../core/ids.ts';
import { regionStub } from '../../../durable-objects/stub.ts';
import { isRegion } from '../../adapters/d1/observations.ts';
import type { AppEnv } from '../../context.ts';
import { problem } from '../../middleware/problem.ts';

export const liveRoutes = new Hono<AppEnv>().get('/v1/regions/:cell/live', async (c) => {
  const cell = parseRegionCell(c.req.param('cell'));
  if (!cell.ok) return problem(c, cell.error);
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') return problem(c, { reason: 'not-a-websocket' });
  // Strangers' cells wake no object.
  if (!(await isRegion(c.env.DB, cell.value)))
    return problem(c, { reason: 'no-such', kind: 'region', given: cell.value });
  const joined = await regionStub(c.env.REGION, cell.value).fetch(c.req.raw);
  if (joined.webSocket === null) return problem(c, { reason: 'live-full', isOwn: joined.status === 429 });
  return new Response(null, { status: 101, webSocket: joined.webSocket });
});
