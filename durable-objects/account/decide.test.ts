import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KeyRow, SpendOrder } from './api.ts';
import { coverOf, meaningOf, refuseKey, utcDayOf, type SpendRow } from './decide.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');
const KEY: KeyRow = {
  hash: 'h',
  id: 'k',
  name: 'script',
  scopes: ['read'],
  createdMs: 0,
  expiresMs: null,
  monthlyLimit: null,
  lastUsedDay: null,
  revokedMs: null,
};
const ORDER: SpendOrder = { id: 's1', keyHash: 'h', idempotencyKey: 'i', query: 'q1', scope: 'read' };
const HELD: SpendRow = { id: 's1', key: 'k', query: 'q1', amount: '5', state: 'held', leaseUntilMs: NOW + 1 };

test('a key buys until it is revoked or has expired', () => {
  expect(refuseKey(KEY, NOW)).toBeNull();
  expect(refuseKey(null, NOW)).toEqual({ status: 'unknown-key' });
  expect(refuseKey({ ...KEY, revokedMs: 5 }, NOW)).toEqual({ status: 'key-revoked', revokedMs: 5 });
  expect(refuseKey({ ...KEY, expiresMs: NOW }, NOW)).toEqual({ status: 'key-expired', expiredMs: NOW });
  expect(refuseKey({ ...KEY, expiresMs: NOW + 1 }, NOW)).toBeNull();
});

test('the same idempotency key is the same purchase: answered again, waited for, or refused for another query', () => {
  expect(meaningOf(null, ORDER, NOW)).toBe('new');
  expect(meaningOf({ ...HELD, state: 'spent', leaseUntilMs: 0 }, { ...ORDER, id: 's2' }, NOW)).toBe('replay');
  expect(meaningOf(HELD, { ...ORDER, id: 's2' }, NOW)).toBe('in-flight');
  expect(meaningOf(HELD, ORDER, NOW)).toBe('held');
  expect(meaningOf({ ...HELD, leaseUntilMs: NOW }, { ...ORDER, id: 's2' }, NOW)).toBe('new');
  for (const state of ['held', 'spent'] as const)
    expect(meaningOf({ ...HELD, state }, { ...ORDER, query: 'q2' }, NOW)).toBe('other-query');
});

test('no set of holds covers more than the balance', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 1n << 70n), fc.array(fc.bigInt(1n, 1n << 68n), { maxLength: 30 }), (balance, amounts) => {
      let held = 0n;
      for (const amount of amounts) {
        const cover = coverOf(amount, { balance, held, heldByKey: held, spentByKeyThisMonth: 0n }, null);
        if (cover.status === 'covered') held += amount;
        else expect(cover).toEqual({ status: 'exhausted', available: String(balance - held) });
        expect(held <= balance).toBe(true);
      }
    }),
  );
});

test("a key's monthly limit counts what it has spent and what it holds", () => {
  const funds = { balance: 1000n, held: 0n, heldByKey: 10n, spentByKeyThisMonth: 80n };
  expect(coverOf(10n, funds, '100')).toEqual({ status: 'covered' });
  expect(coverOf(11n, funds, '100')).toEqual({ status: 'key-limit', limit: '100', spent: '90' });
});

test('days are those of UTC', () => {
  expect(utcDayOf(NOW)).toBe('2026-11-23');
});
