import { expect, test } from 'vitest';
import { eventsOf, flaggedShare, LEARNED_HOURS, noise, town, valuesOf, type Change } from '../../test/support/town.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading } from '../../test/support/region-log.ts';
import { GOOD, SUSPECT } from '../reading/reading.ts';
import { COPY, REPLAY, SHIFTED, testCodes, ZERO } from './tests.ts';

const DEVICES = 9;
const CULPRIT = 4;
const HOURS = LEARNED_HOURS + 96;

/** The culprit misbehaves for the last four days. */
const townWith = (change: Change) =>
  town(DEVICES, HOURS, (slot, hour, own) => (hour >= LEARNED_HOURS ? change(slot, hour, own) : own));
const culprit = (change: (hour: number, own: ReturnType<typeof valuesOf>) => ReturnType<typeof valuesOf>) =>
  townWith((slot, hour, own) => (slot === CULPRIT ? change(hour, own) : own));

function honestShare(built: ReturnType<typeof town>): number {
  const shares = Array.from({ length: DEVICES }, (_, slot) => flaggedShare(built, slot, LEARNED_HOURS));
  return Math.max(...shares.filter((_, slot) => slot !== CULPRIT));
}

test('an honest town is left in peace, from the first hour on', () => {
  const built = town(DEVICES, HOURS);
  for (let slot = 0; slot < DEVICES; slot += 1) expect(flaggedShare(built, slot, 0)).toBeLessThan(0.02);
});

test('haze and a front that reach every device alike flag nobody', () => {
  const built = townWith((_slot, hour, own) => ({
    ...own,
    pm25: own.pm25 * (hour >= LEARNED_HOURS + 24 ? 12 : 1),
    temp: own.temp - (hour >= LEARNED_HOURS + 48 ? 9 : 0),
  }));
  for (let slot = 0; slot < DEVICES; slot += 1) expect(flaggedShare(built, slot, LEARNED_HOURS)).toBeLessThan(0.03);
});

test('smoke at one device is flagged in its hour', () => {
  const built = culprit((hour, own) => (hour === LEARNED_HOURS + 10 ? { ...own, pm25: own.pm25 * 9 } : own));
  const [event] = eventsOf(built, CULPRIT).filter(
    ({ startHour }) => startHour === DAY0_MS / HOUR_MS + LEARNED_HOURS + 10,
  );
  expect(event?.measured).toBeGreaterThan(event?.high ?? Infinity);
  expect(honestShare(built)).toBeLessThan(0.02);
});

test('a wrong unit is flagged, and not the neighbors of the device', () => {
  const built = culprit((_hour, own) => ({ ...own, pm25: own.pm25 * 10 }));
  expect(flaggedShare(built, CULPRIT, LEARNED_HOURS)).toBeGreaterThan(0.2);
  expect(honestShare(built)).toBeLessThan(0.02);
});

test('a bias of some spreads is found within two days', () => {
  const built = culprit((_hour, own) => ({ ...own, temp: own.temp + 4 }));
  expect(flaggedShare(built, CULPRIT, LEARNED_HOURS + 48, 'bias')).toBeGreaterThan(0.2);
  expect(honestShare(built)).toBeLessThan(0.02);
});

test('a device brought indoors is found', () => {
  const built = culprit((hour, own) => ({
    temp: 21 + (own.temp - 15) / 10,
    rh: 40 + (own.rh - 55) / 10,
    pm25: 6 + 0.2 * noise(hour),
    no2: 5 + 0.2 * noise(hour + 1),
  }));
  expect(flaggedShare(built, CULPRIT, LEARNED_HOURS + 12)).toBeGreaterThan(0.8);
  expect(honestShare(built)).toBeLessThan(0.02);
});

test('a replay of nine days ago is named with its age', () => {
  const built = culprit((hour) => valuesOf(CULPRIT, hour - 216));
  expect(flaggedShare(built, CULPRIT, LEARNED_HOURS + 24, 'replay')).toBeGreaterThan(0.9);
  expect(eventsOf(built, CULPRIT).find((event) => event.test === REPLAY)?.measured).toBe(216);
  expect(honestShare(built)).toBeLessThan(0.02);
});

test('a clock that is eight hours off is named with its delay', () => {
  const built = culprit((hour) => valuesOf(CULPRIT, hour - 8));
  expect(flaggedShare(built, CULPRIT, LEARNED_HOURS + 36)).toBeGreaterThan(0.7);
  const measured = eventsOf(built, CULPRIT).find((event) => event.test === SHIFTED)?.measured;
  expect(measured).toBeGreaterThanOrEqual(6);
  expect(measured).toBeLessThanOrEqual(10);
  expect(honestShare(built)).toBeLessThan(0.02);
});

