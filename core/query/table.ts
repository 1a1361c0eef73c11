/** Rows with typed columns: what every format is written from. */
import { LICENSE_URL } from './license.ts';

/** `time`: unix milliseconds, written as RFC 3339 UTC. `list`: texts without a semicolon. */
export type ColumnType = 'text' | 'integer' | 'number' | 'boolean' | 'time' | 'list';
export type Value = string | number | boolean | readonly string[] | null;

export type Column<Row> = {
  readonly name: string;
  readonly type: ColumnType;
  /** Some rows have no value here. */
  readonly nullable?: boolean;
  readonly of: (row: Row) => Value;
};

export type Table<Row> = {
  /** The member of the JSON answer that holds the rows. */
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** [longitude, latitude] in degrees, for GeoJSON. */
  readonly placeOf: (row: Row) => readonly [number, number] | null;
};

/** What is said once of all rows: members of JSON, key-value metadata of Parquet; license and next page are links elsewhere. */
export type TableFacts = {
  readonly license: string;
  readonly attribution: readonly string[];
  /** Address of the next page, null after the last. */
  readonly next: string | null;
  /** Times, resolution and the like, as JSON. */
  readonly members: Readonly<Record<string, unknown>>;
};

/** RFC 8288. CSV and NDJSON have no other place for the license. */
export function linkHeader({ next }: Pick<TableFacts, 'next'>): string {
  const links = [`<${LICENSE_URL}>; rel="license"`];
  if (next !== null) links.push(`<${next}>; rel="next"`);
  return links.join(', ');
}
