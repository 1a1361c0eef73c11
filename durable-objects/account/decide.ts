/** What a key may do and what an order means, given what the account knows. Pure: rows and the time come in. */
import type { KeyRefusal, KeyRow, SpendOrder } from './api.ts';

export type SpendRow = {
  readonly id: string;
  readonly key: string;
  readonly query: string;
  readonly amount: string;
  readonly state: 'held' | 'spent';
  readonly leaseUntilMs: number;
};

export function refuseKey(key: KeyRow | null, nowMs: number): KeyRefusal | null {
  if (key === null) return { status: 'unknown-key' };
  if (key.revokedMs !== null) return { status: 'key-revoked', revokedMs: key.revokedMs };
  if (key.expiresMs !== null && key.expiresMs <= nowMs) return { status: 'key-expired', expiredMs: key.expiresMs };
  return null;
}

export type Meaning = 'new' | 'held' | 'in-flight' | 'other-query' | 'replay';

/** @param known the spend under the order's idempotency key */
export function meaningOf(known: SpendRow | null, order: SpendOrder, nowMs: number): Meaning {
  if (known === null) return 'new';
  if (known.query !== order.query) return 'other-query';
  if (known.state === 'spent') return 'replay';
  // A hold outlives its lease only if the one who answered died; nothing was charged, so the next may try.
  if (known.leaseUntilMs <= nowMs) return 'new';
  return known.id === order.id ? 'held' : 'in-flight';
}

export type Funds = {
  readonly balance: bigint;
  /** By all keys, and by this one. */
  readonly held: bigint;
  readonly heldByKey: bigint;
  readonly spentByKeyThisMonth: bigint;
};

export type Cover =
  | { readonly status: 'covered' }
  | { readonly status: 'exhausted'; readonly available: string }
  | { readonly status: 'key-limit'; readonly limit: string; readonly spent: string };

/** Whether the account can pay what is asked, over everything that is held already. */
export function coverOf(amount: bigint, funds: Funds, monthlyLimit: string | null): Cover {
  const committed = funds.spentByKeyThisMonth + funds.heldByKey;
  if (monthlyLimit !== null && committed + amount > BigInt(monthlyLimit)) {
    return { status: 'key-limit', limit: monthlyLimit, spent: String(committed) };
  }
  const available = funds.balance - funds.held;
  return available >= amount ? { status: 'covered' } : { status: 'exhausted', available: String(available) };
}

/** `2026-11-23` */
export function utcDayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
