/**
 * The published test data of titanlib (github.com/metno/titanlib at 18a4fac, tests/*.py and tests/files/*.yml) through our
 * hour close. `place` is a buddy check of absolute values with fixed settings, so the published values are scaled until
 * their threshold and least deviation are ours; where that is impossible the test says so. titanlib: 0 good, 1 flagged.
 */
import { expect, test } from 'vitest';
import { PLACE, RANGE } from '../../core/qc/tests.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../support/region-log.ts';

type Point = { readonly latitude: number; readonly longitude: number; readonly elevationM?: number };

/** One hour in which each point posts once; the tests found in each, by point. */
function testsAt(points: readonly Point[], values: readonly number[], rules = MAIN_RULES): number[] {
  const cells = measuredTown(points, values, rules).outputs.hours.flatMap((hour) => hour.cells);
  return points.map((_point, slot) => cells.find(([of]) => of === slot)?.[7] ?? 0);
}

/** Who never measures is nobody's neighbor. */
function measuredTown(points: readonly Point[], values: readonly number[], rules = MAIN_RULES): TestLog {
  const log = townOf(points, rules);
  for (const [slot, value] of values.entries())
    log.post(slot, DAY0_MS + 2000 + slot, [reading('temp', DAY0_MS, value)]);
  log.close(DAY0_MS / HOUR_MS, DAY0_MS + HOUR_MS + 300_000);
  return log;
}

function townOf(points: readonly Point[], rules = MAIN_RULES): TestLog {
  const log = new TestLog(0, rules);
  for (const [slot, { latitude, longitude, elevationM = 0 }] of points.entries()) {
    const place = { latitudeE5: Math.round(latitude * 1e5), longitudeE5: Math.round(longitude * 1e5), elevationM };
    log.add(memberOf(slot, place), DAY0_MS);
  }
  return log;
}

const withTest = (tests: readonly number[], bit: number): number[] => tests.map((one) => ((one & bit) === 0 ? 0 : 1));

test('range check: the published flags', () => {
  // values 4 2 2, least 5 1 0, most 6 3 1
  const cases = [
    [4, 5, 6],
    [2, 1, 3],
    [2, 0, 1],
  ] as const;
  const flags = cases.map(([value, failMin, failMax]) => {
    const temp = { ...MAIN_RULES.quality.temp, failMin, failMax, suspectMin: failMin, suspectMax: failMax };
    const rules = { ...MAIN_RULES, quality: { ...MAIN_RULES.quality, temp } };
    return withTest(testsAt([{ latitude: 60, longitude: 10 }], [value], rules), RANGE)[0];
  });
  expect(flags).toEqual([1, 0, 1]);
});

/** tests/files/buddy_check.yml: ten stations in a row, values 0 0 0 0 0 0 0 0 .1 1. */
const TEN: readonly Point[] = Array.from({ length: 10 }, (_, at) => ({ latitude: 60, longitude: 10.001 + at / 1000 }));
const VALUES = [0, 0, 0, 0, 0, 0, 0, 0, 0.1, 1];
/** 3.5 standard deviations, of which one is never taken as less than 1.8 K: what `place` allows at least. */
const LEAST_BAND_KELVIN = 6.3;

/** Published with threshold 1: the least deviation is the least band, which is scaled to ours. */
function buddyFlags(leastDeviation: number, points = TEN, values = VALUES): number[] {
  const scale = LEAST_BAND_KELVIN / leastDeviation;
  const scaled = values.map((value) => value * scale);
  return withTest(testsAt(points, scaled), PLACE);
}

test('buddy check: the published flags for both larger least deviations', () => {
  expect(buddyFlags(0.3)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(buddyFlags(1)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  // The published first case (least deviation .01, two rounds: the ninth is flagged once the tenth is taken out) would
  // need 630 K at the tenth. Ours has one round an hour; who was flagged is asked no more in the next one.
});

test('buddy check: with fewer neighbors than it asks for nobody is flagged', () => {
  // Published: at least 20 wanted, 9 there. Ours: at least 5 wanted, 4 there.
  expect(buddyFlags(0.3, TEN.slice(5), VALUES.slice(5))).toEqual([0, 0, 0, 0, 0]);
});

test('buddy check: the lapse of temperature with height explains a difference', () => {
  // Published: 1 K at -153.8 m is explained by -.0065 K/m. Ours keeps heights to 10 m and compares from 6.3 K on:
  // 6.9 K above the others is beyond the band at their height, and inside of it 150 m lower.
  const values = [...VALUES.slice(0, 8), 0, 6.9];
  const lower = TEN.map((point, at) => (at === 9 ? { ...point, elevationM: -150 } : point));
  expect(withTest(testsAt(TEN, values), PLACE)[9]).toBe(1);
  expect(withTest(testsAt(lower, values), PLACE)[9]).toBe(0);
});

test('buddy check: a station far above its neighbors is not compared with them', () => {
  // Published: 100 m up where 1 m is allowed. Ours: 300 m up where 200 m are.
  const higher = TEN.map((point, at) => (at === 9 ? { ...point, elevationM: 300 } : point));
  expect(buddyFlags(0.3, higher)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('isolation check: the published neighbor counts, at four times the distance and our radius of 60 km', () => {
  // tests/isolation_test.py: longitudes .1 degrees apart at 60 N, radius 15 km; the sixth point is at 70 N. Counts are
  // 2 3 4 3 2 0: with two wanted the sixth is isolated, with four wanted all but the middle one.
  const apart = (degrees: number): readonly Point[] => [
    ...[0, 1, 2, 3, 4].map((at) => ({ latitude: 60, longitude: 10 + at * degrees })),
    { latitude: 70, longitude: 10 },
  ];
  const nearOf = (points: readonly Point[]): number[] =>
    measuredTown(
      points,
      points.map(() => 0),
    ).state.devices.map(({ near }) => near.length);
  const counts = nearOf(apart(0.4));
  expect(counts.map((count) => (count < 2 ? 1 : 0))).toEqual([0, 0, 0, 0, 0, 1]);
  expect(counts.map((count) => (count < 4 ? 1 : 0))).toEqual([1, 1, 0, 1, 1, 1]);
  // Published with a radius of 1 km: nobody has a neighbor.
  expect(nearOf(apart(6))).toEqual([0, 0, 0, 0, 0, 0]);
});

test('isolation is no fault: a lonely station is judged by its own past', () => {
  // titanlib flags it. Here the lack of neighbors is nothing that a station could be blamed for.
  const far = { latitude: 70, longitude: 10 };
  expect(testsAt([...TEN.slice(0, 5), far], [0, 0, 0, 0, 0, 30])).toEqual([0, 0, 0, 0, 0, 0]);
});
