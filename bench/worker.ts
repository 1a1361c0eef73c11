/** Runs one of bench/workers on the real runtime, with storage that is thrown away. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { migrateDatabase } from '../scripts/lib/migrate.ts';

export type BenchWorker = { readonly url: string; stop(): Promise<void> };

export async function startBenchWorker(file: string, binding: string, className: string): Promise<BenchWorker> {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, 'workers', file)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'warning',
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      modules: [{ type: 'ESModule', path: '/bench.js', contents: bundled.outputFiles[0]?.text ?? '' }],
      modulesRoot: '/',
      compatibilityDate: '2026-10-01',
      durableObjects: { [binding]: { className, useSQLite: true } },
      d1Databases: ['DB'],
      r2Buckets: ['ARCHIVE'],
    }),
  );
  const url = (await miniflare.ready).href;
  await migrateDatabase(await miniflare.getD1Database('DB'));
  return { url, stop: () => miniflare.dispose() };
}
