import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceId } from '../ids.ts';
import { quantityByCode } from '../reading/quantity.ts';
import { deriveRows } from './derive.ts';
import type { ObservationsRequest } from './observations.ts';
import type { ObservationRow } from './rows.ts';
import { hoursUsed, servedBy } from './served.ts';

const RULES = { hourSeconds: 3600, epochSeconds: 86_400 };
const DEVICE = 'did:key:z6Mka' as DeviceId;
const HOUR_MS = 3_600_000;
const FIRST = 480; // of a UTC day
/** Of the day after: the device stands elsewhere from then on. */
const MOVED_AT = FIRST + 30;
const OLD_SITE = { cell: '83390cfffffffff', latitude: 40.42, longitude: -3.7 };
const NEW_SITE = { cell: '83390cfffffffff', latitude: 40.48, longitude: -3.68 };

type Asked = Pick<ObservationsRequest, 'quantities' | 'series' | 'indices' | 'resolution'>;
const asked = (codes: readonly string[], more: Partial<Asked>): Asked => ({
  quantities: codes.flatMap((code) => quantityByCode(code) ?? []),
  series: ['raw'],
  indices: [],
  resolution: 'hour',
  ...more,
});
const row = (quantity: string, hour: number, value: number, flag = 1, final = true): ObservationRow => ({
  device: DEVICE,
  quantity,
  startMs: hour * HOUR_MS,
  value,
  count: 4,
  flag,
  tests: flag === 1 ? [] : ['step'],
  final,
  site: hour < MOVED_AT ? OLD_SITE : NEW_SITE,
});
const series = (quantity: string, from: number, values: readonly number[]) =>
  values.map((value, at) => row(quantity, from + at, value));
const slice = (fromHour: number, untilHour: number, isOpening = true) => ({
  device: { device: DEVICE, closedThrough: untilHour - 1 },
  fromHour,
  untilHour,
  isOpening,
});
const constant = (value: number, count: number) => Array.from({ length: count }, () => value);

test('raw and corrected stand beside each other, and the raw value stays', () => {
  const rows = [row('pm25', FIRST, 20), row('rh', FIRST, 50), row('pm25', FIRST + 1, 20)];
  const answer = deriveRows(rows, slice(FIRST, FIRST + 2), asked(['pm25'], { series: ['raw', 'corrected'] }), RULES);
  expect(answer.map(({ series: kind, startMs, value }) => [kind, startMs / HOUR_MS - FIRST, value])).toEqual([
    ['raw', 0, 20],
    // .524 x 20 - .0862 x 50 + 5.75
    ['corrected', 0, 11.92],
    ['raw', 1, 20],
  ]);
});

test('humidity that is not good corrects nothing', () => {
  const rows = [row('pm25', FIRST, 20), row('rh', FIRST, 50, 3)];
  expect(deriveRows(rows, slice(FIRST, FIRST + 1), asked(['pm25'], { series: ['corrected'] }), RULES)).toEqual([]);
});

test('a mean of a day is of its good hours, with their number and share', () => {
  const rows = [...series('pm25', FIRST, constant(10, 18)), row('pm25', FIRST + 18, 900, 3)];
  const [day] = deriveRows(rows, slice(FIRST, FIRST + 24), asked(['pm25'], { resolution: 'day' }), RULES);
  expect(day).toMatchObject({ value: 10, count: 72, hours: 18, coverage: 0.75, flag: 1, final: true, tests: [] });
  const less = deriveRows(rows.slice(1), slice(FIRST, FIRST + 24), asked(['pm25'], { resolution: 'day' }), RULES);
  expect(less).toMatchObject([{ hours: 17, coverage: 0.708, flag: 2 }]);
  const none = deriveRows(rows.slice(18), slice(FIRST, FIRST + 24), asked(['pm25'], { resolution: 'day' }), RULES);
  expect(none).toEqual([]);
});

test('what is made of several hours was measured where the last of them was', () => {
  const rows = series('pm25', FIRST, constant(10, 48));
  const hourly = deriveRows(rows, slice(FIRST, FIRST + 48), asked(['pm25'], { indices: ['european-aqi'] }), RULES);
  for (const { startMs, site } of hourly) expect(site).toBe(startMs < MOVED_AT * HOUR_MS ? OLD_SITE : NEW_SITE);
  expect(hourly).toHaveLength(96);
  const daily = asked(['pm25'], { resolution: 'day', indices: ['us-aqi'] });
  const days = deriveRows(rows, slice(FIRST, FIRST + 48), daily, RULES);
  expect(days.map(({ quantity, site }) => [quantity, site])).toEqual([
    ['pm25', OLD_SITE],
    ['us-aqi', OLD_SITE],
    ['pm25', NEW_SITE],
    ['us-aqi', NEW_SITE],
  ]);
});

