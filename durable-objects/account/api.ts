/** What callers see of an account. Reached only through durable-objects/stub.ts. */
import type { KeyScope, NewKey } from '../../core/credits/api-key.ts';
import type { PaymentKey, SoldAnswer } from '../settler/api.ts';

export type KeyRow = NewKey & {
  readonly id: string;
  readonly createdMs: number;
  /** UTC day, `2026-11-23`: finer would be a row written for every query. */
  readonly lastUsedDay: string | null;
  readonly revokedMs: number | null;
};

/** A settled payment that is to become balance. Its payer is the account. */
export type TopUp = PaymentKey & {
  /** USDC base units. */
  readonly amount: string;
  readonly transaction: string;
  /** A key that the buyer asked for with the top-up. */
  readonly key: NewKey | null;
  /** Time of the settlement's block once nothing can undo it; null: the chain may still take it back. */
  readonly finalMs: number | null;
};

export type SpendOrder = {
  /** Made by the edge for each attempt; a sale is counted under it. */
  readonly id: string;
  readonly keyHash: string;
  /** What makes a resend the same purchase. */
  readonly idempotencyKey: string;
  /** core/query `queryHash`. */
  readonly query: string;
  readonly scope: KeyScope;
};

export type SpendReceipt = {
  readonly id: string;
  /** USDC base units. */
  readonly amount: string;
  /** What is left that nothing else holds. */
  readonly available: string;
};

export type KeyRefusal =
  | { readonly status: 'unknown-key' }
  | { readonly status: 'key-revoked'; readonly revokedMs: number }
  | { readonly status: 'key-expired'; readonly expiredMs: number }
  | { readonly status: 'out-of-scope'; readonly scope: KeyScope; readonly scopes: readonly KeyScope[] };

export type Recalled =
  | KeyRefusal
  | { readonly status: 'spent'; readonly answer: SoldAnswer; readonly receipt: SpendReceipt }
  | { readonly status: 'in-flight' }
  | { readonly status: 'other-query' };

export type RecallReply = Recalled | { readonly status: 'new' };

export type HoldReply =
  | Recalled
  /** The caller owns the hold until its lease ends: answer and `spend`, or `release`. */
  | { readonly status: 'held' }
  | { readonly status: 'exhausted'; readonly available: string }
  | { readonly status: 'key-limit'; readonly limit: string; readonly spent: string };

export type SpendReply =
  | { readonly status: 'spent'; readonly receipt: SpendReceipt }
  /** The hold's lease ran out before the answer came: nothing was charged. */
  | { readonly status: 'lapsed' };

export type Overview = {
  readonly balance: string;
  readonly held: string;
  readonly toppedUp: string;
  readonly keys: readonly KeyRow[];
};

export type UsageRequest = {
  /** UTC days, half-open. */
  readonly from: string;
  readonly until: string;
  /** Only this key's rows. */
  readonly key: string | null;
  /** The last row of the page before. */
  readonly after: { readonly day: string; readonly key: string } | null;
  readonly limit: number;
};

export type UsageRow = {
  readonly day: string;
  readonly key: string;
  readonly queries: number;
  /** Device-quantity-hours answered. */
  readonly units: number;
  readonly usdc: string;
};

/** A signature that opens a change, used up once. */
export type UsedSignIn = { readonly nonce: string; readonly untilMs: number };

export type ChangeRefusal = 'no-account' | 'sign-in-used' | 'too-many-keys' | 'no-such-key';
export type KeyChange =
  | { readonly status: 'done'; readonly key: KeyRow }
  | { readonly status: 'refused'; readonly why: ChangeRefusal };

export interface AccountApi {
  /** Once per payment, however often it is called; called again when the payment is final. */
  credit(topUp: TopUp): Promise<void>;
  recall(order: SpendOrder): Promise<RecallReply>;
  hold(order: SpendOrder, amount: string): Promise<HoldReply>;
  spend(order: SpendOrder, answer: SoldAnswer): Promise<SpendReply>;
  release(order: SpendOrder): Promise<void>;
  makeKey(key: NewKey, signIn: UsedSignIn): Promise<KeyChange>;
  revokeKey(id: string, signIn: UsedSignIn): Promise<KeyChange>;
  /** Null: never topped up. */
  overview(): Promise<Overview | null>;
  /** The key that signs a request which spends nothing. */
  knowKey(hash: string): Promise<KeyRefusal | { readonly status: 'known'; readonly key: KeyRow }>;
  usage(request: UsageRequest): Promise<readonly UsageRow[]>;
}
