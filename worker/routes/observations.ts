/** `GET /v1/observations`: the paid query. Prices it, and answers it once it is paid; `dry-run=true` tells price and size. */
import { Hono, type Context } from 'hono';
import {
  canonicalQuery,
  parseObservationsRequest,
  queryHash,
  type ObservationsRequest,
} from '../../core/query/observations.ts';
import { mediaTypeOf } from '../../core/query/formats.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { logLine } from '../../durable-objects/log.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import { etagOf, unchanged } from '../middleware/etag.ts';
import { sell, type Article } from '../middleware/payment.ts';
import { problem, problemResponse } from '../middleware/problem.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { findObservations, OBSERVATIONS_PATH, type ObservationsPage } from '../queries/observations.ts';

export const observationsRoutes = new Hono<AppEnv>().get(OBSERVATIONS_PATH, rateLimit, async (c) => {
  const parameters = new URL(c.req.url).searchParams;
  const parsed = parseObservationsRequest(parameters, c.req.header('accept'), nowMs(), c.var.config.rules.time);
  if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
  const request = parsed.value;
  if (request.isDryRun) {
    const found = await find(c, request, false);
    return found.ok ? c.json(found.value.quote, 200, { 'cache-control': 'no-store' }) : found.error;
  }
  const cursor = request.cursor === null ? '' : `&cursor=${request.cursor}`;
  const query = queryHash('GET', OBSERVATIONS_PATH, canonicalQuery(request) + cursor);
  const held = await unchanged(c, query, () => toArticle(c, request, query, true));
  return held ?? sell(c, query, () => toArticle(c, request, query, isPaying(c)));
});

/** Has come to buy, not to ask the price. */
function isPaying(c: Context<AppEnv>): boolean {
  return c.req.header('payment-signature') !== undefined || c.req.header('authorization') !== undefined;
}

async function find(
  c: Context<AppEnv>,
  request: ObservationsRequest,
  paying: boolean,
): Promise<Result<ObservationsPage, Response>> {
  const shop = { stores: c.env, config: c.var.config, nowMs: nowMs() };
  const found = await findObservations(shop, request, new URL(c.req.url).origin, paying);
  return found.ok ? found : err(problemResponse(describeQueryRefusal(found.error)));
}

async function toArticle(
  c: Context<AppEnv>,
  request: ObservationsRequest,
  query: string,
  paying: boolean,
): Promise<Result<Article, Response>> {
  const found = await find(c, request, paying);
  if (!found.ok) return found;
  const { amount, quote, answer } = found.value;
  const names = [...quote.quantities, ...quote.indices].join(', ');
  return ok({
    amount,
    description: `${quote.deviceQuantityHours} device-quantity-hours of ${names}`,
    mimeType: mediaTypeOf(request.format),
    facts: quote,
    answer: async () => {
      try {
        const answered = await answer();
        return answered.ok
          ? ok(await tagged(c, query, answered.value))
          : err(problemResponse(describeQueryRefusal(answered.error)));
      } catch (error) {
        logLine({ requestId: c.var.requestId, code: 'observations-unanswered', error: String(error) });
        return err(problem(c, { reason: 'region-unavailable' }));
      }
    },
  });
}

async function tagged(c: Context<AppEnv>, query: string, answer: SoldAnswer): Promise<SoldAnswer> {
  const etag = await etagOf(query, answer.body, c.var.config);
  return { ...answer, headers: { ...answer.headers, etag, vary: 'accept' } };
}
