/** `GET /v1/observations`: the paid query. Prices it, and answers it once it is paid; `dry-run=true` tells price and size. */
import { Hono } from 'hono';
import { canonicalQuery, parseObservationsRequest } from '../../core/query/observations.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import { servePaid } from '../middleware/paid-query.ts';
import { problemResponse } from '../middleware/problem.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { findObservations, OBSERVATIONS_PATH } from '../queries/observations.ts';

export const observationsRoutes = new Hono<AppEnv>().get(OBSERVATIONS_PATH, rateLimit, async (c) => {
  const parameters = new URL(c.req.url).searchParams;
  const parsed = parseObservationsRequest(parameters, c.req.header('accept'), nowMs(), c.var.config.rules.time);
  if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
  const request = parsed.value;
  const query = { path: OBSERVATIONS_PATH, canonical: canonicalQuery(request), ...request };
  return servePaid(c, query, (shop, origin, willAnswer) => findObservations(shop, request, origin, willAnswer));
});
