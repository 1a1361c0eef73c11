/** Reads a data set: `stations.csv` and `readings.csv[.gz]`, rows in order of receipt, one reading a quantity and row. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { QUANTITIES, quantityByCode, type Quantity, type QuantityCode } from '../../core/reading/quantity.ts';
import { conversionOf, stepsOf, type Conversion } from '../../core/reading/units.ts';
import { parseCsv } from '../../sensors/simulator/csv.ts';
import { Refusal } from '../lib/say.ts';

export type Station = {
  readonly id: string;
  readonly name: string;
  /** Null: not known, so without neighbors. */
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly elevationM: number | null;
  readonly isFahrenheit: boolean;
};

export type Value = { readonly column: string; readonly quantity: number; readonly value: number };
export type Row = {
  readonly device: string;
  readonly measuredMs: number;
  readonly receivedMs: number;
  readonly values: readonly Value[];
};

/** Columns that are not codes of the catalogue, and the units in which such sets give them. */
const COLUMNS: Readonly<Record<string, readonly [QuantityCode, string]>> = {
  no2: ['no2', 'ug/m3'],
  o3: ['o3', 'ug/m3'],
  so2: ['so2', 'ug/m3'],
  co: ['co', 'mg/m3'],
  pres: ['press', 'hPa'],
  wind: ['wind_speed', 'm/s'],
  rain: ['rain_rate', 'mm/h'],
  solar: ['irradiance', 'W/m2'],
};

/** A set without receive times was received this long after the measurement. */
const TRANSPORT_SECONDS = 5;

export async function readStations(path: string): Promise<readonly Station[]> {
  const rows = parseCsv(await readFile(path, 'utf8'));
  return rows.map((row) => ({
    id: row['device'] ?? '',
    name: row['name'] ?? row['device'] ?? '',
    latitude: numberOf(row['lat']),
    longitude: numberOf(row['lon']),
    elevationM: numberOf(row['elev_m']),
    isFahrenheit: /\(deg F\)/.test(row['kind'] ?? ''),
  }));
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : Number(text);
}

type Column = { readonly name: string; readonly quantity: Quantity; readonly conversion: Conversion };

export async function* readRows(path: string): AsyncGenerator<Row> {
  const file = createReadStream(path);
  const lines = createInterface({
    input: path.endsWith('.gz') ? file.pipe(createGunzip()) : file,
    crlfDelay: Infinity,
  });
  let header: Header | null = null;
  for await (const line of lines) {
    if (line === '') continue;
    if (header === null) header = readHeader(line, path);
    else yield readRow(line.split(','), header);
  }
}

type Header = {
  readonly ts: number;
  readonly rx: number;
  readonly device: number;
  readonly columns: readonly (Column | null)[];
};

function readHeader(line: string, path: string): Header {
  const names = line.split(',');
  const at = { ts: names.indexOf('ts'), rx: names.indexOf('rx'), device: names.indexOf('device') };
  if (at.ts < 0 || at.device < 0) throw new Refusal(`${path} has no columns "ts" and "device" in its first line.`);
  const columns = names.map((name) => (['ts', 'rx', 'device'].includes(name) ? null : columnOf(name)));
  return { ...at, columns };
}

function columnOf(name: string): Column {
  const [code, unit] = COLUMNS[name] ?? [name, null];
  const quantity = quantityByCode(code);
  if (quantity === undefined)
    throw new Refusal(`"${name}" is no known quantity; known: ${QUANTITIES.map((known) => known.code).join(', ')}.`);
  const conversion = conversionOf(quantity, unit ?? quantity.unit);
  if (!conversion.ok) throw new Error(`no unit ${quantity.unit} for ${quantity.code}`);
  return { name, quantity, conversion: conversion.value };
}

function readRow(cells: readonly string[], { ts, rx, device, columns }: Header): Row {
  const measured = Number(cells[ts]);
  const received = rx < 0 ? measured + TRANSPORT_SECONDS : Number(cells[rx]);
  const values: Value[] = [];
  for (const [at, column] of columns.entries()) {
    const text = cells[at];
    if (column === null || text === undefined || text === '') continue;
    values.push({ column: column.name, quantity: column.quantity.index, value: Number(text) });
  }
  return { device: cells[device] ?? '', measuredMs: measured * 1000, receivedMs: received * 1000, values };
}

/** Whole steps of the canonical unit, as the edge makes them of a SenML record; null: the edge would refuse the value. */
export function toSteps({ column, value }: Value, station: Station): number | null {
  const { quantity, conversion } = columnOf(column);
  const isFahrenheit = station.isFahrenheit && quantity.code === 'temp';
  return stepsOf(conversion, isFahrenheit ? (value - 32) / 1.8 : value);
}