test('a day that goes on is not final', () => {
  const rows = series('pm25', FIRST, constant(10, 20));
  const going = { ...slice(FIRST, FIRST + 24), device: { device: DEVICE, closedThrough: FIRST + 19 } };
  expect(deriveRows(rows, going, asked(['pm25'], { resolution: 'day' }), RULES)).toMatchObject([{ final: false }]);
});

test('the AQI of a day and the NowCast AQI have their own names, categories and hours', () => {
  const rows = series('pm25', FIRST, constant(35.4, 24));
  const day = deriveRows(rows, slice(FIRST, FIRST + 24), asked([], { indices: ['us-aqi'], resolution: 'day' }), RULES);
  expect(day).toMatchObject([
    { quantity: 'us-aqi', series: 'index', unit: '1', value: 100, category: 'moderate', pollutant: 'pm25', count: 24 },
  ]);
  const now = deriveRows(rows, slice(FIRST + 12, FIRST + 14), asked([], { indices: ['us-aqi-nowcast'] }), RULES);
  expect(now.map(({ quantity, value, count }) => [quantity, value, count])).toEqual([
    ['us-aqi-nowcast', 100, 12],
    ['us-aqi-nowcast', 100, 12],
  ]);
  const european = deriveRows(rows, slice(FIRST, FIRST + 1), asked([], { indices: ['european-aqi'] }), RULES);
  expect(european).toMatchObject([{ value: 3, category: 'moderate', pollutant: 'pm25', count: 1 }]);
});

test('no index changes with what a suspect, failed or open hour holds', () => {
  const indices: Asked = asked([], { indices: ['us-aqi-nowcast', 'european-aqi'] });
  const good = series('pm25', FIRST, constant(20, 12));
  fc.assert(
    fc.property(
      fc.nat(11),
      fc.constantFrom([3, true], [4, true], [1, false] as const),
      fc.nat(1000),
      fc.nat(1000),
      (at, [flag, final], first, second) => {
        const with_ = (value: number) =>
          good.map((cell, index) => (index === at ? row('pm25', FIRST + at, value, flag, final) : cell));
        const answerOf = (value: number) => deriveRows(with_(value), slice(FIRST, FIRST + 12), indices, RULES);
        expect(answerOf(first)).toEqual(answerOf(second));
      },
    ),
  );
});

test('the hours behind each row are owed once, whatever is made of them', () => {
  const rows = [...series('pm25', FIRST - 12, constant(20, 24)), ...series('rh', FIRST, constant(50, 12))];
  const all = asked(['pm25', 'rh'], { series: ['raw', 'corrected'], indices: ['us-aqi-nowcast', 'european-aqi'] });
  const unitsOf = (part: ReturnType<typeof slice>) => {
    const used = hoursUsed(deriveRows(rows, part, all, RULES), rows, [part], RULES);
    return servedBy(used, RULES);
  };
  // 12 hours of both, and the eleven before the first that the NowCast looks back on.
  expect(unitsOf(slice(FIRST, FIRST + 12))).toEqual([{ device: DEVICE, units: 12 + 12 + 11 }]);
  expect(unitsOf(slice(FIRST, FIRST + 5))).toEqual([{ device: DEVICE, units: 5 + 5 + 11 }]);
  // A page that goes on owes nothing twice.
  expect(unitsOf(slice(FIRST + 5, FIRST + 12, false))).toEqual([{ device: DEVICE, units: 7 + 7 }]);
});

test('a flagged hour is answered and owes nothing', () => {
  const rows = [row('pm25', FIRST, 20, 3), row('pm25', FIRST + 1, 20)];
  const part = slice(FIRST, FIRST + 2);
  const answer = deriveRows(rows, part, asked(['pm25'], {}), RULES);
  expect(answer).toHaveLength(2);
  expect(servedBy(hoursUsed(answer, rows, [part], RULES), RULES)).toEqual([{ device: DEVICE, units: 1 }]);
});
