/**
 * A name for one purchase, made of what is only sent for it: whoever sends the same payment again means the same purchase. What
 * is sold under it is made once, however often the answer has to be worked out.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Context } from 'hono';
import type { AppEnv } from '../context.ts';
import { PAYMENT_SIGNATURE } from './x402-wire.ts';

/** draft-ietf-httpapi-idempotency-key-header: for those who pay from an account. */
const IDEMPOTENCY_KEY = 'idempotency-key';

/** 32 hex digits. */
export async function purchaseOf(c: Context<AppEnv>, kind: 'export' | 'stream', query: string): Promise<string> {
  const payment = c.req.header(PAYMENT_SIGNATURE);
  const key = c.req.header(IDEMPOTENCY_KEY);
  const account = key === undefined ? undefined : `${c.req.header('authorization') ?? ''} ${key}`;
  const unique = payment ?? account ?? crypto.randomUUID();
  const text = new TextEncoder().encode(['isobar purchase v1', kind, query, unique].join('\n'));
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', text))).slice(0, 32);
}
