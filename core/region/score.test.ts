import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TEST_BITS } from '../qc/tests.ts';
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT } from '../reading/reading.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { TestLog } from '../../test/support/region-log.ts';
import { rememberScore, rememberSilence, scoreDay } from './score.ts';
import type { Cell, DeviceState } from './state.ts';

const NOTHING = { excused: new Set<number>(), unexcused: new Set<number>() };
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

function cell(hour: number, quantity: number, change: Partial<Cell> = {}): Cell {
  return {
    hour,
    quantity,
    count: 1,
    sum: 1,
    min: 1,
    max: 1,
    failed: 0,
    failedSum: 0,
    suspect: 0,
    unevaluated: 0,
    tests: 0,
    flag: GOOD,
    neighbors: 8,
    severity: 0,
    ...change,
  };
}

function device(change: Partial<DeviceState> = {}): DeviceState {
  const [made] = new TestLog(1).state.devices;
  if (made === undefined) throw new Error('no device');
  return { ...made, ...change };
}

const bits = TEST_BITS.map(([, bit]) => bit);
const anyCell = (hour: number, quantity: number): fc.Arbitrary<Cell | null> =>
  fc.option(
    fc
      .record({
        flag: fc.constantFrom(GOOD, GOOD, GOOD, SUSPECT, FAIL, NOT_EVALUATED),
        bit: fc.constantFrom(...bits),
        other: fc.constantFrom(0, ...bits),
        neighbors: fc.constantFrom(0, 3, 8),
      })
      .map(({ flag, bit, other, neighbors }) =>
        cell(hour, quantity, { flag, neighbors, tests: flag === SUSPECT || flag === FAIL ? bit | other : 0 }),
      ),
    { freq: 6 },
  );
const anyDay = fc
  .tuple(...HOURS.flatMap((hour) => [0, 3, 4, 13].map((quantity) => anyCell(hour, quantity))))
  .map((cells) => cells.filter((one) => one !== null));
const anyHours = fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { maxLength: 10 }).map((hours) => new Set(hours));

test('the parts reproduce the score, and the costs account for every point that is missing', () => {
  fc.assert(
    fc.property(
      anyDay,
      anyHours,
      anyHours,
      fc.array(fc.integer({ min: 0, max: 240_000 }), { maxLength: 2 }),
      fc.integer({ min: 4, max: 6 }),
      (cells, excused, touched, badHours, expected) => {
        const unexcused = new Set([...touched].filter((hour) => !excused.has(hour)));
        const { scoreBps, parts } = scoreDay(device({ badHours }), cells, expected, { excused, unexcused }, MAIN_RULES);
        const untainted = Math.floor((parts.availabilityBps * parts.integrityBps) / 10_000);
        expect(Math.floor((untainted * parts.reliabilityBps) / 10_000)).toBe(scoreBps);
        expect(parts.costs.reduce((sum, [, bps]) => sum + bps, 0)).toBe(10_000 - scoreBps);
        expect(parts.costs.every(([code, bps]) => code !== 'rounding' && Number.isInteger(bps) && bps > 0)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('a device alone is capped, one with neighbors half of the time stands in between', () => {
  const day = (confirmed: number) =>
    scoreDay(
      device(),
      HOURS.map((hour) => cell(hour, 3, { neighbors: hour < confirmed ? 3 : 0 })),
      1,
      NOTHING,
      MAIN_RULES,
    );
  expect([24, 12, 0].map((confirmed) => day(confirmed).scoreBps)).toEqual([10_000, 9000, 8000]);
  expect(day(0).parts.costs).toEqual([['unverified', 2000]]);
});

test('a quantity that few measure costs nothing beside others; rain alone stays unconfirmed', () => {
  const both = (rare: number) => HOURS.flatMap((hour) => [cell(hour, 3), cell(hour, rare, { neighbors: 0 })]);
  expect(scoreDay(device(), both(9), 2, NOTHING, MAIN_RULES).parts.reliabilityBps).toBe(10_000);
  expect(scoreDay(device(), both(13), 2, NOTHING, MAIN_RULES).parts.reliabilityBps).toBe(10_000);
  const rain = HOURS.map((hour) => cell(hour, 13, { neighbors: 0 }));
  expect(scoreDay(device(), rain, 1, NOTHING, MAIN_RULES).parts.reliabilityBps).toBe(8000);
});

test('excused maintenance costs nothing with or without readings; beyond the budget it counts as missing', () => {
  const hours = new Set([3, 4, 5, 6, 7, 8]);
  const present = HOURS.filter((hour) => !hours.has(hour)).map((hour) => cell(hour, 3));
  const silent = scoreDay(device(), present, 1, { excused: hours, unexcused: new Set() }, MAIN_RULES);
  expect(silent.scoreBps).toBe(10_000);
  const sent = [...present, ...[...hours].map((hour) => cell(hour, 3, { flag: NOT_EVALUATED, unevaluated: 1 }))];
  expect(scoreDay(device(), sent, 1, { excused: hours, unexcused: new Set() }, MAIN_RULES).scoreBps).toBe(10_000);
  const beyond = scoreDay(device(), sent, 1, { excused: new Set(), unexcused: hours }, MAIN_RULES);
  // 18 of 24 hours, of which 85 % are a whole day.
  expect(beyond.scoreBps).toBe(8823);
  expect(beyond.parts.costs).toEqual([['maintenance', 1177]]);
});

const weekOf = (...scores: (number | null)[]): boolean[] => {
  const one = device();
  return scores.map((score) => {
    if (score === null) rememberSilence(one, MAIN_RULES.score);
    else rememberScore(one, score, MAIN_RULES.score);
    return one.eligible;
  });
};

test('a device stops earning below .5 of the weekly score and earns again from .6 on', () => {
  expect(weekOf(10_000, 0, 0, 0, 10_000, 10_000)).toEqual([true, true, true, false, false, true]);
  // 5,500 for ever is enough for one that earns, and not for one that does not.
  expect(weekOf(10_000, ...Array.from({ length: 30 }, () => 5500)).at(-1)).toBe(true);
  expect(weekOf(10_000, 0, 0, 0, 0, ...Array.from({ length: 30 }, () => 5500)).at(-1)).toBe(false);
});

test('a first day that is only part of one does not keep a new device from earning; a bad second one does', () => {
  expect(weekOf(800, 9000)).toEqual([true, true]);
  expect(weekOf(0, 0)).toEqual([true, false]);
  expect(weekOf(10_000, null, null, null)).toEqual([true, true, true, false]);
});
