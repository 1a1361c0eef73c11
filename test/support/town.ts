/** A town of stations with places of their own under one weather, for tests of the hourly verdicts. */
import type { LogEntry } from '../../core/region/entry.ts';
import type { AnomalyEvent } from '../../core/region/outputs.ts';
import { testCodes } from '../../core/qc/tests.ts';
import { FAIL, SUSPECT } from '../../core/reading/reading.ts';
import type { FoldLog } from '../../scripts/lib/fold-log.ts';
import { DAY0_MS, HOUR_MS, reading, TestLog } from './region-log.ts';

export const HOUR0 = DAY0_MS / HOUR_MS;
/** Weather turns within days; the models have learned what they need. */
export const LEARNED_HOURS = 14 * 24;

/** SplitMix-like hash to [0, 1): the same town on every machine. */
export function noise(...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part + 0x7f4a7c15), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}

/** Roughly normal with unit spread. */
function gauss(...parts: readonly number[]): number {
  let sum = 0;
  for (let n = 0; n < 6; n += 1) sum += noise(n, ...parts);
  return (sum - 3) * 1.414;
}

/** Smooth noise: a new level every six hours, straight lines between. */
function drifting(seed: number, hour: number): number {
  const from = Math.floor(hour / 6);
  const share = hour / 6 - from;
  return gauss(seed, from) * (1 - share) + gauss(seed, from + 1) * share;
}

export type Values = { readonly temp: number; readonly rh: number; readonly pm25: number; readonly no2: number };
/** What a station makes of its values; undefined: it is silent. */
export type Change = (slot: number, hour: number, own: Values) => Values | undefined;

/** Values of an honest station. */
export function valuesOf(slot: number, hour: number): Values {
  const day = Math.sin(((hour % 24) / 24) * 2 * Math.PI);
  const own = (seed: number) => 0.4 * drifting(100 * slot + seed, hour) + 0.3 * gauss(slot, seed, hour);
  const temp = 15 + 6 * day + 3 * drifting(1, hour) + 0.4 * (slot % 5) + 0.5 * own(1);
  const rh = Math.max(15, Math.min(96, 55 - 12 * day + 8 * drifting(2, hour) - (slot % 4) + 2.5 * own(2)));
  const pm25 = Math.exp(2.8 + 0.6 * drifting(3, hour) + 0.08 * (slot % 6) + 0.15 * own(3));
  const no2 = Math.exp(2.6 - 0.4 * day + 0.5 * drifting(4, hour) + 0.1 * (slot % 3) + 0.18 * own(4));
  return { temp, rh, pm25, no2 };
}

export type Town = { readonly log: TestLog; readonly devices: number };

export function town(
  devices: number,
  hours: number,
  change: Change = (_slot, _hour, own) => own,
  log = new TestLog(devices),
): Town {
  for (let hour = 0; hour < hours; hour += 1) postHour(log, devices, hour, change);
  return { log, devices };
}

export function postHour(log: FoldLog, devices: number, hour: number, change: Change): void {
  const startMs = DAY0_MS + hour * HOUR_MS;
  for (let slot = 0; slot < devices; slot += 1) {
    const values = change(slot, hour, valuesOf(slot, hour));
    if (values === undefined) continue;
    log.post(slot, startMs + 2000 + slot * 100, [
      reading('temp', startMs, values.temp),
      reading('rh', startMs, values.rh),
      reading('pm25', startMs, values.pm25),
      reading('no2', startMs, values.no2),
    ]);
  }
  log.close(HOUR0 + hour, startMs + HOUR_MS + 300_000);
}

/** Share of the device's quantity-hours from `fromHour` on that were flagged, over all or by one test. */
export function flaggedShare({ log }: Town, slot: number, fromHour: number, test?: string): number {
  let all = 0;
  let flagged = 0;
  for (const { hour, cells } of log.outputs.hours) {
    if (hour < HOUR0 + fromHour) continue;
    for (const [of, , , , , , flag, tests] of cells) {
      if (of !== slot) continue;
      all += 1;
      const isNamed = test === undefined || testCodes(tests).some((code) => code === test);
      if ((flag === SUSPECT || flag === FAIL) && isNamed) flagged += 1;
    }
  }
  return all === 0 ? 0 : flagged / all;
}

export function eventsOf({ log }: Town, slot: number): readonly AnomalyEvent[] {
  return log.outputs.events.filter((event) => event.slot === slot);
}

export function entriesOf({ log }: Town): readonly LogEntry[] {
  return log.entries;
}
