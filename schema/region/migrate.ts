/** Brings an object's SQLite to the newest shape. Synchronous, so that it runs in the constructor before any request. */
import { REGION_MIGRATIONS } from './migrations.gen.ts';

export function migrateRegion(sql: SqlStorage): void {
  const known =
    sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'`).toArray().length > 0;
  if (!known) sql.exec('CREATE TABLE migration (name TEXT PRIMARY KEY) WITHOUT ROWID');
  const applied = new Set(
    known
      ? sql
          .exec<{ name: string }>('SELECT name FROM migration')
          .toArray()
          .map((row) => row.name)
      : [],
  );
  for (const { name, statements } of REGION_MIGRATIONS) {
    if (applied.has(name)) continue;
    for (const statement of statements) sql.exec(statement);
    sql.exec('INSERT INTO migration VALUES (?)', name);
  }
}