test('who copies is accused, with the one it copies; the original is not', () => {
  const built = culprit((hour) => {
    const other = valuesOf(1, hour);
    return { temp: other.temp * 1.002, rh: other.rh * 0.998, pm25: other.pm25 * 1.004, no2: other.no2 * 0.997 };
  });
  expect(flaggedShare(built, CULPRIT, LEARNED_HOURS + 24, 'copy')).toBeGreaterThan(0.8);
  expect(eventsOf(built, CULPRIT).find((event) => event.test === COPY)?.against).toEqual([memberOf(1).device]);
  expect(flaggedShare(built, 1, 0)).toBeLessThan(0.02);
});

test('honest twins are never accused', () => {
  const built = town(DEVICES, HOURS, (slot, hour, own) => {
    const twin = valuesOf(1, hour);
    return slot === 2
      ? { ...twin, temp: twin.temp + 0.02 * noise(hour), pm25: twin.pm25 * (1 + 0.004 * noise(hour, 2)) }
      : own;
  });
  expect(flaggedShare(built, 1, 0, 'copy')).toBe(0);
  expect(flaggedShare(built, 2, 0, 'copy')).toBe(0);
});

test('on its first days a new device is unknown, not bad', () => {
  const from = LEARNED_HOURS;
  const built = town(DEVICES, HOURS, (slot, hour, own) => {
    // It stands at a busy street: unlike the others, but itself from the first hour on.
    if (slot === CULPRIT) return hour < from ? undefined : { ...own, no2: own.no2 * 1.6, pm25: own.pm25 * 1.3 };
    return own;
  });
  expect(flaggedShare(built, CULPRIT, from)).toBeLessThan(0.03);
});

test('a device without neighbors is judged by itself alone', () => {
  const built = town(1, LEARNED_HOURS, (_slot, hour, own) => (hour === 300 ? { ...own, temp: own.temp + 40 } : own));
  expect(flaggedShare(built, 0, 0)).toBeLessThan(0.02);
  expect(eventsOf(built, 0).some((event) => event.startHour === DAY0_MS / HOUR_MS + 300)).toBe(true);
  expect(memberOf(0).device).toBe(built.log.state.devices[0]?.membership.device);
});

test('noise about the usual distance to the neighbours is named', () => {
  const built = culprit((hour, own) => ({ ...own, temp: own.temp + 3 * noise(hour) }));
  expect(flaggedShare(built, CULPRIT, LEARNED_HOURS + 24, 'noisy')).toBeGreaterThan(0.15);
  expect(honestShare(built)).toBeLessThan(0.02);
});

test('a sensor that reports exactly nothing is named, unless the air is that clean for all', () => {
  const dead = culprit((_hour, own) => ({ ...own, no2: 0 }));
  expect(eventsOf(dead, CULPRIT).some((event) => event.test === ZERO)).toBe(true);
  const clean = townWith((_slot, _hour, own) => ({ ...own, no2: 0 }));
  expect(eventsOf(clean, CULPRIT).some((event) => event.test === ZERO)).toBe(false);
});

test('one value for hours is no fault where the neighbours stand still alike', () => {
  const stuck = culprit((_hour, own) => ({ ...own, temp: 21 }));
  expect(flaggedShare(stuck, CULPRIT, LEARNED_HOURS + 24, 'flat')).toBeGreaterThan(0.2);
  const still = townWith((slot, _hour, own) => ({ ...own, temp: 21 + 0.4 * (slot % 5) }));
  expect(flaggedShare(still, CULPRIT, LEARNED_HOURS, 'flat')).toBe(0);
});

test('neighbors that move alike excuse a jump, not a wrong clock', () => {
  const hours = 96;
  const { log } = town(DEVICES, hours);
  const startMs = DAY0_MS + hours * HOUR_MS;
  for (let slot = 0; slot < DEVICES; slot += 1) {
    const { temp } = valuesOf(slot, hours);
    // The culprit dates a single reading back by half an hour, which it never did before.
    const receivedMs = startMs + (slot === CULPRIT ? 1_800_000 : 2000);
    log.post(slot, receivedMs, [reading('temp', startMs, temp - 12)]);
  }
  log.close(startMs / HOUR_MS, startMs + HOUR_MS + 300_000);
  const flags = log.outputs.hours.at(-1)?.cells.map(([slot, , , , , , flag, tests]) => [slot, flag, testCodes(tests)]);
  expect(flags).toEqual(
    Array.from({ length: DEVICES }, (_, slot) => (slot === CULPRIT ? [slot, SUSPECT, ['time']] : [slot, GOOD, []])),
  );
});
