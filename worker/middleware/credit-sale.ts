/**
 * Sells one answer for credits: hold, answer, spend, respond. The hold makes sure of the balance before any work is done; the
 * spend and the answer are stored together before the answer leaves, so that a resend brings it and costs nothing.
 */
import type { Context } from 'hono';
import { readApiKey } from '../../core/credits/api-key.ts';
import type { OwnerAddress } from '../../core/ids.ts';
import type { Result } from '../../core/result.ts';
import type { HoldReply, SpendOrder, SpendReceipt } from '../../durable-objects/account/api.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import { callAccount } from '../adapters/account.ts';
import type { AppEnv } from '../context.ts';
import { readIdempotencyKey } from './bearer.ts';
import { describeBadIdempotencyKey, describeExhausted, describeNotBought } from './credit-problems.ts';
import { answerResponse, demand, give } from './demand.ts';
import type { Article } from './payment.ts';
import { problemResponse } from './problem.ts';

type FindArticle = () => Promise<Result<Article, Response>>;

export async function sellForCredits(
  c: Context<AppEnv>,
  bearer: string,
  query: string,
  article: FindArticle,
): Promise<Response> {
  const key = readApiKey(bearer, c.var.config.ingestTagKey);
  if (!key.ok) return problemResponse(describeNotBought({ status: 'unknown-key' }));
  const given = readIdempotencyKey(c.req.header('idempotency-key'));
  if (!given.ok) return problemResponse(describeBadIdempotencyKey());
  const id = crypto.randomUUID();
  const order = { id, keyHash: key.value.hash, idempotencyKey: given.value ?? id, query, scope: 'read' } as const;
  const sold = purchase(c, key.value.account, order, given.value !== null, article);
  // A buyer who hangs up must not stop what has begun; the failure itself is seen by whoever awaits `sold`.
  c.executionCtx.waitUntil(sold.catch(() => undefined));
  return sold;
}

async function purchase(
  c: Context<AppEnv>,
  account: OwnerAddress,
  asked: SpendOrder,
  isResend: boolean,
  article: FindArticle,
): Promise<Response> {
  const { config } = c.var;
  const unavailable = () =>
    problemResponse(describeNotBought({ status: 'unavailable', idempotencyKey: asked.idempotencyKey }));
  if (isResend) {
    // Before the article is looked up: what was bought is given whatever has become of price and devices since.
    const recalled = await callAccount(c.env, config, account, (own) => own.recall(asked));
    if (!recalled.ok) return unavailable();
    if (recalled.value.status !== 'new') return told(recalled.value);
  }
  const found = await article();
  if (!found.ok) return found.error;
  const { amount, scope = 'read' } = found.value;
  if (amount === 0n) return give(found.value);
  const order: SpendOrder = { ...asked, scope };
  const held = await callAccount(c.env, config, account, (own) => own.hold(order, String(amount)));
  if (!held.ok) return unavailable();
  if (held.value.status === 'exhausted') {
    return demand(c, order.query, found, describeExhausted(amount, BigInt(held.value.available)));
  }
  if (held.value.status !== 'held') return told(held.value);
  const answer = await answerOrRelease();
  if (!answer.ok) return answer.error;
  const spent = await callAccount(c.env, config, account, (own) => own.spend(order, answer.value));
  if (!spent.ok) return unavailable();
  const { idempotencyKey } = order;
  if (spent.value.status === 'lapsed') return problemResponse(describeNotBought({ status: 'lapsed', idempotencyKey }));
  return deliver(answer.value, spent.value.receipt, spent.value.receipt.amount);

  async function answerOrRelease(): Promise<Result<SoldAnswer, Response>> {
    const release = () => callAccount(c.env, config, account, (own) => own.release(order));
    try {
      const answer = found.ok ? await found.value.answer() : found;
      if (!answer.ok) await release();
      return answer;
    } catch (error) {
      await release();
      throw error;
    }
  }
}

type Told = Exclude<HoldReply, { status: 'held' | 'exhausted' }>;

function told(reply: Told): Response {
  return reply.status === 'spent'
    ? deliver(reply.answer, reply.receipt, '0', { 'idempotency-replayed': 'true' })
    : problemResponse(describeNotBought(reply));
}

/** Amounts in USDC base units: whole numbers. */
function deliver(
  answer: SoldAnswer,
  receipt: SpendReceipt,
  charged: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  return answerResponse(answer, {
    'credits-charged': charged,
    'credits-left': receipt.available,
    'credits-spend': receipt.id,
    ...more,
  });
}
