/** Applies schema/d1/migrations the way `wrangler d1 migrations apply` does, to the same bookkeeping table. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './files.ts';

/** The part of D1 that is needed; Miniflare's binding outside a Worker has it. */
export type Database = Pick<D1Database, 'prepare' | 'batch'>;

const FOLDER = join(ROOT, 'schema/d1/migrations');
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Names of the migrations that were applied now. A migration is applied whole or not at all. */
export async function migrateDatabase(database: Database): Promise<readonly string[]> {
  await database.prepare(BOOKKEEPING).run();
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const missing = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql') && !applied.has(file))
    .toSorted();
  for (const file of missing) {
    const statements = readFileSync(join(FOLDER, file), 'utf8').split('--> statement-breakpoint');
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(file),
    ]);
  }
  return missing;
}
