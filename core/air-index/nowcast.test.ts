import { expect, test } from 'vitest';
import { quantityByCode, type QuantityCode } from '../reading/quantity.ts';
import { goodHours, type GoodHours } from './good-hours.ts';
import { pmNowCast } from './nowcast.ts';
import { usAqiNow } from './us-aqi.ts';

const NOW = 500_000;

/** One reading an hour; null: nothing good. */
function hoursOf(code: QuantityCode, newestFirst: readonly (number | null)[]): GoodHours {
  const quantity = quantityByCode(code);
  if (quantity === undefined) throw new Error(code);
  const cells = newestFirst.flatMap((value, back) =>
    value === null
      ? []
      : [
          {
            quantity: quantity.index,
            hour: NOW - back,
            readings: 1,
            sum: Math.round(value * quantity.stepsPerUnit),
            flag: 1,
          },
        ],
  );
  return goodHours(cells);
}

function nowCast(newestFirst: readonly (number | null)[]): number | string {
  const result = pmNowCast(hoursOf('pm25', newestFirst), 'pm25', NOW);
  // Truncated to a tenth as it is published; 35.9 stands a hair below itself in binary.
  return result.ok ? Math.floor(result.value * 10 + 1e-6) / 10 : result.error.reason;
}

test("EPA's example of a falling concentration gives 17.4", () => {
  // "Computing the NowCast" (EPA/AirNow, slides): oldest first 50 80 75 90 82 53 64 74 21 10 16 13.
  expect(nowCast([13, 16, 10, 21, 74, 64, 53, 82, 90, 75, 80, 50])).toBe(17.4);
});

test("AirNow's example with a missing hour gives 28.4: the others keep their age", () => {
  // forum.airnowtech.org, "The NowCast for PM2.5 and PM10".
  const newestFirst = [21, null, 35, 49.2, 48.6, 53.7, 66.2, 69.2, 64.9, 50, 43, 34.9];
  expect(nowCast(newestFirst)).toBe(28.4);
  const now = usAqiNow(hoursOf('pm25', newestFirst), NOW);
  expect(now.ok && now.value.index).toBe(87);
});

test('a lone pulse halves from hour to hour', () => {
  const pulse = (back: number) => Array.from({ length: 12 }, (_, at) => (at === back ? 71 : 0));
  const halves = 2 * (1 - 1 / 4096);
  expect(nowCast(pulse(0))).toBe(Math.floor(710 / halves) / 10);
  expect(nowCast(pulse(3))).toBe(Math.floor(710 / 8 / halves) / 10);
});

test('steady air gives the plain mean, clean air zero', () => {
  expect(nowCast(Array.from({ length: 12 }, () => 35.9))).toBe(35.9);
  expect(nowCast(Array.from({ length: 12 }, () => 0))).toBe(0);
});

test('two of the last three hours must be good', () => {
  const rest = Array.from({ length: 9 }, () => 20);
  expect(nowCast([20, null, 20, ...rest])).toBe(20);
  expect(nowCast([null, 20, 20])).toBe(20);
  expect(nowCast([20, null, null, ...rest])).toBe('too-few-good-hours');
  expect(nowCast([])).toBe('too-few-good-hours');
});
