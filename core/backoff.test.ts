import { expect, test } from 'vitest';
import { backoffMs, fullJitterMs } from './backoff.ts';

const BACKOFF = { firstDelayMs: 500, maxDelayMs: 30_000 };

test('waits grow twofold up to the longest, and chance spreads them over the upper half of a step', () => {
  expect([1, 2, 3].map((attempt) => backoffMs(attempt, BACKOFF, 0))).toEqual([250, 500, 1000]);
  expect(backoffMs(3, BACKOFF, 1)).toBe(2000);
  expect(backoffMs(1_000_000, BACKOFF, 1)).toBe(30_000);
});

test('full jitter spreads a wait over the whole step', () => {
  expect([0, 0.5, 1].map((chance) => fullJitterMs(3, BACKOFF, chance))).toEqual([0, 1000, 2000]);
  expect(fullJitterMs(1_000_000, BACKOFF, 0.5)).toBe(15_000);
});
