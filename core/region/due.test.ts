import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { blockDeadlineMs, dueHour, isWorthWaiting, nextDueMs, openHour, whyNoBlock, type NoBlock } from './due.ts';

const HOUR0 = DAY0_MS / HOUR_MS;
const GRACE_MS = 300_000;

/** Two devices that send one reading an hour from three days before `DAY0_MS` on. */
function backfill(slot: number, log: TestLog, hours: number, nowMs: number): void {
  const readings = Array.from({ length: hours }, (_, hour) =>
    reading('temp', DAY0_MS + (hour - 72) * HOUR_MS, 15 + (hour % 5)),
  );
  log.post(slot, nowMs, readings);
}

test('nothing is due before the first batch', () => {
  expect(dueHour(new TestLog(1).state, DAY0_MS + HOUR_MS, MAIN_RULES)).toBeNull();
  expect(nextDueMs(new TestLog(1).state, DAY0_MS, MAIN_RULES)).toBeNull();
});

test('backfilled hours wait for the slowest active device, one epoch a step', () => {
  const log = new TestLog(2);
  backfill(0, log, 72, DAY0_MS);
  expect(dueHour(log.state, DAY0_MS + 1000, MAIN_RULES)).toBeNull();
  backfill(1, log, 30, DAY0_MS + 2000);
  const first = log.state.firstHour ?? 0;
  expect(first % 24).toBe(0);
  expect(dueHour(log.state, DAY0_MS + 3000, MAIN_RULES)).toBe(first + 23);
  // Device 1 stands at its 30th hour: with the grace, the hour before the one it is in may close.
  log.close(HOUR0 - 72 - 1, DAY0_MS + 3000);
  log.close(HOUR0 - 72 + 23, DAY0_MS + 3000);
  expect(dueHour(log.state, DAY0_MS + 4000, MAIN_RULES)).toBe(HOUR0 - 72 + 27);
});

test('a claimed device that never posted holds nothing up, and a silent active one only until the wait is over', () => {
  const log = new TestLog(1);
  log.add(memberOf(1, { status: 'claimed' }), DAY0_MS);
  backfill(0, log, 72, DAY0_MS);
  expect(dueHour(log.state, DAY0_MS + 1000, MAIN_RULES)).not.toBeNull();
  log.add(memberOf(2), DAY0_MS);
  expect(dueHour(log.state, DAY0_MS + 1000, MAIN_RULES)).toBeNull();
  expect(dueHour(log.state, DAY0_MS + MAIN_RULES.time.backfillWaitSeconds * 1000, MAIN_RULES)).not.toBeNull();
});

test('a live hour is due once its grace is over, and the object looks again just then', () => {
  const log = new TestLog(1);
  log.post(0, DAY0_MS + 1000, [reading('temp', DAY0_MS, 15)]);
  const openMs = DAY0_MS + MAIN_RULES.time.backfillWaitSeconds * 1000;
  log.close(HOUR0 + 1, openMs);
  const dueMs = DAY0_MS + 3 * HOUR_MS + GRACE_MS;
  expect(nextDueMs(log.state, openMs, MAIN_RULES)).toBe(dueMs);
  expect(dueHour(log.state, dueMs - 1, MAIN_RULES)).toBeNull();
  expect(dueHour(log.state, dueMs, MAIN_RULES)).toBe(HOUR0 + 2);
});

test('an hour that has closed waits for other regions, and the object looks again when the wait is over', () => {
  const log = new TestLog(1);
  log.post(0, DAY0_MS + 1000, [reading('temp', DAY0_MS, 15)]);
  log.close(HOUR0 + 1, DAY0_MS + MAIN_RULES.time.backfillWaitSeconds * 1000);
  const dueMs = DAY0_MS + 3 * HOUR_MS + GRACE_MS;
  expect(openHour(log.state)).toBeNull();
  log.add({ kind: 'hour-close', hour: HOUR0 + 2 }, dueMs);
  expect(openHour(log.state)).toBe(HOUR0 + 2);
  // A final verdict comes within ten minutes of the hour's end and grace.
  const deadlineMs = dueMs + MAIN_RULES.time.blockWaitSeconds * 1000;
  expect(deadlineMs - dueMs).toBeLessThanOrEqual(600_000);
  expect(nextDueMs(log.state, dueMs, MAIN_RULES)).toBe(deadlineMs);
  // Backfilled hours are long past; they wait as for a slow device.
  const backfilledMs = DAY0_MS + 1000 + (MAIN_RULES.time.backfillWaitSeconds + MAIN_RULES.time.blockWaitSeconds) * 1000;
  expect(blockDeadlineMs(log.state, HOUR0 - 100, MAIN_RULES)).toBe(backfilledMs);
});

test('a region says of an hour without a block whether it will come; only who begins together waits for one not begun', () => {
  const log = new TestLog(1);
  expect(whyNoBlock(new TestLog(0).state, HOUR0)).toBe('never');
  expect(whyNoBlock(log.state, HOUR0)).toBe('not-begun');
  log.post(0, DAY0_MS + 1000, [reading('temp', DAY0_MS, 15)]);
  const first = log.state.firstHour ?? 0;
  expect([first - 1, first, HOUR0].map((hour) => whyNoBlock(log.state, hour))).toEqual(['never', 'not-yet', 'not-yet']);
  log.close(HOUR0, DAY0_MS + 2 * HOUR_MS);
  expect(whyNoBlock(log.state, HOUR0)).toBe('never');

  const begunMs = DAY0_MS + 1000 + MAIN_RULES.time.backfillWaitSeconds * 1000;
  const isWorth = (reason: NoBlock, nowMs: number) => isWorthWaiting(log.state, reason, nowMs, MAIN_RULES);
  expect([isWorth('not-begun', begunMs - 1), isWorth('not-begun', begunMs)]).toEqual([true, false]);
  expect([isWorth('not-yet', begunMs), isWorth('never', DAY0_MS)]).toEqual([true, false]);
});
