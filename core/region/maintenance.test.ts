import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { valuesOf } from '../../test/support/town.ts';
import { MAIN_RULES } from '../rules/main.ts';

const DAY_MS = 24 * HOUR_MS;
const HOUR0 = DAY0_MS / HOUR_MS;

/** Days of four devices; slot 0 is under maintenance in the given windows, announced just before, and silent within. */
function days(count: number, windows: readonly (readonly [number, number])[], isSilent = true): TestLog {
  const log = new TestLog(4);
  for (let hour = 0; hour < count * 24; hour += 1) {
    const startMs = DAY0_MS + hour * HOUR_MS;
    for (const [from, until] of windows) {
      if (from !== hour) continue;
      const untilMs = DAY0_MS + until * HOUR_MS;
      log.add({ kind: 'maintenance', device: memberOf(0).device, fromMs: startMs - DAY_MS, untilMs }, startMs);
    }
    for (let slot = 0; slot < 4; slot += 1) {
      if (slot === 0 && isSilent && windows.some(([from, until]) => from <= hour && hour < until)) continue;
      log.post(slot, startMs + 2000 + slot, [reading('temp', startMs + 1000, valuesOf(slot, hour).temp)]);
    }
    log.close(HOUR0 + hour, startMs + HOUR_MS + 300_000);
  }
  return log;
}

const scoresOf = (log: TestLog): number[] =>
  log.outputs.days.filter((day) => day.member.device === memberOf(0).device).map((day) => day.scoreBps);

test('maintenance within the budget costs nothing, whether readings come or not', () => {
  expect(scoresOf(days(2, [[26, 44]]))).toEqual([10_000, 10_000]);
  expect(scoresOf(days(2, [[26, 44]], false))).toEqual([10_000, 10_000]);
});

test('beyond the budget the hours are missing, and their readings are neither judged nor paid', () => {
  const windows = [
    [26, 44],
    [50, 68],
  ] as const;
  // 18 hours of the first day leave 6 for the second: 12 of its hours are missing.
  const expected = Math.floor((12 * 10_000) / (24 * 0.85));
  for (const isSilent of [true, false]) {
    const log = days(4, windows, isSilent);
    expect(scoresOf(log)).toEqual([10_000, 10_000, expected, 10_000]);
    const third = log.outputs.days.find((day) => day.epoch === DAY0_MS / DAY_MS + 2);
    expect(third?.parts.costs).toEqual([['maintenance', 10_000 - expected]]);
  }
  const log = days(4, windows, false);
  expect(log.outputs.hours.find(({ hour }) => hour === HOUR0 + 67)?.cells[0]?.[6]).toBe(2);
});

test('the budget comes back after its days, and windows that are over for long are forgotten', () => {
  const windows = [
    [26, 50],
    [26 + 31 * 24, 44 + 31 * 24],
  ] as const;
  const log = days(34, windows);
  const causes = log.outputs.days.flatMap(({ parts }) => parts.costs.map(([cause]) => cause));
  expect(causes).not.toContain('maintenance');
  expect(causes).not.toContain('missing');
  expect(log.state.devices[0]?.maintenance).toHaveLength(1);
  expect(log.state.devices[0]?.maintained.length).toBeLessThan(MAIN_RULES.score.maintenanceDays);
});

test('a whole day of excused silence is no row and does not lower the weekly score', () => {
  const log = days(3, [[24, 48]]);
  expect(scoresOf(log)).toEqual([10_000, 10_000]);
  expect(log.outputs.days.at(-4)?.weeklyBps).toBe(10_000);
});

test('a window that ends before it was announced excuses nothing', () => {
  const log = new TestLog(1);
  const body = {
    kind: 'maintenance',
    device: memberOf(0).device,
    fromMs: DAY0_MS,
    untilMs: DAY0_MS + HOUR_MS,
  } as const;
  log.add(body, DAY0_MS + 2 * HOUR_MS);
  expect(log.state.devices[0]?.maintenance).toEqual([]);
});
