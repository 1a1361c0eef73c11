/**
 * The one door through which anything paid is answered: with credits where the request carries an API key, else by x402 v2
 * `exact`, one answer for one payment. The order is: verify, answer, settle, respond; the answer is with
 * the settler before anything is charged, so neither a lost connection nor a slow block can part a buyer from it.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Context } from 'hono';
import type { KeyScope } from '../../core/credits/api-key.ts';
import type { Result } from '../../core/result.ts';
import type { PaymentClaim, SoldAnswer } from '../../durable-objects/settler/api.ts';
import { settlerStub } from '../../durable-objects/stub.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';
import { bearerOf } from './bearer.ts';
import { answerResponse, demand, payFirst } from './demand.ts';
import { isOffer } from './offer.ts';
import { describeMalformed, describeUnsold } from './payment-problems.ts';
import { problemResponse } from './problem.ts';
import { encodeWire, PAYMENT_RESPONSE, PAYMENT_SIGNATURE, readPayment } from './x402-wire.ts';

export type Article = {
  /** USDC base units; nothing for what is the asker's own. */
  readonly amount: bigint;
  /** What an API key must be allowed to do; default `read`. */
  readonly scope?: KeyScope;
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
  const key = bearerOf(c);
  // Whoever sends a payment beside a key answers an offer: the key's credits did not suffice.
  if (key === null || c.req.header(PAYMENT_SIGNATURE) !== undefined) return sellByX402(c, query, article);
  const { sellForCredits } = await import('./credit-sale.ts');
  return sellForCredits(c, key, query, article);
}

/** For what credits do not buy: credits. */
export async function sellByX402(
  c: Context<AppEnv>,
  query: string,
  article: () => Promise<Result<Article, Response>>,
): Promise<Response> {
  const header = c.req.header(PAYMENT_SIGNATURE);
  if (header === undefined) return demand(c, query, await article(), payFirst('Payment is required.'));
  const payment = readPayment(header);
  if (!payment.ok) return problemResponse(describeMalformed(payment.error));
  const { accepted, payer, nonce, text, validBeforeSeconds } = payment.value;
  if (accepted.extra['q'] !== query) return problemResponse(describeUnsold({ status: 'other-query' }));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(header));
  const claim: PaymentClaim = {
    payer,
    nonce,
    query,
    headerHash: bytesToHex(new Uint8Array(digest)),
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
      return answerResponse(outcome.answer, { [PAYMENT_RESPONSE]: encodeWire(outcome.receipt) });
    case 'not-offered':
      return demand(
        c,
        claim.query,
        await article(),
        payFirst('That was no offer of ours, or it has run out; nothing was charged.'),
      );
    case 'refused':
      return demand(
        c,
        claim.query,
        await article(),
        payFirst(`The payment was refused (${outcome.detail}); nothing was charged.`),
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
