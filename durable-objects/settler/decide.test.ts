import { expect, test } from 'vitest';
import type { PaymentClaim } from './api.ts';
import { decide, type PaymentRow, type PaymentState } from './decide.ts';

const NOW = 1_000_000;
const CLAIM: PaymentClaim = {
  payer: '0xaa',
  nonce: '0x01',
  query: 'q1',
  headerHash: 'h1',
  offered: true,
  payload: '{}',
  validBeforeSeconds: 2000,
};
const row = (state: PaymentState, changed: Partial<PaymentRow> = {}): PaymentRow => ({
  payer: '0xaa',
  nonce: '0x01',
  query: 'q1',
  headerHash: 'h1',
  payload: '{}',
  state,
  leaseUntilMs: NOW + 1,
  transaction: null,
  detail: null,
  ...changed,
});

test('an unknown payment is claimed only under an offer of ours', () => {
  expect(decide(null, CLAIM, NOW)).toBe('claim');
  expect(decide(null, { ...CLAIM, offered: false }, NOW)).toBe('not-offered');
});

test('a known payment needs no valid offer any more', () => {
  expect(decide(row('settled'), { ...CLAIM, offered: false }, NOW)).toBe('replay');
  expect(decide(row('finalized'), { ...CLAIM, offered: false }, NOW)).toBe('replay');
  expect(decide(row('pending'), { ...CLAIM, offered: false }, NOW)).toBe('resume');
  expect(decide(row('answered'), { ...CLAIM, offered: false }, NOW)).toBe('resume');
});

test('a claim in work is left alone until its lease has run out', () => {
  expect(decide(row('inflight'), CLAIM, NOW)).toBe('in-flight');
  expect(decide(row('inflight', { leaseUntilMs: NOW }), CLAIM, NOW)).toBe('claim');
});

test.each(['inflight', 'answered', 'pending', 'settled', 'finalized', 'failed'] as const)(
  'a payment that is %s answers neither another query nor another header',
  (state) => {
    expect(decide(row(state, { query: 'q2' }), CLAIM, NOW)).toBe('other-query');
    expect(decide(row(state, { headerHash: 'h2' }), CLAIM, NOW)).toBe('other-query');
  },
);

test('a payment whose transaction reverted stays refused', () => {
  expect(decide(row('failed'), CLAIM, NOW)).toBe('refuse');
});
