/**
 * The Workers on one workerd with everything they bind, kept in a folder: what `npm start` and test/e2e run. In process;
 * runtime-process.ts has the same as a process that can be killed.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from 'wrangler';
import { bundleWorkers, WORKERS, type WorkerName } from './bundle.ts';
import { ROOT } from './files.ts';
import { migrateDatabase, type Database } from './migrate.ts';
import { freePort } from './ports.ts';

/** Addresses of Workers beside the edge one. */
const ROUTES = new Map<WorkerName, string>([
  ['isobar-mcp', '*/mcp'],
  ['isobar-registry', '*/v1/registry/*'],
]);

/** As their wrangler.toml has it. */
const CRONS = { 'isobar-cron': '*/5 * * * *', 'isobar-registry': '* * * * *' } as const;
export type Scheduled = keyof typeof CRONS;

export type RuntimeOptions = {
  /** Databases, objects, buckets and the Workers' log. */
  readonly dir: string;
  /** 0: any free one. */
  readonly port: number;
  /** Variables of all Workers, over those of their wrangler.toml. AUTHORITIES defaults to the address listened on. */
  readonly vars: Readonly<Record<string, string>>;
  /** Secrets by Worker: only the cron Worker holds the committer's key, only the settler Worker that of settlements. */
  readonly secrets: Readonly<Partial<Record<WorkerName, Readonly<Record<string, string>>>>>;
};

export type Runtime = {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly migrations: readonly string[];
  /** Runs the Worker's scheduled handler once, to its end. Throws what the handler threw. */
  cronTick(worker?: Scheduled): Promise<void>;
  /** The edge Worker's database, for tests that look or break. */
  database(): Promise<Database>;
  dispose(): Promise<void>;
};

export type WorkerLogLine = { readonly level: string; readonly message: string };

export async function startRuntime(
  options: RuntimeOptions,
  onLog: (line: WorkerLogLine) => void = () => {},
): Promise<Runtime> {
  mkdirSync(options.dir, { recursive: true });
  // The folder of the static pages, which wrangler does not bundle without.
  mkdirSync(join(ROOT, 'web/dist'), { recursive: true });
  const scripts = await bundleWorkers();
  const logFile = join(options.dir, 'worker.log');
  const port = options.port === 0 ? await freePort() : options.port;
  const authorities = `127.0.0.1:${port},localhost:${port}`;
  const vars = { AUTHORITIES: authorities, ...options.vars };

  const workers = WORKERS.map(({ name, config }) => {
    const route = ROUTES.get(name);
    const { workerOptions } = workerOptionsOf(join(ROOT, config));
    return {
      ...workerOptions,
      name,
      bindings: { ...Object(workerOptions['bindings']), ...vars, ...options.secrets[name] },
      // As the zone's routes do on a real account; the edge Worker, the first one, has all the rest.
      ...(route === undefined ? {} : { routes: [route] }),
      modulesRules: undefined,
      modulesRoot: '/',
      modules: [{ type: 'ESModule' as const, path: `/${name}.js`, contents: readFileSync(scripts[name], 'utf8') }],
    };
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port,
      resourcePersistencePath: join(options.dir, 'storage'),
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs({ timestamp, level, message }) {
        appendFileSync(logFile, `${new Date(timestamp).toISOString()} ${level} ${message}\n`);
        onLog({ level, message });
      },
      workers,
    }),
  );
  try {
    await miniflare.ready;
    const database = () => miniflare.getD1Database('DB', 'isobar-edge') as Promise<Database>;
    const migrations = await migrateDatabase(await database());
    return {
      url: `http://127.0.0.1:${port}`,
      migrations,
      async cronTick(worker = 'isobar-cron') {
        const target = await miniflare.getWorker(worker);
        const { outcome } = await target.scheduled({ cron: CRONS[worker], scheduledTime: new Date() });
        if (outcome !== 'ok') throw new Error(`the scheduled handler ended with ${outcome}`);
      },
      database,
      dispose: () => miniflare.dispose(),
    };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}
