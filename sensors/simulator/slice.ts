/** The measured months in data/slices: stations and their hourly series. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type QuantityCode, quantityByCode } from '../../core/reading/quantity.ts';
import { type CsvRow, parseCsv } from './csv.ts';

export const SLICE_HOURS = 28 * 24;
export const SLICE_DIR = join(import.meta.dirname, '../../data/slices');

export type StationRecord = {
  readonly id: string;
  readonly slice: string;
  readonly region: string;
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  /** Meters above sea level, null: unknown. */
  readonly elevationM: number | null;
};

/** One value per hour of the slice, null where nothing valid was measured. */
export type Series = ReadonlyMap<QuantityCode, readonly (number | null)[]>;

export type Slices = {
  readonly stations: readonly StationRecord[];
  readonly series: ReadonlyMap<string, Series>;
};

/** One measurement without its time, in the unit sent. */
export type Value = { readonly quantity: QuantityCode; readonly value: number };

/** The units in which the slices' stations measure: gases as mass, as the operators publish them. */
export const SENT_UNITS: Readonly<Partial<Record<QuantityCode, string>>> = {
  pm25: 'ug/m3',
  pm10: 'ug/m3',
  no2: 'ug/m3',
  o3: 'ug/m3',
  so2: 'ug/m3',
  co: 'mg/m3',
  temp: 'Cel',
  rh: '%RH',
  press: 'hPa',
  wind_speed: 'm/s',
  rain: 'mm',
  irradiance: 'W/m2',
};

export async function loadStations(dir: string = SLICE_DIR): Promise<readonly StationRecord[]> {
  const rows = parseCsv(await readFile(join(dir, 'stations.csv'), 'utf8'));
  return rows.map((row) => ({
    id: text(row, 'device'),
    slice: text(row, 'slice'),
    region: text(row, 'region'),
    name: text(row, 'name'),
    latitude: Number(text(row, 'lat')),
    longitude: Number(text(row, 'lon')),
    elevationM: row['elev_m'] ? Number(row['elev_m']) : null,
  }));
}

export async function loadSlices(dir: string = SLICE_DIR): Promise<Slices> {
  const stations = await loadStations(dir);
  const series = new Map<string, Series>();
  for (const name of new Set(stations.map((station) => station.slice))) {
    const rows = parseCsv(gunzipSync(await readFile(join(dir, `${name}.csv.gz`))).toString('utf8'));
    const first = Math.min(...rows.map((row) => Number(text(row, 'ts'))));
    for (const [id, ofStation] of Map.groupBy(rows, (row) => text(row, 'device'))) {
      series.set(id, seriesOf(ofStation, first));
    }
  }
  return { stations, series };
}

function seriesOf(rows: readonly CsvRow[], firstSeconds: number): Series {
  const series = new Map<QuantityCode, (number | null)[]>();
  for (const row of rows) {
    const hour = (Number(text(row, 'ts')) - firstSeconds) / 3600;
    for (const [column, value] of Object.entries(row)) {
      const quantity = quantityByCode(column);
      if (!quantity || value === '') continue;
      const values = series.get(quantity.code) ?? Array.from({ length: SLICE_HOURS }, () => null);
      values[hour] = Number(value);
      series.set(quantity.code, values);
    }
  }
  return series;
}

function text(row: CsvRow, column: string): string {
  const value = row[column];
  if (value === undefined) throw new Error(`data/slices lacks the column ${column}`);
  return value;
}

/** The first `count` stations, regions by turns, so that a small fleet has neighbours in each. */
export function chooseStations(stations: readonly StationRecord[], count: number): readonly StationRecord[] {
  const rank = new Map<string, number>();
  const ranked = [...Map.groupBy(stations, (station) => station.region).values()];
  for (const ofRegion of ranked) ofRegion.forEach((station, position) => rank.set(station.id, position));
  return stations.toSorted((a, b) => (rank.get(a.id) ?? 0) - (rank.get(b.id) ?? 0)).slice(0, count);
}
