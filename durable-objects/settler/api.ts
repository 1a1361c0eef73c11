/**
 * What callers see of the settler. Payments cross RPC as JSON text, because x402's open-ended types (`unknown` inside)
 * have no RPC form. Reached only through durable-objects/stub.ts.
 */
import type { NewKey } from '../../core/credits/api-key.ts';
import type { Bought } from '../../core/webhook/recall.ts';
import type { ServedUnits } from '../../core/reward/sale.ts';
import type { Account } from '../account/account.ts';

export type SettlerBindings = {
  /** Where sales go once nothing can undo them. */
  readonly DB: D1Database;
  readonly CHAIN_ID: string;
  readonly RPC_URL: string;
  /** Holds gas only: it can neither choose the payee nor the amount of a payment. */
  readonly SETTLER_PRIVATE_KEY: string;
  /** Where settled top-ups are credited. */
  readonly ACCOUNT: DurableObjectNamespace<Account>;
};

/** Names a payment: EIP-3009 lets each payer use a nonce once. Lower-case hex. */
export type PaymentKey = { readonly payer: string; readonly nonce: string };

export type PaymentClaim = PaymentKey & {
  /** core/query `queryHash`: what the payment buys. */
  readonly query: string;
  /** sha-256 of the header as sent, hex. What the chain shows of a payment is not enough to fetch its answer. */
  readonly headerHash: string;
  /** Whether the edge made this offer, unaltered and still in time. Asked only of payments that the ledger does not know. */
  readonly offered: boolean;
  /** x402 PaymentPayload. */
  readonly payload: string;
  readonly validBeforeSeconds: number;
};

export type SoldAnswer = {
  readonly contentType: string;
  /** Further header fields of the answer: links, entity tag. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** Whose data it is: what the sale's USDC is shared by. */
  readonly served: readonly ServedUnits[];
  /** So that its buyer can be told when some of it turns out false. */
  readonly bought?: Bought;
  /**
   * Of a top-up: the payment becomes balance of its payer's account, with the key that the buyer asked for. Nobody has served
   * anything yet; the USDC is shared when the credits are spent.
   */
  readonly topUp?: { readonly key: NewKey | null };
};

export type SettledReceipt = {
  readonly success: true;
  readonly transaction: string;
  readonly network: string;
  readonly payer: string;
  readonly amount: string;
};

export type Outcome =
  | { readonly status: 'settled'; readonly answer: SoldAnswer; readonly receipt: SettledReceipt }
  /** Broadcast, not mined yet: the same header again brings the answer. */
  | { readonly status: 'pending'; readonly transaction: string }
  | { readonly status: 'in-flight' }
  /** Nothing was charged for the following. */
  | { readonly status: 'other-query' }
  | { readonly status: 'not-offered' }
  | { readonly status: 'refused'; readonly detail: string }
  | { readonly status: 'unreachable' };

/** `verified`: the caller now owns the claim until the lease ends; answer and `settle`, or `release`. */
export type OpenReply = Outcome | { readonly status: 'verified' };

export interface SettlerApi {
  open(claim: PaymentClaim): Promise<OpenReply>;
  settle(claim: PaymentClaim, answer: SoldAnswer): Promise<Outcome>;
  release(claim: PaymentClaim): Promise<void>;
}
