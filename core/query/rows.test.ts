import { expect, test } from 'vitest';
import type { DeviceId } from '../ids.ts';
import { quantityByCode } from '../reading/quantity.ts';
import { mergeRows, roundValue, rowsOfDay, withVerdicts, type ObservationRow, type StoredDay } from './rows.ts';

const RULES = { hourSeconds: 3600, epochSeconds: 86_400 };
const DEVICE = 'did:key:z6Mka' as DeviceId;
const PM25 = [quantityByCode('pm25')].flatMap((quantity) => quantity ?? []);
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const SITE = { cell: '83390cfffffffff', latitude: 40.42, longitude: -3.7 };

type Hours = StoredDay['series'][number]['hours'];
const day = (hours: Hours, late: Hours = []): StoredDay => ({
  device: DEVICE,
  epoch: 2,
  site: SITE,
  series: [{ quantity: 1, hours }],
  lateSeries: late.length === 0 ? [] : [{ quantity: 1, hours: late }],
});

test('a closed hour is the exact mean of its readings in the unit of the quantity', () => {
  const rows = rowsOfDay(day([null, [3, 100, 3, 2]]), PM25, RULES);
  expect(rows).toEqual([
    {
      device: DEVICE,
      quantity: 'pm25',
      startMs: 2 * DAY_MS + HOUR_MS,
      value: 100 / 3 / 10,
      count: 3,
      flag: 3,
      tests: ['step'],
      final: true,
      site: SITE,
    },
  ]);
});

test('late readings join the mean and keep the verdict of the close', () => {
  const rows = rowsOfDay(
    day(
      [[1, 10, 1, 0], null],
      [
        [1, 30, 2, 8],
        [2, 40, 2, 8],
      ],
    ),
    PM25,
    RULES,
  );
  expect(rows.map(({ value, count, flag, tests }) => ({ value, count, flag, tests }))).toEqual([
    { value: 2, count: 2, flag: 1, tests: ['late'] },
    { value: 2, count: 2, flag: 2, tests: ['late'] },
  ]);
});

test('merging sorts by device, time and catalogue, and a row that both sides know appears once, as it was closed', () => {
  const row = (startMs: number, final: boolean, quantity = 'pm25'): ObservationRow => ({
    device: DEVICE,
    quantity,
    startMs,
    value: 1,
    count: 1,
    flag: 1,
    tests: [],
    final,
    site: null,
  });
  const merged = mergeRows([row(2, true), row(1, true)], [row(3, false), row(2, false), row(2, false, 'co')]);
  expect(merged.map(({ quantity, startMs, final }) => [quantity, startMs, final])).toEqual([
    ['pm25', 1, true],
    ['pm25', 2, true],
    ['co', 2, false],
    ['pm25', 3, false],
  ]);
});

test('what is shown is rounded to a hundredth of the resolution', () => {
  expect(roundValue(100 / 3 / 10, { stepsPerUnit: 10 })).toBe(3.333);
});

test('a reading of a closed day has the verdict of its hour, and what failed by itself stays failed', () => {
  const reading = (hour: number, flag: number): ObservationRow => ({
    device: DEVICE,
    quantity: 'pm25',
    startMs: 2 * DAY_MS + hour * HOUR_MS + 60_000,
    value: 2,
    count: 1,
    flag,
    tests: [],
    final: true,
    site: null,
  });
  const closed = day(
    [[1, 10, 3, 2], [1, 10, 1, 0], null],
    [
      [1, 30, 2, 8],
      [1, 30, 2, 8],
      [1, 30, 2, 8],
    ],
  );
  const rows = withVerdicts([reading(0, 1), reading(1, 4), reading(2, 1), reading(3, 1)], [closed], RULES);
  expect(rows.map(({ flag, tests }) => [flag, tests])).toEqual([
    [3, ['step']],
    [4, []],
    [2, ['late']],
    [1, []],
  ]);
});
