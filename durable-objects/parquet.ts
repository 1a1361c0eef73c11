/** A table as Parquet. Loaded on first use (worker/formats/encode.ts, export-job/encode.ts): most isolates never write any. */
import { parquetWriteBuffer, type SchemaElement } from 'hyparquet-writer';
import type { Column, ColumnType, Table, TableFacts, Value } from '../core/query/table.ts';

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

/**
 * Lists are one text, as in CSV: not every reader takes nested columns. Times need the logical type beside the old converted
 * one, without which DuckDB takes them for local times.
 */
const TYPES: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  text: TEXT,
  list: TEXT,
  integer: { type: 'INT32' },
  number: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
};

export function encodeParquet<Row>(
  { columns, rows }: Pick<Table<Row>, 'columns' | 'rows'>,
  { license, attribution, next, members }: TableFacts,
): Uint8Array<ArrayBuffer> {
  const facts = { ...members, license, attribution: attribution.join('; '), ...(next === null ? {} : { next }) };
  const buffer = parquetWriteBuffer({
    schema: [{ name: 'root', num_children: columns.length }, ...columns.map((column) => elementOf(column))],
    columnData: columns.map(({ name, type, of }) => ({ name, data: rows.map((row) => stored(type, of(row))) })),
    kvMetadata: Object.entries(facts).map(([key, value]) => ({ key, value: asText(value) })),
    createdBy: 'isobar',
  });
  return new Uint8Array(buffer);
}

function elementOf<Row>({ name, type, nullable = false }: Column<Row>): SchemaElement {
  return { name, ...TYPES[type], repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' };
}

function stored(type: ColumnType, value: Value): unknown {
  if (value === null) return null;
  if (type === 'time') return new Date(Number(value));
  return Array.isArray(value) ? value.join(';') : value;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
