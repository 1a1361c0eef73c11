/**
 * Fails: a reading that arrives after a newer one of its device is not held against its neighbors in time
 * (core/region/apply-batch.ts: only `newest` has a history), so whoever posts in swapped order escapes `step` and `flat`.
 */
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, reading, TestLog } from '../support/region-log.ts';

const MINUTE_MS = 60_000;
const HOUR = DAY0_MS / HOUR_MS;

/** Flag and tests of the second hour; both posts arrive within four minutes of being measured. */
function verdict(order: readonly number[]): readonly (number | undefined)[] {
  const log = new TestLog(1);
  for (let minute = 0; minute < 60; minute += 2) {
    const measuredMs = DAY0_MS + minute * MINUTE_MS;
    log.post(0, measuredMs + 3 * MINUTE_MS, [reading('temp', measuredMs, 15 + minute / 100)]);
  }
  const values = [40, 15];
  for (const [post, at] of order.entries()) {
    const measuredMs = DAY0_MS + HOUR_MS + at * 2 * MINUTE_MS;
    log.post(0, DAY0_MS + HOUR_MS + (3 + post) * MINUTE_MS, [reading('temp', measuredMs, values[at] ?? 0)]);
  }
  log.close(HOUR + 1, DAY0_MS + 2 * HOUR_MS + 300_000);
  const cell = log.outputs.hours.find(({ hour }) => hour === HOUR + 1)?.cells[0];
  return [cell?.[6], cell?.[7]];
}

test('two posts of one device that overtake each other get the verdict that they get in order', () => {
  expect(verdict([0, 1])).toEqual([3, 2]);
  expect(verdict([1, 0])).toEqual(verdict([0, 1]));
});
