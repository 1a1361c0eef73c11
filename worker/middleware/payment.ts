/**
 * Sells one answer for one payment, by x402 v2 `exact`. The order is: verify, answer, settle, respond; the answer is with
 * the settler before anything is charged, so neither a lost connection nor a slow block can part a buyer from it.
 */
import type { Context } from 'hono';
import { formatUsdc } from '../../core/price/price.ts';
import type { Result } from '../../core/result.ts';
import type { PaymentClaim, SettledReceipt, SoldAnswer } from '../../durable-objects/settler/api.ts';
import { settlerStub } from '../../durable-objects/stub.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import { isOffer, makeRequirements, toHex } from './offer.ts';
import { describeMalformed, describeUnsold } from './payment-problems.ts';
import { problemResponse } from './problem.ts';
import { encodeWire, PAYMENT_REQUIRED, PAYMENT_RESPONSE, PAYMENT_SIGNATURE, readPayment } from './x402-wire.ts';

export type Article = {
  /** USDC base units. */
  readonly amount: bigint;
  readonly description: string;
  readonly mimeType: string;
  /** What the 402 shows beside the price. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Runs after the payment was verified and before it is charged; a refusal is free of charge. */
  readonly answer: () => Promise<Result<SoldAnswer, Response>>;
};

/**
 * `query` names what is bought (core/query `queryHash`). `article` is looked up only where it matters: a payment that the
 * ledger knows brings its answer whatever has become of price and devices since.
 */
export async function sell(
  c: Context<AppEnv>,
  query: string,
  article: () => Promise<Result<Article, Response>>,
): Promise<Response> {
  const header = c.req.header(PAYMENT_SIGNATURE);
  if (header === undefined) return demand(c, query, await article(), 'Payment is required.');
  const payment = readPayment(header);
  if (!payment.ok) return problemResponse(describeMalformed(payment.error));
  const { accepted, payer, nonce, text, validBeforeSeconds } = payment.value;
  if (accepted.extra['q'] !== query) return problemResponse(describeUnsold({ status: 'other-query' }));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(header));
  const claim: PaymentClaim = {
    payer,
    nonce,
    query,
    headerHash: toHex(new Uint8Array(digest)),
    offered: await isOffer(accepted, query, c.var.config, nowMs()),
    payload: text,
    validBeforeSeconds,
  };
  const sold = exchange(c, claim, article);
  // A buyer who hangs up must not stop what has begun; the failure itself is seen by whoever awaits `sold`.
  c.executionCtx.waitUntil(sold.catch(() => undefined));
  return sold;
}

async function exchange(
  c: Context<AppEnv>,
  claim: PaymentClaim,
  article: () => Promise<Result<Article, Response>>,
): Promise<Response> {
  const settler = settlerStub(c.env.SETTLER, c.var.config.chain.chainId);
  const opened = await settler.open(claim);
  const outcome = opened.status === 'verified' ? await answerAndSettle() : opened;
  if (outcome instanceof Response) return outcome;
  switch (outcome.status) {
    case 'settled':
      return deliver(outcome.answer, outcome.receipt);
    case 'not-offered':
      return demand(
        c,
        claim.query,
        await article(),
        'That was no offer of ours, or it has run out; nothing was charged.',
      );
    case 'refused':
      return demand(
        c,
        claim.query,
        await article(),
        `The payment was refused (${outcome.detail}); nothing was charged.`,
      );
    default:
      return problemResponse(describeUnsold(outcome));
  }

  async function answerAndSettle() {
    const found = await article();
    const answer = found.ok ? await found.value.answer() : found;
    if (answer.ok) return settler.settle(claim, answer.value);
    await settler.release(claim);
    return answer.error;
  }
}

function deliver(answer: SoldAnswer, receipt: SettledReceipt): Response {
  return new Response(answer.body, {
    headers: {
      ...answer.headers,
      'content-type': answer.contentType,
      'cache-control': 'private',
      [PAYMENT_RESPONSE]: encodeWire(receipt),
    },
  });
}

async function demand(
  c: Context<AppEnv>,
  query: string,
  article: Result<Article, Response>,
  detail: string,
): Promise<Response> {
  if (!article.ok) return article.error;
  const { amount, description, mimeType, facts } = article.value;
  const requirements = await makeRequirements({ query, amount }, c.var.config, nowMs());
  const required = {
    x402Version: 2,
    error: detail,
    resource: { url: c.req.url, description, mimeType },
    accepts: [requirements],
  };
  return problemResponse({
    status: 402,
    code: 'payment-required',
    title: 'This answer is for sale',
    detail: `${detail} The price is ${formatUsdc(amount)} USDC.`,
    remedy: 'Pay with any x402 v2 client (scheme exact, EIP-3009), or add dry-run=true to see price and size only.',
    members: facts,
    headers: { [PAYMENT_REQUIRED]: encodeWire(required) },
  });
}
