import { defineConfig } from 'drizzle-kit';

/** SQLite of the region object; D1 has its own config at the top level. */
export default defineConfig({
  dialect: 'sqlite',
  driver: 'durable-sqlite',
  schema: './schema/region/tables.ts',
  out: './schema/region/migrations',
});
