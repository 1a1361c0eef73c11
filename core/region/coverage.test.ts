import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, reading, TestLog } from '../../test/support/region-log.ts';
import { MAXIMUM_GAPS } from './coverage.ts';

const at = (minutes: number, value = 20) => reading('temp', DAY0_MS + minutes * 60_000, value);

test('the same measurement is counted once, with another value it is refused as a conflict', () => {
  const log = new TestLog(1);
  log.post(0, DAY0_MS + HOUR_MS, [at(0), at(10)]);
  const again = log.post(0, DAY0_MS + HOUR_MS, [at(10), at(0, 21), at(20)]);
  expect([again.accepted, again.duplicate, again.refused.map((refused) => refused.code)]).toEqual([
    1,
    1,
    ['conflicting-value'],
  ]);
  expect(log.state.devices[0]?.conflicts).toBe(1);
});

test('a reading that overtook another inside the window is filled in', () => {
  const log = new TestLog(1);
  log.post(0, DAY0_MS + HOUR_MS, [at(0), at(20)]);
  expect(log.post(0, DAY0_MS + HOUR_MS, [at(10)]).accepted).toBe(1);
});

test('inside the window nothing counts as covered that is not there, however seldom the device measures', () => {
  const log = new TestLog(1);
  for (const minute of [0, 120, 300]) log.post(0, DAY0_MS + minute * 60_000, [at(minute)]);
  expect(log.post(0, DAY0_MS + 301 * 60_000, [at(240)]).accepted).toBe(1);
});

test('older readings are taken inside a recorded gap only', () => {
  const log = new TestLog(1);
  // Every ten minutes for four hours, with half an hour missing early on.
  const minutes = Array.from({ length: 25 }, (_, i) => i * 10).filter((minute) => minute < 30 || minute > 60);
  for (const minute of minutes) log.post(0, DAY0_MS + minute * 60_000 + 1000, [at(minute)]);
  const late = log.post(0, DAY0_MS + 250 * 60_000, [at(40), at(50), at(15)]);
  expect(late.accepted).toBe(2);
  expect(late.refused.map((refused) => refused.code)).toEqual(['already-covered']);
});

test('a device that starts live may send afterwards what it measured before', () => {
  const log = new TestLog(1);
  log.post(0, DAY0_MS + 5 * 24 * HOUR_MS, [at(5 * 24 * 60)]);
  const backlog = Array.from({ length: 48 }, (_, i) => at(i * 60));
  expect(log.post(0, DAY0_MS + 5 * 24 * HOUR_MS + 1000, backlog).accepted).toBe(48);
});

test('times too far ahead or too old are refused one by one, the rest is taken', () => {
  const log = new TestLog(1);
  const nowMs = DAY0_MS + 40 * 24 * HOUR_MS;
  const effect = log.post(0, nowMs, [at(0), reading('temp', nowMs, 20), reading('temp', nowMs + 301_000, 20)]);
  expect([effect.accepted, effect.refused.map((refused) => refused.code)]).toEqual([1, ['too-old', 'in-the-future']]);
});

test('whatever is sent twice in whatever order is accepted once, and the memory of it stays bounded', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 80 }), (minutes) => {
      const log = new TestLog(1);
      const nowMs = DAY0_MS + 601 * 60_000;
      let accepted = 0;
      for (const minute of [...minutes, ...minutes]) accepted += log.post(0, nowMs, [at(minute)]).accepted;
      expect(accepted).toBeLessThanOrEqual(new Set(minutes).size);
      const [series] = log.state.devices[0]?.quantities ?? [];
      expect(series?.gaps.length).toBeLessThanOrEqual(2 * MAXIMUM_GAPS);
      const sum = log.state.devices[0]?.open.reduce((total, cell) => total + cell.count, 0);
      expect(sum).toBe(accepted);
    }),
    { numRuns: 60 },
  );
});
