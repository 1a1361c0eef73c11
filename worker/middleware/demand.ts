/** What is asked for an article where it is not paid: HTTP 402 with an x402 offer. What costs nothing is simply given. */
import type { Context } from 'hono';
import { formatUsdc } from '../../core/price/price.ts';
import type { Result } from '../../core/result.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import { makeRequirements } from './offer.ts';
import type { Article } from './payment.ts';
import type { ProblemParts } from './problem-parts.ts';
import { problemResponse } from './problem.ts';
import { encodeWire, PAYMENT_REQUIRED } from './x402-wire.ts';

export type DemandWords = Pick<ProblemParts, 'code' | 'title' | 'detail' | 'remedy' | 'members'>;

export function payFirst(detail: string): DemandWords {
  return {
    code: 'payment-required',
    title: 'This answer is for sale',
    detail,
    remedy:
      'Pay with any x402 v2 client (scheme exact, EIP-3009) or with credits (Authorization: Bearer and an API key), or add dry-run=true to see price and size only.',
  };
}

export async function demand(
  c: Context<AppEnv>,
  query: string,
  article: Result<Article, Response>,
  words: DemandWords,
): Promise<Response> {
  if (!article.ok) return article.error;
  if (article.value.amount === 0n) return give(article.value);
  const { amount, description, mimeType, facts } = article.value;
  const requirements = await makeRequirements({ query, amount }, c.var.config, nowMs());
  const required = {
    x402Version: 2,
    error: words.detail,
    resource: { url: c.req.url, description, mimeType },
    accepts: [requirements],
  };
  return problemResponse({
    ...words,
    status: 402,
    detail: `${words.detail} The price is ${formatUsdc(amount)} USDC.`,
    members: { ...words.members, ...facts },
    headers: { [PAYMENT_REQUIRED]: encodeWire(required) },
  });
}

/** Free of charge: nobody is paid for it either. */
export async function give(article: Article): Promise<Response> {
  const answer = await article.answer();
  return answer.ok ? answerResponse(answer.value, {}) : answer.error;
}

export function answerResponse(answer: SoldAnswer, headers: Readonly<Record<string, string>>): Response {
  return new Response(answer.body, {
    headers: { ...answer.headers, 'content-type': answer.contentType, 'cache-control': 'private', ...headers },
  });
}
