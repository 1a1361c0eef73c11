/** The cron Worker alone on real workerd, with its database, archive and Minter; the edge Worker is not needed here. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from 'wrangler';
import type { Minter, MinterReport } from '../../durable-objects/minter/minter.ts';
import type { MinterResumption } from '../../schema/api/public.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import { migrateDatabase, type Database } from '../../scripts/lib/migrate.ts';
import { run } from '../../scripts/lib/run.ts';

const CONFIG = 'worker/cron/wrangler.toml';
const ENTRY = 'worker/cron/index.ts';
const CHAIN_ID = 10;

export type CronWorker = {
  readonly db: Database;
  /** Runs the scheduled handler to its end. */
  tick(nowMs?: number): Promise<void>;
  poke(nowMs?: number): Promise<MinterReport>;
  status(): Promise<MinterReport>;
  resume(): Promise<MinterResumption>;
  minter(): DurableObjectStub<Minter>;
  report(key: string): Promise<string | null>;
  archive(): Promise<R2Bucket>;
  /** Asks the Worker itself, which has no public route: only an entry made for tests answers. */
  ask(path: string): Promise<unknown>;
  /** Null: it is deleted. */
  replaceReport(key: string, text: string | null): Promise<void>;
  dispose(): Promise<void>;
};

/** Path of the script as wrangler would upload it. */
export async function bundleCronWorker(outdir: string, entry = ENTRY): Promise<string> {
  const { exitCode, output } = await run(['wrangler', 'deploy', entry, '--dry-run', '--outdir', outdir, '-c', CONFIG], {
    env: { WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
  });
  if (exitCode !== 0) throw new Error(output);
  return join(outdir, `${basename(entry, '.ts')}.js`);
}

/** @param clockMs what the Worker is told the time is, where a test does not say otherwise */
export async function startCronWorker(
  script: string,
  dir: string,
  clockMs: number,
  vars: Readonly<Record<string, string>>,
): Promise<CronWorker> {
  const { workerOptions } = workerOptionsOf(join(ROOT, CONFIG));
  // The edge Worker's objects are not here; the Minter's own binding is all that the handler uses.
  const objects = Object.entries(workerOptions.durableObjects ?? {}).filter(([binding]) => binding !== 'REGION');
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      resourcePersistencePath: dir,
      log: new Log(LogLevel.ERROR),
      workers: [
        {
          ...workerOptions,
          name: 'isobar-cron',
          durableObjects: Object.fromEntries(objects),
          bindings: {
            ...(workerOptions.bindings as Record<string, string>),
            CHAIN_ID: String(CHAIN_ID),
            RULES: 'local',
            ...vars,
          },
          modulesRules: undefined,
          modulesRoot: '/',
          modules: [{ type: 'ESModule', path: '/cron.js', contents: readFileSync(script, 'utf8') }],
        },
      ],
    }),
  );
  await miniflare.ready;
  const db = (await miniflare.getD1Database('DB', 'isobar-cron')) as Database;
  await migrateDatabase(db);
  const cron = await miniflare.getWorker('isobar-cron');
  const minters = (await miniflare.getDurableObjectNamespace(
    'MINTER',
    'isobar-cron',
  )) as unknown as DurableObjectNamespace<Minter>;
  const name = `eip155:${CHAIN_ID}`;
  const minter = () => minters.get(minters.idFromName(name));
  return {
    db,
    minter,
    async tick(nowMs = clockMs) {
      const { outcome } = await cron.scheduled({ cron: '*/5 * * * *', scheduledTime: new Date(nowMs) });
      if (outcome !== 'ok') throw new Error(`the scheduled handler ended with ${outcome}`);
    },
    poke: async (nowMs = clockMs) => await minter().poke(nowMs),
    status: async () => await minter().status(),
    resume: async () => await minter().resume(clockMs),
    archive: async () => (await miniflare.getR2Bucket('ARCHIVE', 'isobar-cron')) as unknown as R2Bucket,
    ask: async (path) => await (await cron.fetch(`http://cron${path}`)).json(),
    async report(key) {
      const stored = await (await miniflare.getR2Bucket('ARCHIVE', 'isobar-cron')).get(key);
      return stored ? await stored.text() : null;
    },
    async replaceReport(key, text) {
      const archive = await miniflare.getR2Bucket('ARCHIVE', 'isobar-cron');
      await (text === null ? archive.delete(key) : archive.put(key, text));
    },
    dispose: () => miniflare.dispose(),
  };
}
