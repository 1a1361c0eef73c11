import { expect, test } from 'vitest';
import { quantityByCode } from '../reading/quantity.ts';
import { conversionOf, stepsOf } from '../reading/units.ts';
import { europeanIndex, europeanLevel, EUROPEAN_POLLUTANTS } from './european.ts';
import { goodHours } from './good-hours.ts';

const HOUR = 480_000;

/** Cells as a device makes them that sends mass concentrations. */
function sent(values: Readonly<Record<string, number>>, flag = 1) {
  return Object.entries(values).map(([code, value]) => {
    const quantity = quantityByCode(code);
    const conversion = quantity === undefined ? undefined : conversionOf(quantity, 'ug/m3');
    if (quantity === undefined || conversion?.ok !== true) throw new Error(code);
    const steps = stepsOf(conversion.value, value) ?? Number.NaN;
    return { quantity: quantity.index, hour: HOUR, readings: 1, sum: steps, flag };
  });
}

/** EEA, revision of 2024: upper bounds of good to very poor. */
test.each([
  ['pm25', [5, 15, 50, 90, 140]],
  ['pm10', [15, 45, 120, 195, 270]],
  ['no2', [10, 25, 60, 100, 150]],
  ['o3', [60, 100, 120, 160, 180]],
  ['so2', [20, 40, 125, 190, 275]],
] as const)('%s has its levels up to and including the published bounds', (pollutant, bounds) => {
  expect(bounds.map((bound) => europeanLevel(pollutant, bound).level)).toEqual([1, 2, 3, 4, 5]);
  expect(bounds.map((bound) => europeanLevel(pollutant, bound + 0.1).level)).toEqual([2, 3, 4, 5, 6]);
});

test('the worst pollutant is the index of the hour', () => {
  const hours = goodHours(sent({ pm25: 12, no2: 61, o3: 30 }));
  expect(europeanIndex(hours, HOUR)).toMatchObject({
    ok: true,
    value: {
      level: 4,
      code: 'poor',
      pollutant: 'no2',
      parts: [
        { pollutant: 'pm25', level: 2 },
        { pollutant: 'no2', level: 4 },
        { pollutant: 'o3', level: 1 },
      ],
    },
  });
});

test('gases that were sent in ug/m3 are judged by the figure that was sent', () => {
  for (const pollutant of ['no2', 'o3', 'so2'] as const) {
    for (let value = 1; value < 300; value += 1) {
      // Stored to a tenth of a ppb: a value exactly on a bound may come back a hair above or below.
      const near = [value - 0.2, value + 0.2].map((one) => europeanLevel(pollutant, one).level);
      const index = europeanIndex(goodHours(sent({ [pollutant]: value })), HOUR);
      expect(near).toContain(index.ok ? index.value.level : null);
    }
  }
});

test('without a good hour there is a reason for each pollutant and no index', () => {
  for (const flag of [2, 3, 4, 9]) {
    const index = europeanIndex(goodHours(sent({ pm25: 12, o3: 30 }, flag)), HOUR);
    expect(index.ok ? null : index.error.reason).toBe('no-index');
    expect(index.ok ? [] : index.error.without.map(({ quantity }) => quantity)).toEqual(EUROPEAN_POLLUTANTS);
  }
});
