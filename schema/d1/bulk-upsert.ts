/**
 * Upserts of any number of rows with one bound parameter: D1 allows 100 a statement (drizzle-orm#2479), so the rows go
 * in as one JSON text and come out of `json_each`. Column names come from the Drizzle table, the single source.
 */
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';

/** D1 takes 2 MB of text; stay well below. */
const CHUNK_CHARACTERS = 800_000;

type Options<T extends SQLiteTable> = {
  /** Keys of the columns that a repeated row replaces; others keep their first value. */
  readonly replace: readonly (keyof T['$inferInsert'] & string)[];
  /** SQL condition for the replacement, over the table's columns and `excluded`. */
  readonly when?: string;
};

export function bulkUpsert<T extends SQLiteTable>(
  db: D1Database,
  table: T,
  rows: readonly T['$inferInsert'][],
  options: Options<T>,
): D1PreparedStatement[] {
  if (rows.length === 0) return [];
  const { name, columns, primaryKeys } = getTableConfig(table);
  const keyOf = new Map(
    Object.entries(table).flatMap(([key, column]) => (columns.includes(column) ? [[key, column.name]] : [])),
  );
  const conflict =
    primaryKeys[0]?.columns.map((column) => column.name) ??
    columns.filter((column) => column.primary).map((column) => column.name);
  const names = columns.map((column) => column.name);
  const sets = options.replace.map((key) => keyOf.get(key) ?? key).map((column) => `${column} = excluded.${column}`);
  const action =
    sets.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${sets.join(', ')}${options.when === undefined ? '' : ` WHERE ${options.when}`}`;
  const picks = names.map((_, at) => `value ->> ${at}`);
  const sql =
    `INSERT INTO ${name} (${names.join(', ')}) SELECT ${picks.join(', ')} FROM json_each(?1) WHERE true ` +
    `ON CONFLICT (${conflict.join(', ')}) ${action}`;
  const keys = columns.map(
    (column) => [...keyOf].find(([, columnName]) => columnName === column.name)?.[0] ?? column.name,
  );
  const texts = rows.map((row) => {
    const record: Readonly<Record<string, unknown>> = row;
    const values = columns.map((column, at) => {
      const value = record[keys[at] ?? ''];
      return value === undefined || value === null ? null : column.mapToDriverValue(value);
    });
    return JSON.stringify(values);
  });
  return chunks(texts).map((chunk) => db.prepare(sql).bind(`[${chunk.join(',')}]`));
}

function chunks(texts: readonly string[]): string[][] {
  const all: string[][] = [];
  let current: string[] = [];
  let size = 0;
  for (const text of texts) {
    if (size + text.length > CHUNK_CHARACTERS && current.length > 0) {
      all.push(current);
      current = [];
      size = 0;
    }
    current.push(text);
    size += text.length + 1;
  }
  if (current.length > 0) all.push(current);
  return all;
}
