import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pollIntervalMs, waitAfter } from './poll.ts';

test('polls follow the length of the hour within sensible ends', () => {
  expect([pollIntervalMs(20), pollIntervalMs(3600), pollIntervalMs(1)]).toEqual([4_000, 30_000, 2_000]);
});

test('a page that fails waits longer each time, up to a minute and a quarter, and never less than half a turn', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const wait = waitAfter(failures, 4_000, random);
      return wait >= 6_000 && wait <= 75_000;
    }),
  );
  expect(waitAfter(0, 4_000, 0.9)).toBe(4_000);
});
