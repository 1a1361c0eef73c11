/** `GET /v1/recalls`: data that was found false after it had been published, newest first. */
import { Hono } from 'hono';
import { parseDeviceId } from '../../../core/ids.ts';
import { rfc3339 } from '../../../core/time.ts';
import { quantityByIndex } from '../../../core/reading/quantity.ts';
import type { RecallItem, RecallsAnswer } from '../../../schema/api/webhooks.ts';
import { listRecalls, type RecallRow } from '../../adapters/d1/recalls.ts';
import type { AppEnv } from '../../context.ts';
import { problem } from '../../middleware/problem.ts';

const LISTED = 500;

export const recallsRoutes = new Hono<AppEnv>().get('/v1/recalls', async (c) => {
  const given = c.req.query('device');
  const device = given === undefined ? null : parseDeviceId(given);
  if (device !== null && !device.ok) return problem(c, device.error);
  const rows = await listRecalls(c.env.DB, device?.value ?? null, LISTED);
  const answer: RecallsAnswer = { recalls: rows.map(toRecallItem) };
  return c.json(answer, 200, { 'cache-control': 'public, max-age=60' });
});

export function toRecallItem({ id, device, quantities, fromMs, untilMs, reason, createdMs }: RecallRow): RecallItem {
  return {
    id,
    device,
    quantities: quantities?.map((index) => quantityByIndex(index)?.code ?? '') ?? null,
    from: rfc3339(fromMs),
    until: rfc3339(untilMs),
    reason,
    created: rfc3339(createdMs),
  };
}
