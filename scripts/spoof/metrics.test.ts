import { expect, test } from 'vitest';
import { COPY, FLAT, STEP } from '../../core/qc/tests.ts';
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT } from '../../core/reading/reading.ts';
import type { DeviceDay, JudgedCell } from '../../core/region/outputs.ts';
import {
  type AttackTrace,
  harmTo,
  judgeAttack,
  meanScore,
  median,
  rateOf,
  type Verdicts,
  verdictsOf,
} from './metrics.ts';

const cell = (slot: number, quantity: number, flag: number, tests = 0): JudgedCell => [
  slot,
  quantity,
  1,
  100,
  100,
  100,
  flag,
  tests,
];
const verdicts = (flags: Readonly<Record<number, number>>, tests = FLAT): Verdicts =>
  new Map(Object.entries(flags).map(([hour, flag]) => [Number(hour), { flag, tests: flag >= SUSPECT ? tests : 0 }]));
const hoursFrom = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);
const allGood = (from: number, count: number): Verdicts =>
  verdicts(Object.fromEntries(hoursFrom(from, count).map((hour) => [hour, GOOD])));

function trace(change: Partial<AttackTrace>): AttackTrace {
  return {
    attacked: hoursFrom(10, 8),
    verdicts: allGood(0, 20),
    honest: allGood(0, 20),
    notTaken: new Set(),
    ...change,
  };
}

test('the worst cell speaks for the device-hour, and only flagged cells name tests', () => {
  const bySlot = verdictsOf([
    { hour: 1, cells: [cell(0, 3, GOOD, STEP), cell(0, 4, SUSPECT, FLAT), cell(1, 3, GOOD)] },
    { hour: 2, cells: [cell(0, 3, FAIL, COPY), cell(0, 4, SUSPECT, FLAT), cell(1, 3, NOT_EVALUATED)] },
  ]);
  expect(bySlot.get(0)).toEqual(
    new Map([
      [1, { flag: SUSPECT, tests: FLAT }],
      [2, { flag: FAIL, tests: FLAT | COPY }],
    ]),
  );
  expect(rateOf(bySlot.get(0) ?? new Map())).toEqual({ hours: 2, flagged: 2, failed: 1 });
  expect(rateOf(bySlot.get(1) ?? new Map())).toEqual({ hours: 2, flagged: 0, failed: 0 });
  expect(rateOf(bySlot.get(0) ?? new Map(), (hour) => hour > 1)).toEqual({ hours: 1, flagged: 1, failed: 1 });
});

test('an attack that nothing flags is neither noticed nor sustained and has no delay', () => {
  expect(judgeAttack(trace({}))).toEqual({
    isNoticed: false,
    isSustained: false,
    delayHours: null,
    notTaken: 0,
    tests: new Map(),
  });
});

test('the delay counts from the first attacked hour to the first flag, and one of eight hours is not sustained', () => {
  const caught = judgeAttack(trace({ verdicts: verdicts({ 10: GOOD, 11: GOOD, 13: SUSPECT, 14: GOOD }) }));
  expect(caught).toMatchObject({ isNoticed: true, isSustained: false, delayHours: 3 });
  expect(caught.tests).toEqual(new Map([['flat', 1]]));
});

test('a quarter of the attacked hours is sustained', () => {
  expect(judgeAttack(trace({ verdicts: verdicts({ 12: SUSPECT, 16: FAIL }) })).isSustained).toBe(true);
});

test('flags before the attack, and flags the honest device would have had, are not credited to it', () => {
  const caught = judgeAttack(
    trace({ verdicts: verdicts({ 5: FAIL, 11: SUSPECT }), honest: verdicts({ 5: FAIL, 11: SUSPECT }) }),
  );
  expect(caught).toMatchObject({ isNoticed: false, delayHours: null });
});

test('a flag after a burst counts as noticed, not as sustained', () => {
  const caught = judgeAttack(trace({ attacked: [10, 11], verdicts: verdicts({ 10: GOOD, 11: GOOD, 12: SUSPECT }) }));
  expect(caught).toMatchObject({ isNoticed: true, isSustained: false, delayHours: 2 });
});

test('hours turned away at the door are caught at once', () => {
  const caught = judgeAttack(trace({ verdicts: new Map(), notTaken: new Set(hoursFrom(10, 4)) }));
  expect(caught).toMatchObject({ isNoticed: true, isSustained: true, delayHours: 0, notTaken: 0.5 });
});

test('an attack that changed no hour is not caught', () => {
  expect(judgeAttack(trace({ attacked: [], verdicts: verdicts({ 3: FAIL }) }))).toMatchObject({
    isNoticed: false,
    isSustained: false,
  });
});

test('harm is what the attack changed for an honest device, both ways', () => {
  const honest = verdicts({ 0: SUSPECT, 1: GOOD, 2: SUSPECT, 3: SUSPECT, 4: GOOD });
  const now = verdicts({ 0: GOOD, 1: SUSPECT, 2: GOOD, 3: FAIL, 4: FAIL });
  expect(harmTo(now, honest, 0)).toEqual({ hours: 5, accused: 2, relieved: 2, failed: 2 });
  expect(harmTo(now, honest, 3)).toEqual({ hours: 2, accused: 1, relieved: 0, failed: 2 });
  expect(harmTo(honest, honest, 0)).toEqual({ hours: 5, accused: 0, relieved: 0, failed: 0 });
});

test('a day without a row scores nothing, and other devices and days do not count', () => {
  const day = (device: string, epoch: number, scoreBps: number) =>
    ({ member: { device }, epoch, scoreBps }) as unknown as DeviceDay;
  const days = [day('a', 3, 9000), day('a', 4, 10_000), day('a', 5, 5000), day('b', 4, 10_000)];
  expect(meanScore(days, 'a', 4, 6)).toBe(0.75);
  expect(meanScore(days, 'b', 4, 6)).toBe(0.5);
});

test('the median of nothing is nothing', () => {
  expect(median([])).toBeNull();
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 2])).toBe(3);
});
