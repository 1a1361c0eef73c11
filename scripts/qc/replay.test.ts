/** Measured weeks, whole and cut in two: the exchange between the folds leaves no trace of the border. */
import { join } from 'node:path';
import { gridDisk, latLngToCell } from 'h3-js';
import { expect, test } from 'vitest';
import { MAIN_RULES } from '../../core/rules/main.ts';
import type { RegionCell } from '../../core/ids.ts';
import { SLICE_DIR } from '../../sensors/simulator/slice.ts';
import { verdictsOf } from '../../test/support/border.ts';
import { readRows, readStations, type Row, type Station } from './data-set.ts';
import { Replay, type RegionOf } from './replay.ts';

const DAY_MS = 86_400_000;
const STEP_MS = 3_600_000;
/** Enough for the slow tests to speak. */
const UNTIL_MS = Date.UTC(2020, 1, 20);
/** From the second week on one station sends ten times too much and one repeats another. */
const FAULTS_FROM_MS = Date.UTC(2020, 1, 9);
const [EXAGGERATES, COPIES, ORIGINAL] = ['28079038', '28079018', '28079008'];

const isHere = ({ id }: Station) => id.startsWith('28079');
const stations = (await readStations(join(SLICE_DIR, 'stations.csv'))).filter(isHere);
const rows = withFaults(await readSlice());

async function readSlice(): Promise<readonly Row[]> {
  const read: Row[] = [];
  for await (const row of readRows(join(SLICE_DIR, 'madrid-2020-02.csv.gz'))) {
    if (row.measuredMs < UNTIL_MS) read.push(row);
  }
  return read;
}

function withFaults(honest: readonly Row[]): readonly Row[] {
  const originals = new Map(honest.flatMap((row) => (row.device === ORIGINAL ? [[row.measuredMs, row.values]] : [])));
  return honest.map((row) => {
    if (row.measuredMs < FAULTS_FROM_MS) return row;
    if (row.device === COPIES) return { ...row, values: originals.get(row.measuredMs) ?? row.values };
    if (row.device !== EXAGGERATES) return row;
    return { ...row, values: row.values.map((one) => ({ ...one, value: one.value * 10 })) };
  });
}

function replayed(regionOf?: RegionOf): Replay {
  const [first] = rows;
  if (first === undefined) throw new Error('an empty slice');
  const replay = new Replay(stations, MAIN_RULES, first.receivedMs, regionOf);
  for (const [receivedMs, together] of Map.groupBy(rows, (row) => row.receivedMs)) {
    replay.advance(receivedMs);
    for (const [device, posted] of Map.groupBy(together, (row) => row.device)) {
      const placed = replay.placed.get(device);
      if (placed !== undefined) replay.post(placed, posted, receivedMs);
    }
  }
  const lastMs = rows.at(-1)?.receivedMs ?? 0;
  for (let nowMs = lastMs; nowMs < lastMs + DAY_MS; nowMs += STEP_MS) replay.advance(nowMs);
  return replay;
}

const trueCell = ({ latitude, longitude }: Station) => latLngToCell(latitude ?? 0, longitude ?? 0, 3) as RegionCell;
const cellBeyond = (station: Station) =>
  gridDisk(trueCell(station), 1).find((cell) => cell !== trueCell(station)) as RegionCell;

const CUTS: readonly (readonly [string, (station: Station) => boolean])[] = [
  ['by longitude', ({ longitude }) => (longitude ?? 0) < -3.69],
  ['with every second station beyond the border', ({ id }) => Number(id) % 2 === 0],
];

const whole = replayed();
const expected = verdictsOf(whole.regions);

test.each(CUTS)(
  'cutting weeks of a city in two, %s, changes no verdict, sum, score or event',
  (_name, isBeyond) => {
    const cut = replayed((station) => (isBeyond(station) ? cellBeyond(station) : trueCell(station)));
    expect([whole.regions.length, cut.regions.length]).toEqual([1, 2]);
    const found = verdictsOf(cut.regions);
    expect(expected.filter((row) => row.startsWith('["event"')).length).toBeGreaterThan(100);
    // As single rows: a list of thousands would spend minutes on its difference.
    expect(found.find((row, at) => row !== expected[at])).toBeUndefined();
    expect(found.length).toBe(expected.length);
    expect(cut.regions.every(({ state }) => state.foreign.length > 2)).toBe(true);
  },
  60_000,
);

test('without the exchange the border would show', () => {
  const farAway = '8331aafffffffff' as RegionCell;
  const apart = replayed((station) => (Number(station.id) % 2 === 0 ? farAway : trueCell(station)));
  expect(apart.regions.map(({ near }) => near.length)).toEqual([0, 0]);
  expect(verdictsOf(apart.regions).find((row, at) => row !== expected[at])).toBeDefined();
}, 60_000);
