import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, reading, TestLog } from '../../test/support/region-log.ts';
import { FAIL, GOOD, SUSPECT } from '../reading/reading.ts';
import { town } from '../../test/support/town.ts';

const at = DAY0_MS + 60_000;
const flagsOf = (log: TestLog, values: Readonly<Record<string, number>>, ms = at) =>
  log
    .post(
      0,
      ms + 1000,
      Object.entries(values).map(([code, value]) => reading(code, ms, value)),
    )
    .flags.map(({ quantity, test: code, flag }) => [quantity, code, flag]);

/** Magnus, with the coefficients of WMO-No. 8. */
function dewPointOf(celsius: number, humidityPercent: number): number {
  const part = Math.log(humidityPercent / 100) + (17.62 * celsius) / (243.12 + celsius);
  return (243.12 * part) / (17.62 - part);
}

test('a finer particle fraction far above a coarser one makes both suspect, absurdly far makes both fail', () => {
  expect(flagsOf(new TestLog(1), { pm25: 250, pm10: 40 })).toEqual([
    ['pm25', 'consistency', SUSPECT],
    ['pm10', 'consistency', SUSPECT],
  ]);
  expect(flagsOf(new TestLog(1), { pm25: 450, pm10: 20 })).toEqual([
    ['pm25', 'consistency', FAIL],
    ['pm10', 'consistency', FAIL],
  ]);
});

test('fractions in their order, and what two honest instruments differ by, are left alone', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 160, noNaN: true }),
      fc.double({ min: 0.4, max: 1, noNaN: true }),
      (pm10, share) => {
        expect(flagsOf(new TestLog(1), { pm1: pm10 * share * share, pm25: pm10 * share, pm10 })).toEqual([]);
        expect(flagsOf(new TestLog(1), { pm25: pm10 * 1.5 + 3, pm10 })).toEqual([]);
      },
    ),
  );
});

test('the moment counts, not the post: a fraction sent alone is held against the last of the others', () => {
  const log = new TestLog(1);
  expect(flagsOf(log, { pm10: 20 })).toEqual([]);
  expect(flagsOf(log, { pm25: 180 })).toEqual([['pm25', 'consistency', SUSPECT]]);
  expect(flagsOf(log, { pm25: 190 }, at + 60_000)).toEqual([]);
});

test('a dew point above the temperature makes both suspect, and both fail when no two instruments differ so much', () => {
  expect(flagsOf(new TestLog(1), { temp: -12, dew_point: -9 })).toEqual([
    ['temp', 'consistency', SUSPECT],
    ['dew_point', 'consistency', SUSPECT],
  ]);
  // Fahrenheit under the name of Celsius.
  expect(flagsOf(new TestLog(1), { temp: 14, dew_point: 32 })).toEqual([
    ['temp', 'consistency', FAIL],
    ['dew_point', 'consistency', FAIL],
  ]);
});

test('saturated air as two honest sensors see it has a dew point that is not above the temperature', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -35, max: 31, noNaN: true }),
      fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      fc.double({ min: 1, max: 105, noNaN: true }),
      (temp, error, humidity) => {
        const flags = flagsOf(new TestLog(1), { temp: temp + error, dew_point: dewPointOf(temp, humidity) });
        // Very dry and very sultry air is the range test's matter.
        expect(flags.filter(([, code]) => code === 'consistency')).toEqual([]);
      },
    ),
  );
});

test('a gust below the mean wind makes both suspect; what rounding and turbulence do is left alone', () => {
  expect(flagsOf(new TestLog(1), { wind_speed: 6, wind_gust: 4 })).toEqual([
    ['wind_speed', 'consistency', SUSPECT],
    ['wind_gust', 'consistency', SUSPECT],
  ]);
  expect(flagsOf(new TestLog(1), { wind_speed: 9, wind_gust: 0 })).toEqual([
    ['wind_speed', 'consistency', FAIL],
    ['wind_gust', 'consistency', FAIL],
  ]);
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 40, noNaN: true }),
      fc.double({ min: 1, max: 1.8, noNaN: true }),
      fc.constantFrom(0.01, 0.1, 0.447, 0.514, 1),
      (mean, factor, step) => {
        const rounded = (value: number) => Math.round(value / step) * step;
        const values = { wind_speed: Math.ceil(mean / step) * step, wind_gust: rounded(mean * factor) };
        expect(flagsOf(new TestLog(1), values)).toEqual([]);
      },
    ),
  );
});

