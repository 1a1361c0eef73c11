/** How a sale that did not come about is told to the buyer. Which of them were charged: none. */
import type { Outcome } from '../../durable-objects/settler/api.ts';
import type { ProblemParts } from './problem-parts.ts';
import { PAYMENT_SIGNATURE, type MalformedPayment } from './x402-wire.ts';

/** One block of OP and a little. */
const RETRY = { 'retry-after': '3' };
const SAME_HEADER = `Send the same request with the same ${PAYMENT_SIGNATURE} again: it is charged once and brings the answer.`;

export type UnsoldOutcome = Extract<Outcome, { status: 'pending' | 'in-flight' | 'other-query' | 'unreachable' }>;

/**
 * Never 402 where the same header may still succeed: the stock clients sign, and pay, anew on every 402.
 */
export function describeUnsold(outcome: UnsoldOutcome): ProblemParts {
  switch (outcome.status) {
    case 'pending':
      return {
        status: 503,
        code: 'settlement-pending',
        title: 'The payment is on its way to the chain',
        detail: `Transaction ${outcome.transaction} was sent and is not mined yet.`,
        remedy: SAME_HEADER,
        members: { transaction: outcome.transaction },
        headers: RETRY,
      };
    case 'in-flight':
      return {
        status: 409,
        code: 'payment-in-flight',
        title: 'This payment is being settled by another request',
        detail: 'A request with the same payment is still being answered.',
        remedy: SAME_HEADER,
        headers: RETRY,
      };
    case 'other-query':
      return {
        status: 409,
        code: 'payment-for-another-query',
        title: 'This payment belongs to another query',
        detail:
          'A payment buys the answer to the query that it was offered for, once, and only with the header as it was first sent.',
        remedy: `Ask without ${PAYMENT_SIGNATURE} for an offer for this query.`,
      };
    case 'unreachable':
      return {
        status: 503,
        code: 'chain-unreachable',
        title: 'Payments cannot be settled at the moment',
        detail: 'The chain did not answer. Nothing was charged.',
        remedy: SAME_HEADER,
        headers: RETRY,
      };
  }
}

export function describeMalformed(malformed: MalformedPayment): ProblemParts {
  return {
    status: 400,
    code: malformed.reason,
    title: 'The payment header cannot be read',
    detail: `${PAYMENT_SIGNATURE}: ${malformed.detail}.`,
    remedy: 'Ask without the header, and pay what PAYMENT-REQUIRED offers with an x402 v2 client.',
  };
}
