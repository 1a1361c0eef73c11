/** What holds for verdicts whatever was measured: no future, no order of arrival, no lost memory. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR0, noise, postHour, town, valuesOf, type Change } from '../../test/support/town.ts';
import { DAY0_MS, HOUR_MS, reading, TestLog } from '../../test/support/region-log.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { applyEntry } from './fold.ts';
import { noOutputs } from './outputs.ts';
import { decodeState, emptyState, encodeState } from './state.ts';

const DEVICES = 6;
const HOURS = 9 * 24;

/** Spikes, silence, a copier and a wrong unit, so that every test has something to say. */
const mixed: Change = (slot, hour, own) => {
  if (noise(slot, hour, 9) < 0.03) return undefined;
  if (slot === 2 && hour > 120) return { ...own, pm25: own.pm25 * 10 };
  if (slot === 3 && hour > 100) return valuesOf(0, hour);
  if (slot === 4 && hour % 37 === 0) return { ...own, temp: own.temp + 25 };
  return own;
};

test('no verdict comes from the future: cutting the input changes nothing closed before', () => {
  const whole = town(DEVICES, HOURS, mixed).log.outputs;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: HOURS }), (hours) => {
      const cut = town(DEVICES, hours, mixed).log.outputs;
      expect(cut.hours).toEqual(whole.hours.filter(({ hour }) => hour < HOUR0 + hours));
      expect(cut.days).toEqual(whole.days.slice(0, cut.days.length));
    }),
    { numRuns: 6 },
  );
}, 20_000);

test('the same log gives the same bytes, also through a checkpoint anywhere in it', () => {
  const { log } = town(DEVICES, HOURS, mixed);
  const whole = encodeState(log.state);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: log.entries.length }), (cut) => {
      let state = emptyState();
      const outputs = noOutputs();
      for (const entry of log.entries.slice(0, cut)) applyEntry(state, entry, MAIN_RULES, outputs);
      state = decodeState(encodeState(state));
      for (const entry of log.entries.slice(cut)) applyEntry(state, entry, MAIN_RULES, outputs);
      expect(encodeState(state)).toEqual(whole);
      expect(outputs.events).toEqual(log.outputs.events);
    }),
    { numRuns: 8 },
  );
}, 20_000);

test('the order in which devices arrive within an hour does not change the final verdicts', () => {
  const ordered = new TestLog(DEVICES);
  const shuffled = new TestLog(DEVICES);
  for (let hour = 0; hour < HOURS; hour += 1) {
    postHour(ordered, DEVICES, hour, mixed);
    const startMs = DAY0_MS + hour * HOUR_MS;
    const slots = Array.from({ length: DEVICES }, (_, slot) => slot);
    const order = slots.toSorted((a, b) => noise(hour, a) - noise(hour, b));
    for (const [at, slot] of order.entries()) {
      const values = mixed(slot, hour, valuesOf(slot, hour));
      if (values === undefined) continue;
      const readings = Object.entries(values).map(([code, value]) => reading(code, startMs, value));
      shuffled.post(slot, startMs + 2000 + at * 100, readings);
    }
    shuffled.close(HOUR0 + hour, startMs + HOUR_MS + 300_000);
  }
  expect(shuffled.outputs.hours).toEqual(ordered.outputs.hours);
  expect(shuffled.outputs.days).toEqual(ordered.outputs.days);
});

test('shifting the whole log by whole days changes no verdict', () => {
  const later = new TestLog(DEVICES, MAIN_RULES, DAY0_MS);
  const { outputs } = town(DEVICES, 96, mixed).log;
  const shiftMs = 40 * 24 * HOUR_MS;
  for (let hour = 0; hour < 96; hour += 1) {
    const startMs = DAY0_MS + shiftMs + hour * HOUR_MS;
    for (let slot = 0; slot < DEVICES; slot += 1) {
      const values = mixed(slot, hour, valuesOf(slot, hour));
      if (values === undefined) continue;
      const { temp, rh, pm25, no2 } = values;
      later.post(slot, startMs + 2000 + slot * 100, [
        reading('temp', startMs, temp),
        reading('rh', startMs, rh),
        reading('pm25', startMs, pm25),
        reading('no2', startMs, no2),
      ]);
    }
    later.close(HOUR0 + 40 * 24 + hour, startMs + HOUR_MS + 300_000);
  }
  expect(later.outputs.hours.map(({ cells }) => cells)).toEqual(outputs.hours.map(({ cells }) => cells));
});
