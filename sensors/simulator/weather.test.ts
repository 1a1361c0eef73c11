import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HONEST, valuesAt } from './behaviour.ts';
import { extendSlices, stationsFor } from './extend.ts';
import { labelsOf, scoreOf } from './labels.ts';
import { loadSlices } from './slice.ts';
import { episodeAt, FAULT_NAMES, FIRST_FAULTY_HOUR, isLinkFault, type Weather } from './weather.ts';

const slices = await loadSlices();
const STATION = '28079024';
const ALL: Weather = { faults: FAULT_NAMES, rate: 0.5 };
const HOURS = 21 * 24;

test('an episode says the same of each of its hours, and none begins on the first day', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 5000 }), (seed, hour) => {
      const episode = episodeAt(ALL, STATION, seed, hour);
      if (episode === null) return;
      const { fromHour, untilHour } = episode;
      expect(fromHour).toBeGreaterThanOrEqual(FIRST_FAULTY_HOUR);
      expect(untilHour - fromHour).toBeGreaterThanOrEqual(6);
      expect(episodeAt(ALL, STATION, seed, fromHour)).toEqual(episode);
      expect(episodeAt(ALL, STATION, seed, untilHour - 1)).toEqual(episode);
      expect(episodeAt(ALL, STATION, seed, untilHour)?.fromHour).not.toBe(fromHour);
    }),
  );
});

test.each([0, 0.25, 1])('at a rate of %d that share of two days has a fault', (rate) => {
  const windows = Array.from({ length: 400 }, (_, window) => 24 + 48 * window);
  const faulty = windows.filter((from) =>
    Array.from({ length: 48 }, (_, hour) => from + hour).some(
      (hour) => episodeAt({ ...ALL, rate }, STATION, 's', hour) !== null,
    ),
  );
  expect(Math.abs(faulty.length / windows.length - rate)).toBeLessThan(0.08);
});

test.each(FAULT_NAMES)('%s: labels are the hours that differ, and nothing else does', (fault) => {
  const weather = { kind: 'weather', faults: [fault], rate: 1 } as const;
  const labels = labelsOf(slices, STATION, weather, 'seed', HOURS);
  expect(labels.length).toBeGreaterThan(3);
  const isLabelled = (hour: number): boolean =>
    labels.some(({ fromHour, untilHour }) => hour >= fromHour && hour < untilHour);
  let differing = 0;
  for (let hour = 0; hour < HOURS; hour++) {
    const told = valuesAt(slices, STATION, weather, 'seed', hour);
    const isTrue = JSON.stringify(told) === JSON.stringify(valuesAt(slices, STATION, HONEST, 'seed', hour));
    if (!isTrue) {
      differing++;
      expect(isLabelled(hour), `hour ${hour}`).toBe(true);
    }
    expect(valuesAt(slices, STATION, weather, 'seed', hour)).toEqual(told);
  }
  // A road changes no value, nor does a clock.
  if (isLinkFault(fault) || fault === 'clock') expect(differing).toBe(0);
  else expect(differing).toBeGreaterThan(20);
});

test('precision and recall count device-hours; what only happened on the way counts as nothing to be found', () => {
  const labels = [
    { station: 'a', name: 'stuck', fromHour: 10, untilHour: 20 },
    { station: 'a', name: 'lost', fromHour: 30, untilHour: 40 },
    { station: 'b', name: 'noise', fromHour: 10, untilHour: 20 },
    { station: 'b', name: 'noise', fromHour: 90, untilHour: 99 },
  ];
  const flags = [
    { station: 'a', fromHour: 15, untilHour: 25 },
    { station: 'a', fromHour: 18, untilHour: 22 },
  ];
  expect(scoreOf(labels, flags, 50)).toEqual({
    injected: 20,
    flagged: 10,
    both: 5,
    byName: new Map([
      ['stuck', { injected: 1, found: 1 }],
      ['lost', { injected: 1, found: 0 }],
      ['noise', { injected: 1, found: 0 }],
    ]),
  });
});

test('a fleet of any size has stations of their own, near those that were measured, with series like theirs and unlike each other', () => {
  const stations = stationsFor(slices.stations, 200);
  expect(new Set(stations.map(({ id }) => id)).size).toBe(200);
  expect(stationsFor(slices.stations, 200)).toEqual(stations);
  expect(stationsFor(slices.stations, 150)).toEqual(stations.slice(0, 150));
  const extended = extendSlices(slices, 200 - slices.stations.length);
  const seen = new Set<string>();
  for (const { id, region, latitude } of stations.slice(slices.stations.length)) {
    const measured = slices.stations.filter((other) => other.region === region).map((other) => other.latitude);
    expect(latitude).toBeGreaterThan(Math.min(...measured) - 0.01);
    expect(latitude).toBeLessThan(Math.max(...measured) + 0.01);
    const series = extended.series.get(id);
    expect(series?.size, id).toBeGreaterThan(0);
    seen.add(JSON.stringify([...(series ?? [])].map(([, values]) => values.slice(0, 48))));
  }
  expect(seen.size).toBe(200 - slices.stations.length);
});
