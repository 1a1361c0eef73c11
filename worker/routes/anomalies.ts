/** `GET /v1/anomalies`: what the network flagged, with the evidence. Paid; `dry-run=true` tells price and size. */
import { Hono } from 'hono';
import { canonicalAnomalies, parseAnomaliesRequest } from '../../core/query/anomalies.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import { servePaid } from '../middleware/paid-query.ts';
import { problemResponse } from '../middleware/problem.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { ANOMALIES_PATH, findAnomalies } from '../queries/anomalies.ts';

export const anomaliesRoutes = new Hono<AppEnv>().get(ANOMALIES_PATH, rateLimit, async (c) => {
  const parameters = new URL(c.req.url).searchParams;
  const parsed = parseAnomaliesRequest(parameters, c.req.header('accept'), nowMs(), c.var.config.rules.time);
  if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
  const request = parsed.value;
  const query = { path: ANOMALIES_PATH, canonical: canonicalAnomalies(request), ...request };
  return servePaid(c, query, (shop, origin) => findAnomalies(shop, request, origin));
});
