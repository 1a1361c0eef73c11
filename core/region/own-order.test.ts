import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, reading, TestLog } from '../../test/support/region-log.ts';
import { CONSISTENCY, STEP, TIME } from '../qc/tests.ts';
import type { Reading } from '../reading/reading.ts';
import { LOCAL_RULES } from '../rules/local.ts';
import type { JudgedCell } from './outputs.ts';

const MINUTE_MS = 60_000;
const HOUR = DAY0_MS / HOUR_MS;

/** Steady until the second hour, which is given minute by minute in order of receipt; its verdict. */
function verdictOf(posts: readonly (readonly [minute: number, value: number])[], delayMs = 0): JudgedCell | undefined {
  const log = new TestLog(1);
  for (let minute = 0; minute < 60; minute += 2) {
    const measuredMs = DAY0_MS + minute * MINUTE_MS;
    log.post(0, measuredMs + 3 * MINUTE_MS, [reading('temp', measuredMs, 15 + minute / 100)]);
  }
  for (const [at, [minute, value]] of posts.entries()) {
    const measuredMs = DAY0_MS + HOUR_MS + minute * MINUTE_MS;
    log.post(0, DAY0_MS + HOUR_MS + (3 + at) * MINUTE_MS + delayMs, [reading('temp', measuredMs, value)]);
  }
  log.close(HOUR + 1, DAY0_MS + 2 * HOUR_MS + 300_000);
  return log.outputs.hours.find(({ hour }) => hour === HOUR + 1)?.cells[0];
}

test('two posts of one device that overtake each other get the verdict that they get in order', () => {
  const inOrder = verdictOf([
    [0, 40],
    [2, 15],
  ]);
  expect(inOrder?.slice(6)).toEqual([3, STEP]);
  expect(
    verdictOf([
      [2, 15],
      [0, 40],
    ]),
  ).toEqual(inOrder);
});

test('what was said of a post at its receipt stays when its readings are judged again', () => {
  const tests = verdictOf(
    [
      [2, 15],
      [0, 40],
    ],
    20 * MINUTE_MS,
  )?.[7];
  expect(tests).toBe(STEP | TIME);
});

test('of two fractions that contradict each other in two posts both are suspect, whichever came first', () => {
  const testsOf = (codes: readonly string[]) => {
    const log = new TestLog(1);
    for (const code of codes) log.post(0, DAY0_MS + 3000, [reading(code, DAY0_MS, code === 'pm25' ? 300 : 10)]);
    log.close(HOUR, DAY0_MS + HOUR_MS + 300_000);
    return log.outputs.hours[0]?.cells.map((cell) => cell[7]);
  };
  expect(testsOf(['pm25', 'pm10'])).toEqual([CONSISTENCY, CONSISTENCY]);
  expect(testsOf(['pm10', 'pm25'])).toEqual([CONSISTENCY, CONSISTENCY]);
});

test('a jump is found among more readings than the window holds, too', () => {
  const log = new TestLog(1);
  const count = 900;
  const order = Array.from({ length: count }, (_, at) => (at % 2 === 0 ? at + 1 : at - 1));
  for (const [slot, at] of order.entries()) {
    const value = at === 800 ? 40 : 15;
    log.post(0, DAY0_MS + slot * 4000 + 8000, [reading('temp', DAY0_MS + at * 4000, value)]);
  }
  log.close(HOUR, DAY0_MS + HOUR_MS + 300_000);
  expect(log.outputs.hours[0]?.cells[0]?.[7]).toBe(STEP);
});

test('what came too late for its own hour is still what the next one is held against, in any order', () => {
  const testsOf = (minutes: readonly number[]) => {
    const log = new TestLog(1);
    const at = (minute: number, value: number) => reading('temp', DAY0_MS + minute * MINUTE_MS, value);
    for (let minute = 0; minute < 58; minute += 2) log.post(0, DAY0_MS + minute * MINUTE_MS, [at(minute, 15)]);
    log.close(HOUR, DAY0_MS + 65 * MINUTE_MS);
    for (const minute of minutes) log.post(0, DAY0_MS + 66 * MINUTE_MS, [at(minute, 40)]);
    log.close(HOUR + 1, DAY0_MS + 2 * HOUR_MS + 300_000);
    return log.outputs.hours[1]?.cells.map((cell) => cell[7] & STEP);
  };
  expect(testsOf([58, 62])).toEqual([0]);
  expect(testsOf([62, 58])).toEqual([0]);
  expect(testsOf([62])).toEqual([STEP]);
});

test('maintenance announced after a reading of a clock that is ahead covers it in any order', () => {
  const unjudged = (overtakes: boolean) => {
    const log = new TestLog(1);
    const at = (minute: number) => reading('temp', DAY0_MS + minute * MINUTE_MS, minute === 4 ? 40 : 15);
    for (const minute of overtakes ? [2, 0, 4] : [0, 2, 4]) log.post(0, DAY0_MS + 2 * MINUTE_MS, [at(minute)]);
    const untilMs = DAY0_MS + HOUR_MS;
    const device = log.state.devices[0]?.membership.device;
    if (device === undefined) throw new Error('no device');
    log.add({ kind: 'maintenance', device, fromMs: 0, untilMs }, DAY0_MS + 3 * MINUTE_MS);
    log.close(HOUR, DAY0_MS + HOUR_MS + 300_000);
    return log.outputs.hours[0]?.cells[0];
  };
  expect(unjudged(false)?.slice(6)).toEqual([2, 0]);
  expect(unjudged(true)).toEqual(unjudged(false));
});

