/** A table as JSON, NDJSON, CSV or GeoJSON text. Parquet needs a library: durable-objects/parquet.ts. */
import { rfc3339 } from '../time.ts';
import type { Format } from './formats.ts';
import type { Column, Table, TableFacts, Value } from './table.ts';

export type TextFormat = Exclude<Format, 'parquet'>;

export function encodeTable<Row>(table: Table<Row>, facts: TableFacts, format: TextFormat): string {
  switch (format) {
    case 'json':
      return encodeJson(table, facts);
    case 'ndjson':
      return table.rows.map((row) => `${JSON.stringify(toRecord(row, table.columns))}\n`).join('');
    case 'csv':
      return encodeCsv(table);
    case 'geojson':
      return encodeGeoJson(table, facts);
  }
}

function encodeJson<Row>({ name, columns, rows }: Table<Row>, { members, ...facts }: TableFacts): string {
  return JSON.stringify({ ...members, ...facts, [name]: rows.map((row) => toRecord(row, columns)) });
}

/** RFC 7946; what is said of all rows stands as foreign members (section 6.1). */
function encodeGeoJson<Row>({ columns, rows, placeOf }: Table<Row>, { members, ...facts }: TableFacts): string {
  const features = rows.map((row) => {
    const place = placeOf(row);
    return {
      type: 'Feature',
      geometry: place === null ? null : { type: 'Point', coordinates: place },
      properties: toRecord(row, columns),
    };
  });
  return JSON.stringify({ type: 'FeatureCollection', ...members, ...facts, features });
}

/** RFC 4180, with a header. Lists are joined with a semicolon; what is missing is empty. */
export function encodeCsv<Row>({ columns, rows }: Pick<Table<Row>, 'columns' | 'rows'>): string {
  const lines = rows.map((row) => columns.map((column) => csvField(plain(column, row))).join(','));
  return [columns.map(({ name }) => csvField(name)).join(','), ...lines, ''].join('\r\n');
}

function csvField(value: Value): string {
  const text = value === null ? '' : Array.isArray(value) ? value.join(';') : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function toRecord<Row>(row: Row, columns: readonly Column<Row>[]): Record<string, Value> {
  return Object.fromEntries(columns.map((column) => [column.name, plain(column, row)]));
}

function plain<Row>({ type, of }: Column<Row>, row: Row): Value {
  const value = of(row);
  return type === 'time' && typeof value === 'number' ? rfc3339(value) : value;
}
