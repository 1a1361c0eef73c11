import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { HOUR0, LEARNED_HOURS, noise, town, valuesOf } from '../../test/support/town.ts';
import { METERS_PER_E5_DEGREE } from '../geo.ts';
import { GOOD } from '../reading/reading.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { encodeState, type DeviceState } from './state.ts';

const DAYS = 8;
const northOf = (meters: number) => Math.round(meters / METERS_PER_E5_DEGREE);
const START_E5 = memberOf(0).latitudeE5;

type Move = { readonly hour: number; readonly meters: number };

/** One device alone: what it shows in an hour is given, 0 nothing, 1 nonsense, more is good. */
function alone(shown: readonly number[], moves: readonly Move[]): TestLog {
  const log = new TestLog(1);
  let meters = 0;
  for (const [hour, what] of shown.entries()) {
    const startMs = DAY0_MS + hour * HOUR_MS;
    for (const [at, move] of moves.entries()) {
      if (move.hour !== hour) continue;
      meters += move.meters;
      log.add(memberOf(0, { version: 2 + at, latitudeE5: START_E5 + northOf(meters) }), startMs);
    }
    const value = what === 1 ? 999 : 15 + noise(hour) / 2;
    if (what > 0) log.post(0, startMs + 1_800_000, [reading('temp', startMs + 1_799_000, value)]);
    log.close(HOUR0 + hour, startMs + HOUR_MS + 300_000);
  }
  return log;
}

const standing = ({ score30Bps, weeklyBps, eligible }: Pick<DeviceState, 'score30Bps' | 'weeklyBps' | 'eligible'>) => [
  score30Bps,
  weeklyBps,
  Number(eligible),
];

function only(log: TestLog): DeviceState {
  const [device] = log.state.devices;
  if (device === undefined) throw new Error('no device');
  return device;
}

const life = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: DAYS * 24, maxLength: DAYS * 24 });
const move = fc.record({
  hour: fc.integer({ min: 1, max: DAYS * 24 - 1 }),
  meters: fc.integer({ min: 0, max: 30_000 }),
});
const moves = fc.uniqueArray(move, { selector: ({ hour }) => hour, minLength: 1, maxLength: 4 });

test('a move never raises what is known of a device, on no later day', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(life, moves, (hours, moved) => {
      // Good or silent: what it shows is judged alike wherever it stands.
      const shown = hours.map((what) => (what === 1 ? 2 : what));
      const [stayed, went] = [alone(shown, []).outputs.days, alone(shown, moved).outputs.days];
      expect(went.map(({ scoreBps }) => scoreBps)).toEqual(stayed.map(({ scoreBps }) => scoreBps));
      for (const [day, one] of went.entries())
        for (const [at, number] of standing(one).entries())
          expect(number).toBeLessThanOrEqual(standing(stayed[day] ?? one)[at] ?? 0);
    }),
    { numRuns: 30 },
  );
});

test('whatever it has shown, right after a move it stands no better and owes no less', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(
      life,
      fc.integer({ min: 1, max: DAYS * 24 - 1 }),
      fc.integer({ min: 0, max: 30_000 }),
      (hours, hour, meters) => {
        const log = alone(hours.slice(0, hour), []);
        const before = structuredClone(only(log));
        log.add(memberOf(0, { version: 2, latitudeE5: START_E5 + northOf(meters) }), log.state.lastReceivedMs);
        const { badHours, maintained, conflicts, day, open, lags, scoreDays, ...now } = only(log);
        for (const [at, number] of standing(now).entries())
          expect(number).toBeLessThanOrEqual(standing(before)[at] ?? 0);
        expect(before).toMatchObject({ badHours, maintained, conflicts, day, open, lags, scoreDays });
      },
    ),
    { numRuns: 30 },
  );
});

test(
  'of two ways to a place the longer costs at least as much, and a place farther away more',
  { timeout: 60_000 },
  () => {
    const hour = 3 * 24;
    const perfect = Array.from({ length: hour + 1 }, () => 2);
    const after = (moved: readonly Move[]) => standing(only(alone(perfect, moved)));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (meters, share) => {
        const first = northOf(meters * share) * METERS_PER_E5_DEGREE;
        const rest = northOf(meters) * METERS_PER_E5_DEGREE - first;
        const once = after([{ hour, meters }]);
        const twice = after([first, rest].map((part) => ({ hour, meters: part })));
        const further = after([{ hour, meters: meters + 100 }]);
        for (const [at, number] of once.entries()) {
          expect(twice[at]).toBeLessThanOrEqual(number);
          expect(further[at]).toBeLessThanOrEqual(number);
        }
      }),
      { numRuns: 30 },
    );
  },
);