/** Hours of 20 s, so that no order within one is late enough for the test of the clock. */
const RULES = LOCAL_RULES;
const LOCAL_HOUR_MS = RULES.time.hourSeconds * 1000;
const HOURS = 14;

/** What a device measures every two seconds, by kind: good, a jump, out of range, the same again, contradicting. */
function readingsAt(measuredMs: number, kind: number): readonly Reading[][] {
  const temp = [15 + (measuredMs % 7) / 10, 40, 90, 20, 15.3][kind] ?? 15;
  const pm25 = [9, 9, 1500, 8, 300][kind] ?? 9;
  const pm10 = [12, 700, 12, 10, 12][kind] ?? 12;
  const fine = reading('pm25', measuredMs, pm25);
  const coarse = reading('pm10', measuredMs, pm10);
  // Now and then the fractions come apart.
  return measuredMs % 6000 === 0
    ? [[reading('temp', measuredMs, temp), fine], [coarse]]
    : [[reading('temp', measuredMs, temp), fine, coarse]];
}

/** Posts wait until shortly before each close, which is in the next hour, and then go in the order of `keys`. */
function judged(kinds: readonly number[], keys: readonly number[] | null, pauses: boolean): unknown {
  const log = new TestLog(1, RULES);
  const first = DAY0_MS / LOCAL_HOUR_MS;
  const posts = kinds.flatMap((kind, at) => readingsAt(DAY0_MS + at * 2000, kind));
  let sent = 0;
  for (let hour = 0; hour < HOURS; hour += 1) {
    const endMs = DAY0_MS + (hour + 1) * LOCAL_HOUR_MS;
    const open = posts.slice(sent).filter(([one]) => (one?.measuredMs ?? Infinity) < endMs + 2000);
    sent += open.length;
    const order = open.map((post, at) => [keys?.[(at * 31 + hour) % keys.length] ?? 0, at, post] as const);
    order.sort(([a, atA], [b, atB]) => a - b || atA - atB);
    for (const [, , post] of order) log.post(0, endMs + 2500, post);
    const device = log.state.devices[0]?.membership.device;
    if (pauses && hour === 5 && device !== undefined)
      log.add({ kind: 'maintenance', device, fromMs: 0, untilMs: endMs + 2 * LOCAL_HOUR_MS }, endMs + 2600);
    log.close(first + hour, endMs + 3000);
  }
  const [device] = log.state.devices;
  const histories = device?.quantities.map((one) => [one.lastMs, one.levelMs, one.levelSteps, one.runStartMs]);
  return [log.outputs.hours, log.outputs.days, log.outputs.events, histories];
}

test('any order of the posts that come before the close gives the same cells, events and scores', () => {
  const kind = fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 8, arbitrary: fc.constant(3) },
    { weight: 2, arbitrary: fc.nat(4) },
  );
  const count = (HOURS * LOCAL_HOUR_MS) / 2000 + 1;
  fc.assert(
    fc.property(
      fc.array(kind, { minLength: count, maxLength: count }),
      fc.array(fc.nat(1_000_000), { minLength: 13, maxLength: 13 }),
      fc.boolean(),
      (kinds, keys, pauses) => {
        expect(judged(kinds, keys, pauses)).toEqual(judged(kinds, null, pauses));
      },
    ),
    { numRuns: 60 },
  );
});

test('hours that stay open for longer than the window are put in order before it moves on', () => {
  const cellsOf = (swapped: number | null) => {
    const log = new TestLog(1, RULES);
    const order = Array.from({ length: 60 }, (_, at) => at);
    if (swapped !== null) order.splice(swapped, 2, swapped + 1, swapped);
    for (const at of order)
      log.post(0, DAY0_MS + 130_000, [reading('temp', DAY0_MS + at * 2000, at === 17 ? 40 : 15 + at / 10)]);
    log.close(DAY0_MS / LOCAL_HOUR_MS + 5, DAY0_MS + 130_000);
    return log.outputs.hours;
  };
  expect(cellsOf(null)[1]?.cells[0]?.[7]).toBe(STEP);
  expect(cellsOf(17)).toEqual(cellsOf(null));
});

test('a value that stands still for hours is found flat in any order', () => {
  const kinds = Array.from({ length: (HOURS * LOCAL_HOUR_MS) / 2000 + 1 }, () => 3);
  const inOrder = judged(kinds, null, false);
  expect(JSON.stringify(inOrder)).toContain('"test":4');
  expect(judged(kinds, [5, 3, 8, 1, 9, 2], false)).toEqual(inOrder);
});
