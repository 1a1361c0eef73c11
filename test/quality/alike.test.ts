/**
 * Honest stations are not alike: those of the shipped months as if all stood in one density cell, over every week. With
 * ISOBAR_QC_DATA=FOLDER the near pairs of five months of Madrid, twins among them (28079112/113, 28079114/115).
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { distanceMeters } from '../../core/geo.ts';
import { ALIKE_EPOCHS, withAlike, type SeriesDay } from '../../core/reward/alike.ts';
import type { DeviceDay } from '../../core/reward/weight.ts';
import { readRows, readStations, toSteps, type Row, type Station } from '../../scripts/qc/data-set.ts';
import { DAY_MS, HOUR_MS, loadSlice, type Slice } from '../support/slice-replay.ts';

const HOURS = 24;
type Hours = (readonly [number, number, number, number] | null)[];

function seriesOf({ stations, rows }: Slice): readonly SeriesDay[] {
  const byId = new Map(stations.map((station) => [station.id, station]));
  const days = new Map<string, { device: string; epoch: number; quantities: Map<number, Hours> }>();
  for (const row of rows) {
    const station = byId.get(row.device);
    if (station === undefined) continue;
    const epoch = Math.floor(row.measuredMs / DAY_MS);
    const key = `${row.device} ${epoch}`;
    const day = days.get(key) ?? { device: row.device, epoch, quantities: new Map<number, Hours>() };
    days.set(key, day);
    for (const value of row.values) {
      const steps = toSteps(value, station);
      if (steps === null) continue;
      const hours = day.quantities.get(value.quantity) ?? Array.from({ length: HOURS }, () => null);
      day.quantities.set(value.quantity, hours);
      hours[Math.floor((row.measuredMs % DAY_MS) / HOUR_MS)] = [1, steps, 1, 0];
    }
  }
  return [...days.values()].map(({ device, epoch, quantities }) => ({
    device,
    epoch,
    series: [...quantities].map(([quantity, hours]) => ({ quantity, hours })),
  }));
}

/** Pairs that are alike in some week, with how many weeks there were. */
function pairsAlike(slice: Slice): { readonly weeks: number; readonly alike: readonly string[] } {
  const series = seriesOf(slice);
  const epochs = series.map(({ epoch }) => epoch);
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)];
  const days = slice.stations.map(({ id }, n): DeviceDay => ({
    device: id,
    cell: '',
    owner: '',
    status: 'active',
    tier: 1,
    density: 'here',
    claimedMs: n,
    scoreBps: 9000,
    score30Bps: 9000,
    eligible: true,
  }));
  const alike: string[] = [];
  let weeks = 0;
  for (let epoch = first + ALIKE_EPOCHS - 1; epoch <= last; epoch += 1) {
    weeks += 1;
    const week = series.filter((day) => day.epoch > epoch - ALIKE_EPOCHS && day.epoch <= epoch);
    for (const day of withAlike(days, week, epoch, HOURS)) {
      if (day.alike !== undefined) alike.push(`${day.device} like ${day.alike} in epoch ${epoch}`);
    }
  }
  return { weeks, alike };
}

test.each(['madrid-2020-02', 'beijing-2013-12'] as const)(
  'no two stations of %s are alike in any week',
  async (name) => {
    const { weeks, alike } = pairsAlike(await loadSlice(name));
    expect(alike).toEqual([]);
    expect(weeks).toBeGreaterThanOrEqual(21);
  },
);

const folder = process.env['ISOBAR_QC_DATA'];
test.skipIf(folder === undefined)(
  'nor are the twins of Madrid, nor any pair as near as a density cell is wide, in five months',
  { timeout: 60_000 },
  async () => {
    const set = join(folder ?? '', 'madrid-city-2020');
    const rows: Row[] = [];
    for await (const row of readRows(join(set, 'readings.csv.gz'))) rows.push(row);
    const stations = await readStations(join(set, 'stations.csv'));
    const near = stations.flatMap((one, n) =>
      stations.slice(n + 1).flatMap((other) => (metersBetween(one, other) <= NEAR_METERS ? [[one, other]] : [])),
    );
    expect(near.length).toBeGreaterThanOrEqual(10);
    for (const pair of near) {
      const ids = new Set(pair.map(({ id }) => id));
      const { alike } = pairsAlike({ stations: pair, rows: rows.filter(({ device }) => ids.has(device)) });
      expect(alike).toEqual([]);
    }
  },
);

/** Across a cell of resolution 7. */
const NEAR_METERS = 2600;
const metersBetween = (a: Station, b: Station): number => distanceMeters(placeOf(a), placeOf(b));
const placeOf = ({ latitude, longitude }: Station) => ({
  latitudeE5: (latitude ?? 0) * 1e5,
  longitudeE5: (longitude ?? 0) * 1e5,
});
