/** The readings that a person gives on the command line, as the body of a batch. */
import { readFile } from 'node:fs/promises';
import type { DeviceId } from '../../core/ids.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { type Measurement, writePack } from '../../sensors/client/senml.ts';
import type { SigningKey } from '../../sensors/client/key.ts';
import { type CsvRow, parseCsv } from '../../sensors/simulator/csv.ts';
import { type Flags, UsageError } from '../command-line.ts';
import { Refusal } from '../lib/say.ts';

export const READING_FLAGS = ['quantity', 'value', 'unit', 'at', 'file'];

export async function readBatchBody(flags: Flags, key: SigningKey, nowMs: number): Promise<Uint8Array> {
  const path = flags['file'];
  if (path === undefined) {
    const measurement = measurementOf({ ...flags, time: flags['at'] ?? new Date(nowMs).toISOString() }, 'the reading');
    return encode(writePack(key.did, [measurement]));
  }
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new Refusal(`${path} cannot be read: ${error.message}`);
  });
  return readingsFileBody(text, path, key.did);
}

/** Throws a `UsageError` or a `Refusal` for what holds no readings. */
export function readingsFileBody(written: string, path: string, did: DeviceId): Uint8Array {
  // Spreadsheets begin their files with a byte order mark.
  const text = written.replace(/^\uFEFF/, '');
  const rows = text.trimStart().startsWith('[') ? parseList(text, path) : parseTable(text, path);
  // A pack is sent as it is written: the network judges it, not this command.
  if (rows === 'senml') return encode(text);
  if (rows.length === 0) throw new Refusal(`${path} has no readings`);
  return encode(
    writePack(
      did,
      rows.map((row, position) => measurementOf(row, `${path}, reading ${position + 1}`)),
    ),
  );
}

const HEADER = ['time', 'quantity', 'value'];

function parseTable(text: string, path: string): readonly CsvRow[] {
  const rows = parseCsv(text);
  const names = Object.keys(rows[0] ?? {});
  const missing = HEADER.filter((name) => !names.includes(name));
  if (rows.length === 0 || missing.length === 0) return rows;
  const wrong = names.some((name) => name.includes(';'))
    ? 'has semicolons between its columns; save it with commas, and with points in its numbers'
    : `has no column ${missing.map((name) => `"${name}"`).join(', ')}`;
  throw new Refusal(`${path} ${wrong}: its first line is time,quantity,value or time,quantity,value,unit`);
}

function parseList(text: string, path: string): readonly Readonly<Record<string, unknown>>[] | 'senml' {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new Refusal(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(list)) throw new Refusal(`${path} must hold a list`);
  const items: readonly unknown[] = list;
  const rows = items.filter(isObject);
  if (rows.length < items.length) throw new Refusal(`${path} must hold a list of readings, each an object`);
  return rows.some((row) => 'n' in row || 'bn' in row) ? 'senml' : rows;
}

function measurementOf(row: Readonly<Record<string, unknown>>, where: string): Measurement {
  const given = textOf(row['quantity']);
  const quantity = quantityByCode(given);
  if (!quantity)
    throw new UsageError(`${where}: "${given}" is no quantity; /v1/quantities lists them (temp, rh, pm25, ...)`);
  const value = textOf(row['value']) === '' ? Number.NaN : Number(row['value']);
  if (!Number.isFinite(value)) throw new UsageError(`${where}: "${textOf(row['value'])}" is no value`);
  const measuredMs = Date.parse(textOf(row['time']));
  if (Number.isNaN(measuredMs))
    throw new UsageError(`${where}: "${textOf(row['time'])}" is no time; write 2026-11-22T09:00:00Z`);
  return { quantity: quantity.code, value, unit: textOf(row['unit']) || quantity.unit, measuredMs };
}

function isObject(item: unknown): item is Readonly<Record<string, unknown>> {
  return typeof item === 'object' && item !== null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
