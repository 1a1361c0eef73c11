import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { noise, valuesOf } from '../../test/support/town.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { rowsOfDay } from '../query/rows.ts';
import { quantityByCode } from '../reading/quantity.ts';
import { admitMaintenance } from './maintenance.ts';

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

test(
  'the budget counts thirty days: on the thirtieth what was used first is still missing, on the next it is back',
  { timeout: 60_000 },
  () => {
    const usedUp = [0, 24] as const;
    for (const [again, isExcused] of [
      [29, false],
      [30, true],
    ] as const) {
      const log = days(again + 2, [usedUp, [again * 24, again * 24 + 6]]);
      const day = log.outputs.days.find(
        ({ epoch, member }) => epoch === DAY0_MS / DAY_MS + again && member.device === memberOf(0).device,
      );
      expect(day?.parts.costs.some(([cause]) => cause === 'maintenance')).toBe(!isExcused);
    }
  },
);

const { device } = memberOf(0);
const at = (hour: number): number => DAY0_MS + hour * HOUR_MS;
const windowsOf = (log: TestLog) => log.state.devices[0]?.maintenance.map(({ fromMs, untilMs }) => [fromMs, untilMs]);
const announceAt = (log: TestLog, hour: number, from: number, until: number): void => {
  log.add({ kind: 'maintenance', device, fromMs: at(from), untilMs: at(until) }, at(hour));
};

test('a window that was announced is cut short, or goes on, by another word with the same start: from then on, never before', () => {
  const log = new TestLog(1);
  announceAt(log, 0, 10, 20);
  announceAt(log, 12, 10, 14);
  expect(windowsOf(log)).toEqual([[at(10), at(14)]]);
  announceAt(log, 13, 10, 11);
  expect(windowsOf(log)).toEqual([[at(10), at(13)]]);
  // It is over: the same start is another window, and that one begins with its receipt.
  announceAt(log, 15, 10, 18);
  expect(windowsOf(log)).toEqual([
    [at(10), at(13)],
    [at(15), at(18)],
  ]);
  announceAt(log, 16, 10, 30);
  expect(windowsOf(log)?.at(-1)).toEqual([at(15), at(30)]);
});

test('windows may overlap: each hour is excused once', () => {
  const log = new TestLog(1);
  announceAt(log, 0, 2, 8);
  announceAt(log, 0, 5, 10);
  for (let hour = 0; hour < 24; hour += 1) {
    if (hour < 2 || hour >= 10) log.post(0, at(hour) + 2000, [reading('temp', at(hour) + 1000, 15 + noise(hour))]);
    log.close(HOUR0 + hour, at(hour + 1) + 300_000);
  }
  expect(log.state.devices[0]?.maintained).toEqual([8]);
  expect(log.outputs.days[0]?.parts.availabilityBps).toBe(10_000);
});

test('sixteen windows are kept, and no more are taken, by the fold either; the end of one can still be moved', () => {
  const log = new TestLog(1);
  for (let n = 0; n < 20; n += 1) announceAt(log, 0, n + 1, n + 2);
  expect(windowsOf(log)).toHaveLength(16);
  const [known] = log.state.devices;
  if (known === undefined) throw new Error('no device');
  const asked = (from: number, until: number) =>
    admitMaintenance(known, { fromMs: at(from), untilMs: at(until) }, at(0), MAIN_RULES);
  expect(asked(20, 21)).toEqual({ ok: false, error: { reason: 'too-many-windows', limit: 16 } });
  expect(asked(16, 30)).toEqual({ ok: true, value: true });
});

