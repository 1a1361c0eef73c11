/** Each format is read back by a reader that is not ours. */
import { check } from '@placemarkio/check-geojson';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeTable } from '../../core/query/encode.ts';
import { linkHeader, type Table, type TableFacts } from '../../core/query/table.ts';

type Row = { readonly name: string; readonly startMs: number; readonly value: number | null; readonly tests: string[] };

const tableOf = (rows: readonly Row[]): Table<Row> => ({
  name: 'things',
  rows,
  placeOf: () => [-3.7, 40.4],
  columns: [
    { name: 'name', type: 'text', of: (row) => row.name },
    { name: 'start', type: 'time', of: (row) => row.startMs },
    { name: 'value', type: 'number', nullable: true, of: (row) => row.value },
    { name: 'tests', type: 'list', of: (row) => row.tests },
  ],
});
const FACTS: TableFacts = {
  license: 'CC-BY-4.0',
  attribution: ['a', 'b'],
  next: 'https://api.test/next',
  members: { from: '1970-01-01T00:00:00.000Z' },
};
const ROW: Row = { name: 'Station "1", north\nside', startMs: 0, value: null, tests: ['step', 'flat'] };

test('JSON holds the rows beside what is said of all of them', () => {
  expect(JSON.parse(encodeTable(tableOf([ROW]), FACTS, 'json'))).toEqual({
    from: '1970-01-01T00:00:00.000Z',
    license: 'CC-BY-4.0',
    attribution: ['a', 'b'],
    next: 'https://api.test/next',
    things: [{ name: ROW.name, start: '1970-01-01T00:00:00.000Z', value: null, tests: ['step', 'flat'] }],
  });
});

test('NDJSON is one JSON object a line, each ended', () => {
  const lines = encodeTable(tableOf([ROW, ROW]), FACTS, 'ndjson').split('\n');
  expect(lines).toHaveLength(3);
  expect(lines.slice(0, 2).map((line) => (JSON.parse(line) as Row).name)).toEqual([ROW.name, ROW.name]);
  expect(lines[2]).toBe('');
});

test('GeoJSON passes a foreign check, with license and attribution in it', () => {
  const text = encodeTable(tableOf([ROW]), FACTS, 'geojson');
  expect(check(text)).toMatchObject({ type: 'FeatureCollection', features: [{ geometry: { type: 'Point' } }] });
  expect(JSON.parse(text)).toMatchObject({ license: 'CC-BY-4.0', attribution: ['a', 'b'], next: FACTS.next });
});

test('a foreign reader of CSV gets every text back, whatever stands in it', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (names) => {
      const rows = names.map((name) => ({ ...ROW, name, value: 1.5 }));
      const read: string[][] = parse(encodeTable(tableOf(rows), FACTS, 'csv'), { record_delimiter: '\r\n' });
      expect(read).toEqual([
        ['name', 'start', 'value', 'tests'],
        ...names.map((name) => [name, '1970-01-01T00:00:00.000Z', '1.5', 'step;flat']),
      ]);
    }),
  );
});

test('license and next page are links', () => {
  expect(linkHeader(FACTS)).toBe(
    '<https://creativecommons.org/licenses/by/4.0/>; rel="license", <https://api.test/next>; rel="next"',
  );
  expect(linkHeader({ next: null })).not.toContain('next');
});