test('the loss is linear: a quarter of the distance costs a quarter, and all of it leaves nothing', () => {
  const whole = MAIN_RULES.score.relocationMeters;
  const hour = 4 * 24;
  const perfect = Array.from({ length: hour + 1 }, () => 2);
  const at = (meters: number) => standing(only(alone(perfect, [{ hour, meters }])));
  // Alone nobody confirms it: 8,000 is what a perfect day is worth.
  const [score30 = 0, weekly = 0] = at(0);
  expect([score30, weekly]).toEqual([8000, 8000]);
  // A place is given to a metre, a score to a point.
  const [quarter = 0, ofWeek] = at(whole / 4);
  expect(Math.abs(quarter - 5500)).toBeLessThanOrEqual(1);
  expect(ofWeek).toBe(quarter);
  expect([at(0.29 * whole)[2], at(0.31 * whole)[2]]).toEqual([1, 0]);
  expect(at(whole)).toEqual([0, 0, 0]);
  expect(at(10 * whole)).toEqual([0, 0, 0]);
});

test('a device that has no scored day yet has nothing to lose, nor to gain', () => {
  const log = alone(
    Array.from({ length: 48 }, () => 2),
    [{ hour: 5, meters: 30_000 }],
  );
  expect(log.outputs.days.map(({ eligible }) => eligible)).toEqual([true, true]);
});

test('a relocation within the place cell changes nothing but the entry', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 47 }), (hour) => {
      const twoDays = (isTold: boolean): TestLog => {
        const log = new TestLog(4);
        for (let at = 0; at < 48; at += 1) {
          const startMs = DAY0_MS + at * HOUR_MS;
          if (at === hour) log.add(memberOf(0, { version: isTold ? 2 : 1 }), startMs);
          for (let slot = 0; slot < 4; slot += 1)
            log.post(slot, startMs + 60_000, [reading('temp', startMs + 59_000, valuesOf(slot, at).temp)]);
          log.close(HOUR0 + at, startMs + HOUR_MS + 300_000);
        }
        for (const device of log.state.devices) device.membership = { ...device.membership, version: 1 };
        return log;
      };
      const [told, untold] = [twoDays(true), twoDays(false)];
      expect(told.outputs).toEqual(untold.outputs);
      expect(encodeState(told.state)).toEqual(encodeState(untold.state));
    }),
    { numRuns: 12 },
  );
});

test('what was measured before the move is refused after it: it belongs to the old place', () => {
  const log = alone([2, 2, 2], []);
  const movedMs = DAY0_MS + 3 * HOUR_MS;
  log.add(memberOf(0, { version: 2, latitudeE5: START_E5 + northOf(2000) }), movedMs);
  const told = log.post(0, movedMs + 60_000, [
    reading('temp', movedMs - 1, 15),
    reading('temp', movedMs, 15),
    reading('temp', movedMs + 1, 15),
  ]);
  expect(told.refused.map(({ code }) => code)).toEqual(['before-move', 'before-move']);
  expect(told.accepted).toBe(1);
});

test('the history of the old place does not judge the new one, and that of the sensor goes along', () => {
  const { log } = town(6, LEARNED_HOURS);
  const device = only(log);
  const before = device.quantities.map(({ model }) => model?.history);
  const movedMs = DAY0_MS + LEARNED_HOURS * HOUR_MS;
  const lags = [...device.lags];
  log.add(memberOf(0, { version: 2, latitudeE5: START_E5 + northOf(3000) }), movedMs);
  expect(device.quantities.map(({ model }) => model?.history)).toEqual(before);
  expect(device.quantities.map(({ model }) => [model?.hours, model?.offset, model?.spread])).toEqual(
    device.quantities.map(() => [0, [0, 0, 0, 0], 0]),
  );
  expect(device.lags).toEqual(lags);
  // Up a hill: four degrees colder than it ever stood to its neighbors, and at once.
  for (let hour = LEARNED_HOURS; hour < LEARNED_HOURS + 48; hour += 1) {
    const startMs = DAY0_MS + hour * HOUR_MS;
    for (let slot = 0; slot < 6; slot += 1) {
      const { temp } = valuesOf(slot, hour);
      log.post(slot, startMs + 1_800_000, [reading('temp', startMs + 1_799_000, slot === 0 ? temp - 4 : temp)]);
    }
    log.close(HOUR0 + hour, startMs + HOUR_MS + 300_000);
  }
  const own = log.outputs.hours
    .filter(({ hour }) => hour >= HOUR0 + LEARNED_HOURS)
    .flatMap(({ cells }) => cells.filter(([slot]) => slot === 0).map((cell) => cell[6]));
  expect(own.filter((flag) => flag !== GOOD)).toEqual([]);
});

test('a stuck sensor stays stuck wherever it is carried', () => {
  const log = new TestLog(1);
  const flagsAt = (ms: number) => log.post(0, ms + 1000, [reading('temp', ms, 15)]).flags.map(({ test: code }) => code);
  const told = Array.from({ length: 20 }, (_, hour) => flagsAt(DAY0_MS + hour * HOUR_MS));
  expect(told.at(-1)).toEqual(['flat']);
  log.add(memberOf(0, { version: 2, latitudeE5: START_E5 + northOf(3000) }), DAY0_MS + 20 * HOUR_MS);
  expect(flagsAt(DAY0_MS + 20 * HOUR_MS + 60_000)).toEqual(['flat']);
});
