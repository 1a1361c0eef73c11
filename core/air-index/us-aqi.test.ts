import { expect, test } from 'vitest';
import { quantityByCode, type QuantityCode } from '../reading/quantity.ts';
import { goodHours, type GoodHours, type HourCell } from './good-hours.ts';
import { usAqiNow, usAqiOfDay } from './us-aqi.ts';

const FROM = 480_000;

function cellsOf(code: QuantityCode, values: readonly (number | null)[], flag = 1): HourCell[] {
  const quantity = quantityByCode(code);
  if (quantity === undefined) throw new Error(code);
  return values.flatMap((value, at) => {
    if (value === null) return [];
    const sum = Math.round(value * quantity.stepsPerUnit) * 4;
    return [{ quantity: quantity.index, hour: FROM + at, readings: 4, sum, flag }];
  });
}

const day = (value: number): number[] => Array.from({ length: 24 }, () => value);
const ofDay = (...cells: readonly HourCell[][]) => usAqiOfDay(goodHours(cells.flat()), FROM);
const indexOfDay = (hours: GoodHours) => {
  const result = usAqiOfDay(hours, FROM);
  return result.ok ? result.value.index : result.error.reason;
};

test("the highest pollutant is the day's index, as in EPA's example of several pollutants", () => {
  const result = ofDay(cellsOf('o3', day(78.5)), cellsOf('pm25', day(35.9)), cellsOf('co', day(8.47)));
  expect(result).toMatchObject({
    ok: true,
    value: {
      index: 126,
      pollutant: 'o3',
      category: { code: 'unhealthy-for-sensitive-groups' },
      parts: [
        { pollutant: 'pm25', index: 102 },
        { pollutant: 'o3', index: 126 },
        { pollutant: 'co', index: 90 },
      ],
    },
  });
  expect(result.ok && result.value.without.map(({ quantity }) => quantity)).toEqual(['pm10', 'so2', 'no2']);
});

test('eighteen good hours make a day of particles, seventeen a reason', () => {
  const missing = (count: number) => day(20).map((value, at) => (at < count ? null : value));
  expect(indexOfDay(goodHours(cellsOf('pm25', missing(6))))).toBe(71);
  expect(ofDay(cellsOf('pm25', missing(7)))).toMatchObject({
    ok: false,
    error: {
      reason: 'no-index',
      without: [{ reason: 'too-few-good-hours', quantity: 'pm25', good: 17, needed: 18 }, {}, {}, {}, {}, {}],
    },
  });
});

test('thirteen of the seventeen eight-hour means make a day of ozone', () => {
  const night = (hours: number) => day(60).map((value, at) => (at < hours ? null : value));
  expect(indexOfDay(goodHours(cellsOf('o3', night(6))))).toBe(67);
  expect(ofDay(cellsOf('o3', night(7)))).toMatchObject({
    ok: false,
    error: { without: [{}, {}, { quantity: 'o3', good: 12, needed: 13 }, {}, {}, {}] },
  });
});

test('an hour of ozone from 125 ppb on counts beside the eight-hour mean', () => {
  const spike = day(50).map((value, at) => (at === 14 ? 162 : value));
  expect(indexOfDay(goodHours(cellsOf('o3', spike)))).toBe(147);
});

test('an hour of SO2 above its table is reported as 200 until the mean of the day says more', () => {
  const hour = day(10).map((value, at) => (at === 9 ? 400 : value));
  expect(indexOfDay(goodHours(cellsOf('so2', hour)))).toBe(200);
  expect(indexOfDay(goodHours(cellsOf('so2', day(400))))).toBe(232);
});

test('now: particles by NowCast, ozone and CO by eight hours, SO2 and NO2 by the hour', () => {
  const hours = goodHours([
    ...cellsOf('pm10', day(60)),
    ...cellsOf('o3', day(60)),
    ...cellsOf('co', day(5)),
    ...cellsOf('so2', [...day(10).slice(1), 50]),
    ...cellsOf('no2', [...day(10).slice(1), 120]),
  ]);
  expect(usAqiNow(hours, FROM + 23)).toMatchObject({
    ok: true,
    value: {
      index: 105,
      pollutant: 'no2',
      parts: [
        { pollutant: 'pm10', index: 53 },
        { pollutant: 'o3', index: 67 },
        { pollutant: 'co', index: 56 },
        { pollutant: 'so2', index: 69 },
        { pollutant: 'no2', index: 105 },
      ],
      without: [{ reason: 'too-few-good-hours', quantity: 'pm25', good: 0, needed: 2 }],
    },
  });
});
