import { expect, test } from 'vitest';
import { type AttackName, ATTACK_NAMES } from '../../sensors/simulator/attacks/catalogue.ts';
import { loadSlices } from '../../sensors/simulator/slice.ts';
import { Bench, planRuns, type RunResult, spreadOver } from './bench.ts';
import { citiesOf } from './city.ts';
import { familiesTable, summarize, totalsOf } from './report.ts';

const cities = citiesOf(await loadSlices());
/** The smaller city; a month of it is folded once, with the first test that needs it. */
const small = cities.filter(({ name }) => name === 'Beijing');
const A_MONTH_FOLDED = { timeout: 60_000 };
const bench = new Bench();
const runOnce = (attack: AttackName): RunResult => {
  const run = planRuns(small, [attack], 1, 1)[0];
  if (!run) throw new Error(`no run of ${attack}`);
  return bench.run(run);
};

test('every family runs in some city, on as many stations and seeds as asked for', () => {
  const runs = planRuns(cities, ATTACK_NAMES, 3, 2);
  expect(new Set(runs.map(({ attack }) => attack)).size).toBe(ATTACK_NAMES.length);
  const ofReplay = runs.filter(({ attack }) => attack === 'replay');
  expect(ofReplay).toHaveLength(cities.length * 3 * 2);
  expect(new Set(ofReplay.map(({ station }) => station)).size).toBe(cities.length * 3);
  const all = planRuns(cities, ['replay'], Infinity, 1);
  expect(all).toHaveLength(22);
});

test('a choice is spread over the list and begins with its first', () => {
  expect(spreadOver(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], 4)).toEqual(['a', 'c', 'e', 'g']);
  expect(spreadOver(['a', 'b', 'c'], 2)).toEqual(['a', 'c']);
  expect(spreadOver(['a', 'b'], 9)).toEqual(['a', 'b']);
});

test('the honest month has a device-hour for each hour that a station measured anything', A_MONTH_FOLDED, () => {
  for (const city of small) {
    for (const { station, rate, score } of bench.baseline(city)) {
      const series = [...(city.slices.series.get(station)?.values() ?? [])];
      const measured = (series[0] ?? []).filter((_, hour) =>
        series.some((values) => typeof values[hour] === 'number'),
      ).length;
      expect(rate.hours, station).toBe(measured);
      expect(rate.flagged / rate.hours, station).toBeLessThan(0.1);
      expect(score, station).toBeGreaterThan(0.8);
    }
  }
});

test('a constant is caught and hurts its score, and the same run gives the same result', A_MONTH_FOLDED, () => {
  const result = runOnce('constant');
  expect(result.caught).toMatchObject({ isNoticed: true, isSustained: true, notTaken: 0 });
  expect(result.score).toBeLessThan(result.honestScore / 2);
  expect(result.donor).toBeNull();
  expect(runOnce('constant')).toEqual(result);
});

test(
  'the copied one is known by name, and who stands where the air comes from is not in the network',
  A_MONTH_FOLDED,
  () => {
    expect(runOnce('copy').donor?.hours).toBeGreaterThan(300);
    const location = runOnce('location');
    expect(location.donor).toBeNull();
    expect(location.others.hours).toBeLessThan(runOnce('constant').others.hours);
  },
);

test('a family is a row: shares of its runs, the median delay of those noticed, donors by head', A_MONTH_FOLDED, () => {
  const base = runOnce('copy');
  const caught = { isNoticed: true, isSustained: false, delayHours: 4, notTaken: 0, tests: new Map([['copy', 3]]) };
  const unseen = { ...caught, isNoticed: false, delayHours: null, tests: new Map() };
  const harm = { hours: 100, accused: 1, relieved: 0, failed: 0 };
  const clean = { ...harm, accused: 0 };
  const rows = summarize([
    { ...base, caught, others: harm, donor: harm, score: 0.5, honestScore: 1 },
    { ...base, caught: unseen, others: clean, donor: clean, score: 1, honestScore: 1 },
  ]);
  expect(rows).toEqual([
    {
      attack: 'copy',
      runs: 2,
      noticed: 0.5,
      sustained: 0,
      delayHours: 4,
      notTaken: 0,
      score: 0.75,
      honestScore: 1,
      others: { hours: 200, accused: 1, relieved: 0, failed: 0 },
      donors: { flagged: 1, failed: 0, runs: 2 },
      tests: ['copy'],
    },
  ]);
  expect(familiesTable(rows)).toContain(
    '| copy | 2 | 0.50 | 0.00 | 4 | 0.00 | 0.750 | 1.000 | 0.50 % | 1, 0 of 2 | copy |',
  );
  expect(totalsOf(rows)).toContain('1 families, 2 attacks');
});