test('the other of the two may come in another post, and an hour is as bad as its readings', () => {
  const log = new TestLog(1);
  const startMs = DAY0_MS;
  for (let minute = 0; minute < 60; minute += 10) {
    const ms = startMs + minute * 60_000;
    expect(flagsOf(log, { temp: 15 + minute / 100 }, ms)).toEqual([]);
    expect(flagsOf(log, { dew_point: 18 + minute / 100 }, ms)).toEqual([['dew_point', 'consistency', SUSPECT]]);
    expect(flagsOf(log, { rh: 60 + minute / 10 }, ms)).toEqual([]);
  }
  log.close(startMs / HOUR_MS, startMs + HOUR_MS + 300_000);
  const told = log.outputs.hours.flatMap(({ cells }) => cells).map(([, quantity, , , , , flag]) => [quantity, flag]);
  // Which of the two is wrong nobody can say here; the humidity is none of them.
  expect(told).toEqual([
    [3, SUSPECT],
    [4, GOOD],
    [19, SUSPECT],
  ]);
  const bands = log.outputs.events.map(({ quantity, low, high }) => [quantity, low, high]);
  expect(bands).toEqual([
    [3, 18.25, null],
    [19, null, 15.25],
  ]);
});

test('a direction in calm air is told in the receipt, and no verdict knows of it', () => {
  const log = new TestLog(1);
  const hintsOf = (values: Readonly<Record<string, number>>, ms: number) =>
    log
      .post(
        0,
        ms + 1000,
        Object.entries(values).map(([code, value]) => reading(code, ms, value)),
      )
      .provisional.map(({ quantity, test: code, flag }) => [quantity, code, flag]);
  const minute = (count: number) => DAY0_MS + count * 60_000;
  expect(hintsOf({ wind_speed: 0, wind_dir: 270 }, minute(0))).toEqual([['wind_dir', 'consistency', SUSPECT]]);
  expect(hintsOf({ wind_speed: 0, wind_dir: 0 }, minute(1))).toEqual([]);
  // Small stations mean north by 0.
  expect(hintsOf({ wind_speed: 7, wind_dir: 0 }, minute(2))).toEqual([]);
  expect(hintsOf({ wind_dir: 90 }, minute(3))).toEqual([]);
  log.close(DAY0_MS / HOUR_MS, DAY0_MS + HOUR_MS + 300_000);
  const cells = log.outputs.hours.flatMap(({ cells: ofHour }) => ofHour);
  expect(cells.map(([, quantity, , , , , flag, tests]) => [quantity, flag, tests])).toEqual([
    [11, GOOD, 0],
    [12, GOOD, 0],
  ]);
});

test('the event says what the others leave, and neighbors clear the one that agrees with them', () => {
  const hour = 96;
  const { log: cleared } = town(9, hour);
  const log = cleared.branch();
  const startMs = DAY0_MS + hour * HOUR_MS;
  log.post(4, startMs + 1000, [reading('pm25', startMs, 190), reading('pm10', startMs, 20)]);
  log.close(startMs / HOUR_MS, startMs + HOUR_MS + 300_000);
  const told = log.outputs.events.filter(
    (event) => event.slot === 4 && event.test === 32_768 && event.startHour === startMs / HOUR_MS,
  );
  expect(told.map(({ quantity, measured, low, high, flag }) => [quantity, measured, low, high, flag])).toEqual([
    [1, 190, null, 20, SUSPECT],
    [2, 20, 190, null, SUSPECT],
  ]);

  for (let slot = 0; slot < 9; slot += 1) {
    const value = log.state.devices[slot]?.quantities.find((series) => series.quantity === 1)?.lastSteps ?? 0;
    const own = slot === 4 ? [reading('pm10', startMs, 0.1)] : [];
    // A haze that all neighbors share, and a coarse channel that reads nothing.
    cleared.post(slot, startMs + 1000 + slot, [reading('pm25', startMs, 60 + (slot === 4 ? 0 : value / 1000)), ...own]);
  }
  cleared.close(startMs / HOUR_MS, startMs + HOUR_MS + 300_000);
  const cells = cleared.outputs.hours.at(-1)?.cells.filter(([slot]) => slot === 4) ?? [];
  expect(cells.map(([, quantity, , , , , flag]) => [quantity, flag])).toEqual([
    [1, GOOD],
    [2, SUSPECT],
  ]);
});
