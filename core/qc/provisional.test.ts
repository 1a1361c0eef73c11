import { expect, test } from 'vitest';
import { postHour, town, valuesOf } from '../../test/support/town.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading } from '../../test/support/region-log.ts';
import { encodeState } from '../region/state.ts';

const SLOT = 4;
const DEVICES = 9;
/** Enough to have learned what honest residuals are. */
const HOURS = 96;
const learned = town(DEVICES, HOURS).log;
const atMs = DAY0_MS + HOURS * HOUR_MS;

/** A learned town, and what its device 4 posts in the hour after. */
function provisionalOf(temp: number, ms = atMs) {
  const log = learned.branch();
  return log.post(SLOT, ms + 2000, [
    reading('temp', ms - 60_000, -40),
    reading('temp', ms, temp),
    reading('rh', ms, 50),
  ]).provisional;
}

test('the receipt says of the newest reading whether the last closed hour of the neighbors bears it out', () => {
  const near = valuesOf(SLOT, HOURS).temp;
  const wordOf = (temp: number) => provisionalOf(temp).find(({ quantity }) => quantity === 'temp');
  expect(wordOf(near)).toEqual({ quantity: 'temp', time: new Date(atMs).toISOString(), test: 'neighbour', flag: 1 });
  expect(wordOf(near + 25)?.flag).toBe(3);
});

test('nothing is said where the neighbors spoke too long ago, or the device is new', () => {
  expect(provisionalOf(15, atMs + 5 * HOUR_MS)).toEqual([]);
  const { log } = town(DEVICES, 30);
  const ms = DAY0_MS + 30 * HOUR_MS;
  expect(log.post(SLOT, ms + 2000, [reading('temp', ms, 90)]).provisional).toEqual([]);
  const { log: alone } = town(1, HOURS);
  expect(alone.post(0, atMs + 2000, [reading('temp', atMs, 40)]).provisional).toEqual([]);
});

test('nothing is said of a device under maintenance', () => {
  const log = learned.branch();
  log.add({ kind: 'maintenance', device: memberOf(SLOT).device, fromMs: atMs, untilMs: atMs + HOUR_MS }, atMs - 1);
  expect(log.post(SLOT, atMs + 2000, [reading('temp', atMs, 40)]).provisional).toEqual([]);
});

test('it is a hint: the final verdicts and the state are the same whatever the neighbors had said before', () => {
  const log = learned.branch();
  const silent = log.branch();
  for (const device of silent.state.devices) for (const series of device.quantities) series.nearby = null;
  for (const one of [log, silent]) postHour(one, DEVICES, HOURS, (_slot, _hour, own) => own);
  expect(silent.outputs.hours).toEqual(log.outputs.hours);
  expect(encodeState(silent.state)).toEqual(encodeState(log.state));
});
