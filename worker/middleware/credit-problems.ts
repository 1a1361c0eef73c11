/** How a purchase with credits that did not come about is told to the buyer. Which of them were charged: none. */
import { formatUsdc } from '../../core/price/price.ts';
import { rfc3339 } from '../../core/time.ts';
import type { ChangeRefusal, HoldReply, KeyRefusal } from '../../durable-objects/account/api.ts';
import type { DemandWords } from './demand.ts';
import type { ProblemParts } from './problem-parts.ts';

const MAKE_A_KEY = 'Make a key with the wallet that topped up (POST /v1/credits/keys; docs/api.md, "Credits").';
const CHALLENGE = { 'www-authenticate': 'Bearer realm="isobar"' };

export type NotBought =
  | Exclude<HoldReply, { status: 'held' | 'spent' | 'exhausted' }>
  | { readonly status: 'lapsed' | 'unavailable'; readonly idempotencyKey: string };

export function describeNotBought(refusal: NotBought): ProblemParts {
  switch (refusal.status) {
    case 'unknown-key':
    case 'key-revoked':
    case 'key-expired':
      return describeKeyRefusal(refusal);
    case 'out-of-scope':
      return describeKeyRefusal(refusal);
    case 'key-limit':
      return {
        status: 403,
        code: 'key-limit-reached',
        title: "The key's monthly limit is reached",
        detail: `The key may spend ${formatUsdc(BigInt(refusal.limit))} USDC in a calendar month (UTC) and has spent ${formatUsdc(BigInt(refusal.spent))}.`,
        remedy: 'Wait for the next month, use another key, or pay this query with x402 and without a key.',
        members: { limit: usdc(BigInt(refusal.limit)), spent: usdc(BigInt(refusal.spent)) },
      };
    case 'in-flight':
      return {
        status: 409,
        code: 'purchase-in-flight',
        title: 'This purchase is being answered by another request',
        detail: 'A request with the same Idempotency-Key is still being answered.',
        remedy: 'Send the same request with the same Idempotency-Key again: it is charged once and brings the answer.',
        headers: { 'retry-after': '2' },
      };
    case 'other-query':
      return {
        status: 422,
        code: 'idempotency-key-reused',
        title: 'This Idempotency-Key belongs to another query',
        detail: 'The key was used for another query within the last day.',
        remedy: 'Take a new Idempotency-Key for each query; use one again only to repeat the same query.',
      };
    case 'lapsed':
    case 'unavailable':
      return {
        status: 503,
        code: 'credits-unavailable',
        title: 'The account did not answer in time',
        detail: 'It is not known here whether the purchase was made. It is charged once at most.',
        remedy: `Send the same request again with the header Idempotency-Key: ${refusal.idempotencyKey}; it is charged once and brings the answer.`,
        members: { idempotencyKey: refusal.idempotencyKey },
        headers: { 'retry-after': '2' },
      };
  }
}

export function describeKeyRefusal(refusal: KeyRefusal): ProblemParts {
  switch (refusal.status) {
    case 'unknown-key':
      return {
        status: 401,
        code: 'unknown-key',
        title: 'This API key is not known',
        detail: 'Authorization: Bearer does not carry a key of this network.',
        remedy: `Send the whole key as it was shown, isk_ and 88 hex digits. ${MAKE_A_KEY}`,
        headers: CHALLENGE,
      };
    case 'key-revoked':
      return {
        status: 401,
        code: 'key-revoked',
        title: 'This API key was revoked',
        detail: `The key was revoked at ${rfc3339(refusal.revokedMs)}.`,
        remedy: MAKE_A_KEY,
        headers: CHALLENGE,
      };
    case 'key-expired':
      return {
        status: 401,
        code: 'key-expired',
        title: 'This API key has expired',
        detail: `The key was good until ${rfc3339(refusal.expiredMs)}.`,
        remedy: MAKE_A_KEY,
        headers: CHALLENGE,
      };
    case 'out-of-scope':
      return {
        status: 403,
        code: 'key-out-of-scope',
        title: 'This API key may not buy this',
        detail: `It needs a key for ${refusal.scope}; this one is for ${refusal.scopes.join(', ')}.`,
        remedy: `Use a key with the scope ${refusal.scope}. ${MAKE_A_KEY}`,
        members: { scope: refusal.scope, scopes: refusal.scopes },
      };
  }
}

/** It comes with an x402 offer, so that the buyer may pay this one directly. */
export function describeExhausted(price: bigint, available: bigint): DemandWords {
  const missing = price - available;
  return {
    code: 'credits-exhausted',
    title: 'The credits do not suffice',
    detail: `${formatUsdc(available)} USDC of credits are left, ${formatUsdc(missing)} USDC are missing.`,
    remedy:
      'Top up with POST /v1/credits/top-ups, or pay this query directly with an x402 v2 client: the offer is in PAYMENT-REQUIRED.',
    members: { balance: usdc(available), missing: usdc(missing), price: usdc(price) },
  };
}

export function describeBadIdempotencyKey(): ProblemParts {
  return {
    status: 400,
    code: 'bad-idempotency-key',
    title: 'The Idempotency-Key cannot be read',
    detail: 'It must be 1 to 255 visible characters, in double quotes or without.',
    remedy: 'Send a random UUID, a new one for each query.',
  };
}

export function describeChangeRefusal(why: ChangeRefusal, given: string): ProblemParts {
  switch (why) {
    case 'no-account':
      return {
        status: 409,
        code: 'no-account',
        title: 'This wallet has no credits account',
        detail: `${given} has not topped up yet.`,
        remedy: 'Top up first with POST /v1/credits/top-ups; the account belongs to the wallet that pays.',
      };
    case 'sign-in-used':
      return {
        status: 401,
        code: 'sign-in-used',
        title: 'This signature was used before',
        detail: 'A signature that changes something is good once.',
        remedy: 'Sign a new EIP-4361 message with another nonce.',
        headers: { 'www-authenticate': 'SIWE' },
      };
    case 'too-many-keys':
      return {
        status: 409,
        code: 'too-many-keys',
        title: 'The account has as many keys as it may',
        detail: 'No more keys can be made.',
        remedy: 'Revoke a key that is not used any more (DELETE /v1/credits/keys/{id}).',
      };
    case 'no-such-key':
      return {
        status: 404,
        code: 'no-such-key',
        title: 'No such key',
        detail: `The account has no key ${given.slice(0, 80)}.`,
        remedy: 'Take the id from GET /v1/credits/keys.',
      };
  }
}

export function describeAccountUnavailable(): ProblemParts {
  return {
    status: 503,
    code: 'account-unavailable',
    title: 'The account does not answer',
    detail: 'The request could not be carried out now.',
    remedy: 'Send the request again after the seconds in Retry-After.',
    headers: { 'retry-after': '2' },
  };
}

function usdc(amount: bigint): { readonly amount: string; readonly usdc: string } {
  return { amount: String(amount), usdc: formatUsdc(amount) };
}
