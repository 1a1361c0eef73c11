/** The list of `claim --csv`: read whole and judged whole before anything is sent. */
import { parse } from 'csv-parse/sync';
import { readSite, type Site } from './site.ts';

export type ListedDevice = {
  /** In the file, from 1. */
  readonly line: number;
  /** Path as written, or the name under which a new key is made and found again. */
  readonly key: { readonly file: string } | { readonly made: string };
  readonly site: Site;
};

export type ClaimList = {
  readonly devices: readonly ListedDevice[];
  /** One sentence a bad row, with its line. */
  readonly errors: readonly string[];
};

export const LIST_COLUMNS = ['key', 'lat', 'lon', 'elevation', 'height', 'name', 'type'];
const NEEDED = ['key', 'lat', 'lon'];
/** Key for which one is made. */
const NEW = 'new';
/** File systems take 255; the endings of what lies beside a key go off. */
const MAX_FILE_BYTES = 200;

/** @param keyFileOf the file of a key: one written in two ways, or given and made, is one key */
export function parseClaimList(text: string, keyFileOf: (key: ListedDevice['key']) => string): ClaimList {
  const table = tableOf(text);
  if (typeof table === 'string') return { devices: [], errors: [table] };
  const [header, ...rows] = table;
  const names = header?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const inHeader = headerErrors(names);
  if (inHeader.length > 0) return { devices: [], errors: inHeader.map((wrong) => `line 1: ${wrong}`) };

  const seen = new Map<string, number>();
  const devices: ListedDevice[] = [];
  const errors: string[] = [];
  for (const { line, cells } of rows) {
    const row = Object.fromEntries(names.map((name, column) => [name, cells[column]]));
    const read = readSite(row);
    const wrong = read.ok ? [] : [...read.wrong];
    if (cells.length !== names.length) wrong.unshift(`${cells.length} columns where the header has ${names.length}`);
    const key = keyOf(row['key']?.trim() ?? '', row['name'] ?? '');
    if (typeof key === 'string') wrong.push(key);
    else {
      const file = keyFileOf(key);
      const first = seen.get(file);
      if (first === undefined) seen.set(file, line);
      else wrong.push('made' in key ? `its name gives the key of line ${first}` : `its key is that of line ${first}`);
      if (read.ok && wrong.length === 0) devices.push({ line, key, site: read.site });
    }
    if (wrong.length > 0) errors.push(`line ${line}: ${wrong.join('; ')}`);
  }
  if (rows.length === 0) errors.push('there is no row below the header');
  return { devices, errors };
}

/** A name is the only thing of a new device that stays when rows are moved about. */
function keyOf(text: string, name: string): ListedDevice['key'] | string {
  if (text === '') return `key is missing: a file, or "${NEW}"`;
  if (text !== NEW) return { file: text };
  const made = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mark}/gu, '')
    .normalize('NFC')
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-|-$/g, '');
  if (new TextEncoder().encode(made).length > MAX_FILE_BYTES)
    return 'a new key is named after the device, and name is too long for a file';
  return made === '' ? 'a new key is named after the device, and name is missing' : { made };
}

function headerErrors(names: readonly string[]): readonly string[] {
  const missing = NEEDED.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !LIST_COLUMNS.includes(name));
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  return [
    ...missing.map((name) => `the column "${name}" is missing`),
    ...unknown.map((name) => `there is no column "${name}"; there are ${LIST_COLUMNS.join(', ')}`),
    ...twice.map((name) => `the column "${name}" stands there twice`),
  ];
}

type Row = { readonly line: number; readonly cells: readonly string[] };

/** A sentence where the text is no CSV at all. */
function tableOf(text: string): readonly Row[] | string {
  try {
    const rows: unknown = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // Found from the first line otherwise, and a list edited on two systems has both.
      record_delimiter: ['\r\n', '\n', '\r'],
    });
    if (!Array.isArray(rows)) return 'the file is empty';
    // csv-parse gives {record, info} with `info: true`; `lines` counts to the end of the row.
    return rows.map(({ record, info }: { record: string[]; info: { lines: number } }) => ({
      line: info.lines - record.join('').split('\n').length + 1,
      cells: record,
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const RESULT = ['line', 'key', 'name', 'device', 'region', 'ingest address', 'result'] as const;
export type ResultRow = Readonly<Record<(typeof RESULT)[number], string>>;

/** RFC 4180. */
export function writeResults(rows: readonly ResultRow[]): string {
  const line = (cells: readonly string[]): string => cells.map(cellOf).join(',');
  return [line(RESULT), ...rows.map((row) => line(RESULT.map((name) => row[name])))]
    .map((text) => `${text}\r\n`)
    .join('');
}

/** A name that begins like a formula is text to a spreadsheet only behind an apostrophe. */
function cellOf(text: string): string {
  const safe = /^[=+@\t\r]|^-(?!\d)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