test('it is announced at most thirty days ahead, and not for what is over', () => {
  const log = new TestLog(1);
  const [known] = log.state.devices;
  if (known === undefined) throw new Error('no device');
  const asked = (fromMs: number, untilMs: number, nowMs: number) =>
    admitMaintenance(known, { fromMs, untilMs }, nowMs, MAIN_RULES);
  const latestMs = at(5) + 30 * DAY_MS;
  expect(asked(at(5), latestMs, at(5))).toEqual({ ok: true, value: true });
  expect(asked(latestMs - 1, latestMs + 1, at(5))).toMatchObject({
    ok: false,
    error: { reason: 'maintenance-too-far' },
  });
  expect(asked(at(3), at(5), at(5))).toMatchObject({ ok: false, error: { reason: 'maintenance-over' } });
  expect(asked(at(8), at(7), at(5))).toMatchObject({ ok: false, error: { reason: 'maintenance-over' } });
  announceAt(log, 5, 5 + 24 * 29, 5 + 24 * 31);
  expect(windowsOf(log)).toEqual([]);
  announceAt(log, 5, 6, 9);
  // The same word again changes nothing.
  expect(asked(at(6), at(9), at(7))).toEqual({ ok: true, value: false });
});

test('what was taken under maintenance is not sold, also where it comes after its hour has closed', () => {
  const log = new TestLog(1);
  announceAt(log, 0, 3, 6);
  for (let hour = 0; hour < 48; hour += 1) {
    const isQuiet = hour >= 2 && hour < 8;
    if (!isQuiet) log.post(0, at(hour) + 2000, [reading('temp', at(hour) + 1000, 15 + noise(hour))]);
    if (hour === 10) {
      const backlog = [2, 3, 4, 5, 6, 7].map((late) => reading('temp', at(late) + 1000, 15 + noise(late)));
      expect(log.post(0, at(10) + 3000, backlog)).toMatchObject({ accepted: 6, late: 6, refused: [] });
    }
    log.close(HOUR0 + hour, at(hour + 1) + 300_000);
  }
  const [day] = log.outputs.days;
  const [revision] = log.outputs.revisions;
  const temp = quantityByCode('temp');
  if (day === undefined || revision === undefined || temp === undefined) throw new Error('no day');
  const site = { cell: '', latitude: 0, longitude: 0 };
  const stored = { device, epoch: day.epoch, site, series: day.series, lateSeries: revision.series };
  const sold = rowsOfDay(stored, [temp], MAIN_RULES.time).map(({ startMs }) => (startMs - DAY0_MS) / HOUR_MS);
  expect(sold).toEqual(Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => hour < 3 || hour >= 6));
});

test('maintenance never makes a score that good hours would not have made', { timeout: 120_000 }, () => {
  const windows = fc.array(fc.record({ from: fc.nat(71), hours: fc.integer({ min: 1, max: 40 }), ahead: fc.nat(50) }), {
    maxLength: 6,
  });
  const shown = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 72, maxLength: 72 });
  const run = (hours: readonly number[], said: readonly { from: number; hours: number; ahead: number }[]): TestLog => {
    const log = new TestLog(1);
    for (let hour = 0; hour < 72; hour += 1) {
      for (const { from, hours: length, ahead } of said)
        if (Math.max(0, from - ahead) === hour) announceAt(log, hour, from, from + length);
      const value = hours[hour] === 1 ? 999 : 15 + noise(hour) / 2;
      if (hours[hour] !== 0) log.post(0, at(hour) + 2000, [reading('temp', at(hour) + 1000, value)]);
      log.close(HOUR0 + hour, at(hour + 1) + 300_000);
    }
    return log;
  };
  const perfect = scoresOf(
    run(
      Array.from({ length: 72 }, () => 2),
      [],
    ),
  );
  fc.assert(
    fc.property(shown, windows, (hours, said) => {
      const log = run(hours, said);
      for (const score of scoresOf(log)) expect(score).toBeLessThanOrEqual(Math.max(...perfect));
      const used = log.state.devices[0]?.maintained.reduce((sum, day) => sum + day, 0) ?? 0;
      expect(used).toBeLessThanOrEqual(MAIN_RULES.score.maintenanceHours);
    }),
    { numRuns: 40 },
  );
});
