import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const BACKOFF = { firstDelayMs: 500, maxDelayMs: 30_000 };

test('waits grow twofold up to the longest, and chance spreads them over the upper half of a step', () => {
  expect([1, 2, 3].map((attempt) => backoffMs(attempt, BACKOFF, 0))).toEqual([250, 500, 1000]);
  expect(backoffMs(3, BACKOFF, 1)).toBe(2000);
  expect(backoffMs(1_000_000, BACKOFF, 1)).toBe(30_000);
});
