/** Neighbors do not end at a border: how a network is cut into regions changes no verdict. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closeTogether, EAST, verdictsOf, WEST } from '../../test/support/border.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import { HOUR0, noise, valuesOf, type Values } from '../../test/support/town.ts';
import { COPY } from '../qc/tests.ts';
import type { DeviceId, RegionCell } from '../ids.ts';
import { decodeEntry, encodeEntryBody } from './codec.ts';
import { applyEntry } from './fold.ts';
import { standingAt } from './neighbors.ts';
import { noOutputs } from './outputs.ts';
import { emptyState, encodeState } from './state.ts';
import { MAIN_RULES } from '../rules/main.ts';

const DEVICES = 9;
const HOURS = 80;

/** Faults of every kind, a copier, silence. */
function valuesAt(device: number, hour: number): Values | null {
  if (noise(device, hour, 9) < 0.03) return null;
  const own = valuesOf(device, hour);
  if (device === 2 && hour > 60) return { ...own, pm25: own.pm25 * 10 };
  if (device === 3 && hour > 30) return valuesOf(0, hour);
  if (device === 4 && hour % 17 === 0) return { ...own, temp: own.temp + 25 };
  if (device === 5 && hour > 50) return { ...own, no2: 12, temp: 20 };
  return own;
}

type Place = { readonly latitudeE5: number; readonly longitudeE5: number; readonly elevationM: number | null };

/** What else may happen: regions that do not answer, devices that are silent, and from which hour on one is retired. */
type Course = {
  readonly absentAt?: (hour: number) => ReadonlySet<string>;
  readonly isSilent?: (device: number, hour: number) => boolean;
  readonly retiredFrom?: (device: number) => number | null;
};

/** The same devices, measurements and clock, each device in the region that `cellOf` says; regions by cell, EAST first. */
function network(
  places: readonly Place[],
  hours: number,
  cellOf: (device: number) => RegionCell,
  { absentAt = () => new Set(), isSilent = () => false, retiredFrom = () => null }: Course = {},
): TestLog[] {
  const devices = places.map((_, device) => device);
  const cells = [...new Set(devices.map(cellOf))].sort();
  const regions = new Map(
    cells.map((cell) => {
      const region = new TestLog(0, MAIN_RULES, DAY0_MS, cell);
      return [cell, { region, members: devices.filter((device) => cellOf(device) === cell) }];
    }),
  );
  for (const { region, members } of regions.values())
    for (const device of members) region.add(memberOf(device, places[device]), DAY0_MS);
  const logs = [...regions.values()].map(({ region }) => region);
  for (let hour = 0; hour < hours; hour += 1) {
    const startMs = DAY0_MS + hour * HOUR_MS;
    for (const { region, members } of regions.values()) {
      for (const [slot, device] of members.entries()) {
        if (retiredFrom(device) === hour)
          region.add(memberOf(device, { ...places[device], version: 2, status: 'retired' }), startMs);
        const values = isSilent(device, hour) ? null : valuesAt(device, hour);
        if (values === null) continue;
        const readings = Object.entries(values).map(([code, value]) => reading(code, startMs, value));
        region.post(slot, startMs + 2000 + device * 100, readings);
      }
    }
    closeTogether(logs, HOUR0 + hour, startMs + HOUR_MS + 300_000, absentAt(hour));
  }
  return logs;
}

const TOWN: readonly Place[] = Array.from({ length: DEVICES }, (_, device) => ({
  latitudeE5: 4_042_000 + (device % 3) * 3000,
  longitudeE5: -370_000 + device * 4000,
  elevationM: 600 + device * 10,
}));
const half = (device: number): RegionCell => (device % 2 === 0 ? WEST : EAST);

test('any cut of any network into regions changes no verdict, sum, score or event', () => {
  const place = fc.record({
    latitudeE5: fc.integer({ min: 4_000_000, max: 4_060_000 }),
    longitudeE5: fc.integer({ min: -400_000, max: -320_000 }),
    elevationM: fc.option(fc.integer({ min: 0, max: 90 }).map((tens) => tens * 10)),
  });
  const third = '83390efffffffff' as RegionCell;
  const cut = fc.array(fc.constantFrom(WEST, EAST, third), { minLength: DEVICES, maxLength: DEVICES });
  fc.assert(
    fc.property(fc.array(place, { minLength: DEVICES, maxLength: DEVICES }), cut, (places, cells) => {
      const whole = verdictsOf(network(places, HOURS, () => WEST));
      const parts = verdictsOf(network(places, HOURS, (device) => cells[device] ?? WEST));
      expect(whole.length).toBeGreaterThan(HOURS * 20);
      // As one text: a list of thousands would spend minutes on its difference.
      expect(parts.find((row, at) => row !== whole[at])).toBeUndefined();
      expect(parts.length).toBe(whole.length);
    }),
    { numRuns: 5 },
  );
}, 60_000);

