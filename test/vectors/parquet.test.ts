/** Parquet is read back by two readers that are not ours. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import type { Table } from '../../core/query/table.ts';
import { encodeParquet } from '../../durable-objects/parquet.ts';

type Row = { readonly name: string; readonly startMs: number; readonly value: number | null; readonly count: number };

const START = Date.parse('2026-11-22T07:00:00Z');
const ROWS: readonly Row[] = [
  { name: 'ñ', startMs: START, value: 1.25, count: 2 },
  { name: 'b', startMs: START + 3_600_000, value: null, count: 3 },
];
const TABLE: Table<Row> = {
  name: 'rows',
  rows: ROWS,
  placeOf: () => null,
  columns: [
    { name: 'name', type: 'text', of: (row) => row.name },
    { name: 'start', type: 'time', of: (row) => row.startMs },
    { name: 'value', type: 'number', nullable: true, of: (row) => row.value },
    { name: 'count', type: 'integer', of: (row) => row.count },
    { name: 'final', type: 'boolean', of: () => true },
    { name: 'tests', type: 'list', of: () => ['step', 'flat'] },
  ],
};
const FACTS = { license: 'CC-BY-4.0', attribution: ['a', 'b'], next: null, members: { units: { pm25: 'ug/m3' } } };

test('hyparquet reads types, values and what is said of the rows', async () => {
  const bytes = encodeParquet(TABLE, FACTS);
  const metadata = parquetMetadata(bytes.buffer);
  expect(metadata.key_value_metadata).toEqual([
    { key: 'units', value: '{"pm25":"ug/m3"}' },
    { key: 'license', value: 'CC-BY-4.0' },
    { key: 'attribution', value: 'a; b' },
  ]);
  expect(metadata.schema.find(({ name }) => name === 'start')).toMatchObject({
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
  });
  expect(await parquetReadObjects({ file: bytes.buffer })).toEqual([
    { name: 'ñ', start: new Date(START), value: 1.25, count: 2, final: true, tests: 'step;flat' },
    { name: 'b', start: new Date(START + 3_600_000), value: null, count: 3, final: true, tests: 'step;flat' },
  ]);
});

test('DuckDB reads instants in UTC, and an empty table too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const file = join(folder, 'rows.parquet');
    await writeFile(file, encodeParquet(TABLE, FACTS));
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${file}'`);
    expect(described.getRows().map(([name, type]) => `${String(name)} ${String(type)}`)).toEqual([
      'name VARCHAR',
      'start TIMESTAMP WITH TIME ZONE',
      'value DOUBLE',
      'count INTEGER',
      'final BOOLEAN',
      'tests VARCHAR',
    ]);
    const sums = await connection.runAndReadAll(
      `SELECT sum(value), sum(count), epoch_ms(min(start)) FROM '${file}' WHERE final`,
    );
    expect(sums.getRows()).toEqual([[1.25, 5n, BigInt(START)]]);
    await writeFile(file, encodeParquet({ ...TABLE, rows: [] }, FACTS));
    expect((await connection.runAndReadAll(`SELECT count(*) FROM '${file}'`)).getRows()).toEqual([[0n]]);
  } finally {
    connection.closeSync();
    await rm(folder, { recursive: true });
  }
});
