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

test('calm air with any direction, and wind from 0 degrees, is no contradiction', () => {
  const log = new TestLog(1);
  expect(flagsOf(log, { wind_speed: 0, wind_dir: 270 })).toEqual([]);
  expect(flagsOf(log, { wind_speed: 7, wind_dir: 0 }, at + 60_000)).toEqual([]);
});

test('the event says what the other fractions leave, and neighbors clear the one that agrees with them', () => {
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