/** The number that `memberOf` gave it its id by. */
function numberOf(id: string | undefined): number {
  return Array.from({ length: 50 }, (_, device) => memberOf(device).device).indexOf(id as DeviceId);
}

test('a crowd of which some never measure, fall silent for days or retire is the same crowd on both sides of a border', () => {
  const places = Array.from({ length: 44 }, (_, device) => ({
    latitudeE5: 4_042_000 + (device % 7) * 1700,
    longitudeE5: -370_000 + (device % 11) * 2300,
    elevationM: 600,
  }));
  const isSilent = (device: number, hour: number): boolean =>
    device % 4 === 1 || (device % 4 === 2 && hour > 5 && hour < 60 + device) || hour >= (retiredFrom(device) ?? 999);
  const retiredFrom = (device: number): number | null => (device % 8 === 7 ? 20 + device : null);
  const whole = verdictsOf(network(places, 110, () => WEST, { isSilent, retiredFrom }));
  const halves = network(places, 110, half, { isSilent, retiredFrom });
  const parts = verdictsOf(halves);
  expect(parts.find((row, at) => row !== whole[at])).toBeUndefined();
  expect(parts.length).toBe(whole.length);
  // All lists are full, without those that never measured or are retired.
  for (const { state } of halves) {
    for (const { near } of state.devices) {
      expect(near).toHaveLength(24);
      const numbers = near.map((slot) => numberOf(standingAt(state, slot)?.device));
      expect(numbers.filter((device) => device % 4 === 1 || retiredFrom(device) !== null)).toEqual([]);
    }
  }
}, 60_000);

test('who copies across the border is named, and named with the device beyond it', () => {
  const [east] = network(TOWN, 120, half);
  const copier = east?.state.devices.findIndex(({ membership }) => membership.device === memberOf(3).device);
  const named = east?.outputs.events.filter(({ test: bit }) => bit === COPY) ?? [];
  expect(named.length).toBeGreaterThan(0);
  expect(new Set(named.map(({ slot, against }) => `${slot} ${against.join()}`))).toEqual(
    new Set([`${copier} ${memberOf(0).device}`]),
  );
}, 30_000);

test('a stored log with the blocks of others gives the same state, byte for byte, without asking anybody', () => {
  for (const { entries, state } of network(TOWN, 30, half)) {
    const again = emptyState();
    for (const { seq, receivedMs, ...body } of entries) {
      const read = decodeEntry({ seq, receivedMs, kind: body.kind, body: encodeEntryBody(body) });
      if (!read.ok) throw new Error(read.error.detail);
      applyEntry(again, read.value, MAIN_RULES, noOutputs());
    }
    expect(encodeState(again)).toEqual(encodeState(state));
    expect(again.foreign.length).toBeGreaterThan(0);
  }
});

test('while a region is absent its devices keep their places and have no voice; then they are heard again', () => {
  const absent = new Set<string>([EAST]);
  const [, west] = network(TOWN, 24, half, {
    absentAt: (hour) => (hour >= 12 && hour < 18 ? absent : new Set()),
  });
  const judged = west?.entries.flatMap((entry) => (entry.kind === 'neighbour-cells' ? [entry] : [])) ?? [];
  const during = judged.filter(({ hour }) => hour >= HOUR0 + 12 && hour < HOUR0 + 18);
  expect(during.map(({ blocks }) => blocks)).toEqual(during.map(() => [{ cell: EAST, hash: null, devices: [] }]));
  expect(judged.at(-1)?.blocks[0]?.devices).toHaveLength(4);
  expect(west?.state.foreign.filter((known) => known !== null)).toHaveLength(4);
  const [, alone] = network(TOWN, 24, half, { absentAt: () => absent });
  expect(alone?.state.foreign).toEqual([]);
});
