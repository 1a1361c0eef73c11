import { expect, test } from 'vitest';
import type { ChangeRefusal } from '../../durable-objects/account/api.ts';
import { describeChangeRefusal, describeExhausted, describeNotBought, type NotBought } from './credit-problems.ts';

const REFUSALS: readonly NotBought[] = [
  { status: 'unknown-key' },
  { status: 'key-revoked', revokedMs: 0 },
  { status: 'key-expired', expiredMs: 0 },
  { status: 'out-of-scope', scope: 'export', scopes: ['read'] },
  { status: 'key-limit', limit: '1000000', spent: '999999' },
  { status: 'in-flight' },
  { status: 'other-query' },
  { status: 'unavailable', idempotencyKey: 'i' },
];
const CHANGES: readonly ChangeRefusal[] = ['no-account', 'sign-in-used', 'too-many-keys', 'no-such-key'];

const all = [...REFUSALS.map(describeNotBought), ...CHANGES.map((why) => describeChangeRefusal(why, 'x'))];

test('each refusal has a code of its own, a detail and a remedy', () => {
  expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
  for (const { status, detail, remedy } of all) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(Math.min(detail.length, remedy.length)).toBeGreaterThan(10);
  }
});

test('what may still succeed with the same request is never answered 402, and says when to ask again', () => {
  for (const status of ['in-flight', 'unavailable', 'lapsed'] as const) {
    const parts = describeNotBought({ status, idempotencyKey: 'i' });
    expect([409, 503]).toContain(parts.status);
    expect(parts.headers).toHaveProperty('retry-after');
  }
});

test('exhausted credits say what is missing to the last unit', () => {
  expect(describeExhausted(10_000n, 9_999n).members).toEqual({
    balance: { amount: '9999', usdc: '0.009999' },
    missing: { amount: '1', usdc: '0.000001' },
    price: { amount: '10000', usdc: '0.01' },
  });
});
