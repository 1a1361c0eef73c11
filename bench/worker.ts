/** Runs one of bench/workers on the real runtime, with storage that is thrown away. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { migrateDatabase, type Database } from '../scripts/lib/migrate.ts';

export type BenchWorker = { readonly url: string; readonly database: Database; stop(): Promise<void> };

/** `objects`: class of each Durable Object binding. */
export async function startBenchWorker(
  file: string,
  objects: Readonly<Record<string, string>>,
  bindings: Readonly<Record<string, string>> = {},
): Promise<BenchWorker> {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, 'workers', file)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'warning',
  });
  const classes = Object.entries(objects).map(([name, className]) => [name, { className, useSQLite: true }]);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      modules: [{ type: 'ESModule', path: '/bench.js', contents: bundled.outputFiles[0]?.text ?? '' }],
      modulesRoot: '/',
      compatibilityDate: '2026-10-01',
      durableObjects: Object.fromEntries(classes) as Record<string, { className: string; useSQLite: boolean }>,
      d1Databases: ['DB'],
      r2Buckets: ['ARCHIVE'],
      bindings,
    }),
  );
  const url = (await miniflare.ready).href;
  const database: Database = await miniflare.getD1Database('DB');
  await migrateDatabase(database);
  return { url, database, stop: () => miniflare.dispose() };
}
