import { expect, test } from 'vitest';
import { judgeStatus, MAX_ATTEMPTS, nextAttemptMs } from './schedule.ts';

test('a message is tried ten times over about three days, then given up', () => {
  let nowMs = 0;
  let attempts = 1;
  for (let next = nextAttemptMs(attempts, null, nowMs, 0); next !== null; attempts += 1) {
    expect(next).toBeGreaterThan(nowMs);
    nowMs = next;
    next = nextAttemptMs(attempts + 1, null, nowMs, 0);
  }
  expect(attempts).toBe(MAX_ATTEMPTS);
  expect(nowMs / 86_400_000).toBeGreaterThan(3);
  expect(nowMs / 86_400_000).toBeLessThan(3.5);
});

test('Retry-After lengthens a wait, and an absurd one does not', () => {
  expect(nextAttemptMs(1, 60, 0, 0)).toBe(60_000);
  expect(nextAttemptMs(1, 1, 0, 0)).toBe(5000);
  expect(nextAttemptMs(1, 10_000_000, 0, 0)).toBe(5000);
});

test('waits are spread by up to a tenth', () => {
  expect(nextAttemptMs(2, null, 0, 0.5)).toBe(315_000);
});

test('only success delivers, only 410 ends, and a redirect is not success', () => {
  expect([200, 204, 301, 302, 400, 410, 429, 500].map(judgeStatus)).toEqual([
    'delivered',
    'delivered',
    'again',
    'again',
    'again',
    'gone',
    'again',
    'again',
  ]);
});
