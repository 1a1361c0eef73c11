/** The way of a paid query through HTTP: dry run, 304 for whoever has the answer, payment, answer with its entity tag. */
import type { Context } from 'hono';
import { mediaTypeOf } from '../../core/query/formats.ts';
import { queryHash } from '../../core/query/observations.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { logLine } from '../../durable-objects/log.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import type { PricedPage, Refused, Shop } from '../queries/priced-page.ts';
import { etagOf, unchanged } from './etag.ts';
import { sell, type Article } from './payment.ts';
import { problem, problemResponse } from './problem.ts';
import { describeQueryRefusal } from './query-problems.ts';
import { isPaying } from './rate-limit.ts';
import { askedBy, readAsker } from './wallet.ts';

export type PaidQuery = {
  readonly path: string;
  readonly canonical: string;
  readonly cursor: string | null;
  readonly isDryRun: boolean;
};

/** `find` gets whether the answer is likely to be asked for, too. */
export async function servePaid(
  c: Context<AppEnv>,
  { path, canonical, cursor, isDryRun }: PaidQuery,
  find: (shop: Shop, origin: string, willAnswer: boolean) => Promise<Result<PricedPage, Refused>>,
): Promise<Response> {
  const signed = await readAsker(c);
  if (!signed.ok) return signed.error;
  const asker = signed.value;
  const findHere = (willAnswer: boolean) =>
    find({ stores: c.env, config: c.var.config, nowMs: nowMs(), asker }, new URL(c.req.url).origin, willAnswer);
  if (isDryRun) {
    const found = await findHere(false);
    return found.ok ? c.json(found.value.quote, 200, { 'cache-control': 'no-store' }) : refused(found.error);
  }
  const asked = askedBy(canonical, asker);
  const query = queryHash('GET', path, cursor === null ? asked : `${asked}&cursor=${cursor}`);
  const toArticle = async (willAnswer: boolean): Promise<Result<Article, Response>> => {
    const found = await findHere(willAnswer);
    return found.ok ? ok(articleOf(c, query, found.value)) : err(refused(found.error));
  };
  return (await unchanged(c, query, () => toArticle(true))) ?? sell(c, query, () => toArticle(isPaying(c)));
}

function articleOf(c: Context<AppEnv>, query: string, page: PricedPage): Article {
  const { amount, format, description, quote } = page;
  return {
    amount,
    description,
    mimeType: mediaTypeOf(format),
    facts: quote,
    answer: async () => {
      try {
        const answered = await page.answer();
        return answered.ok ? ok(await tagged(c, query, answered.value)) : err(refused(answered.error));
      } catch (error) {
        logLine({ requestId: c.var.requestId, code: 'query-unanswered', error: String(error) });
        return err(problem(c, { reason: 'region-unavailable' }));
      }
    },
  };
}

function refused(refusal: Refused): Response {
  return problemResponse(describeQueryRefusal(refusal));
}

async function tagged(c: Context<AppEnv>, query: string, answer: SoldAnswer): Promise<SoldAnswer> {
  const etag = await etagOf(query, answer.body, c.var.config);
  return { ...answer, headers: { ...answer.headers, etag, vary: 'accept' } };
}
