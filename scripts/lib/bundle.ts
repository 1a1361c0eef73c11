/**
 * The Workers as wrangler would upload them. Bundling takes seconds, so the result is kept under the hash of all that
 * goes into it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectFiles, ROOT } from './files.ts';
import { run } from './run.ts';
import { Refusal } from './say.ts';

export const WORKERS = [
  { name: 'isobar-edge', config: 'wrangler.toml', entry: 'worker/index.ts' },
  { name: 'isobar-cron', config: 'worker/cron/wrangler.toml', entry: 'worker/cron/index.ts' },
  { name: 'isobar-settler', config: 'worker/settler/wrangler.toml', entry: 'worker/settler/index.ts' },
  { name: 'isobar-mcp', config: 'worker/mcp/wrangler.toml', entry: 'worker/mcp/index.ts' },
  { name: 'isobar-registry', config: 'worker/registry/wrangler.toml', entry: 'worker/registry/index.ts' },
] as const;

export type WorkerName = (typeof WORKERS)[number]['name'];
export type Bundles = Readonly<Record<WorkerName, string>>;

const CACHE = join(ROOT, 'node_modules/.cache/isobar/bundles');
const KEPT_BUNDLES = 4;
const INPUTS =
  /^(?:(?:core|schema|durable-objects|worker|contracts\/abi)\/.*\.ts|.*wrangler\.toml|package-lock\.json)$/;

/** Path of the script of each Worker. */
export async function bundleWorkers(): Promise<Bundles> {
  const folder = join(CACHE, inputsHash());
  if (!existsSync(folder)) {
    mkdirSync(CACHE, { recursive: true });
    // Renamed into place when complete, so that a run beside this one never sees half a bundle.
    const partial = mkdtempSync(join(CACHE, 'partial-'));
    await Promise.all(WORKERS.map((worker) => bundle(worker, join(partial, worker.name))));
    if (existsSync(folder)) rmSync(partial, { recursive: true });
    else renameSync(partial, folder);
    forgetOldBundles(basename(folder));
  }
  const script = (name: WorkerName) => join(folder, name, 'index.js');
  return {
    'isobar-edge': script('isobar-edge'),
    'isobar-cron': script('isobar-cron'),
    'isobar-settler': script('isobar-settler'),
    'isobar-mcp': script('isobar-mcp'),
    'isobar-registry': script('isobar-registry'),
  };
}

async function bundle(worker: (typeof WORKERS)[number], outdir: string): Promise<void> {
  if (!existsSync(join(ROOT, worker.entry)))
    throw new Refusal(`${worker.entry} is missing: the checkout is incomplete.`);
  const wrangler = ['wrangler', 'deploy', '--dry-run', '--outdir', outdir, '-c', worker.config] as const;
  const { exitCode, output } = await run(wrangler, {
    env: { WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
  });
  if (exitCode !== 0) throw new Refusal(`wrangler could not bundle ${worker.name}:\n${output.trim()}`);
}

function inputsHash(): string {
  const hash = createHash('sha256');
  for (const path of projectFiles().filter((file) => INPUTS.test(file) && !file.endsWith('.test.ts'))) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(ROOT, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 24);
}

function forgetOldBundles(newest: string): void {
  const old = readdirSync(CACHE).filter((name) => name !== newest && !name.startsWith('partial-'));
  for (const name of old.slice(0, Math.max(0, old.length - KEPT_BUNDLES)))
    rmSync(join(CACHE, name), { recursive: true });
}
