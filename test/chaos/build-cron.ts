/**
 * The cron Worker's own code, bundled to run in this process: epoch close, Minter object and all they import are the
 * sources as they are. Replaced are only what the platform brings (`cloudflare:workers`) and the two files that speak
 * JSON-RPC.
 */
import { build, type Plugin } from 'esbuild';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Minter } from '../../durable-objects/minter/minter.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import type { CronBindings } from '../../worker/cron/env.ts';
import { type Edit, planted } from '../support/planted.ts';

export type CronCode = {
  readonly Minter: new (ctx: DurableObjectState, env: CronBindings) => Minter;
  readonly default: {
    scheduled(controller: { readonly scheduledTime: number }, env: CronBindings): Promise<void>;
  };
};

/** Batches of two: otherwise only epochs with hundreds of owners would have more than one. */
export const SMALL_BATCHES: Edit = {
  file: 'core/rules/main.ts',
  from: 'batchRecipients: 250',
  to: 'batchRecipients: 2',
};

/** Where replaced files find the model of the network that their RPC URL names. */
export const MODELS = 'isobar.chaos.models';

/** Made once, whoever asks first. */
export function modelsOfThisProcess(): Map<string, unknown> {
  const known = globalThis as unknown as Record<symbol, Map<string, unknown> | undefined>;
  return (known[Symbol.for(MODELS)] ??= new Map());
}

const MODEL = `globalThis[Symbol.for('${MODELS}')].get(config.rpcUrl)`;
const REPLACED: readonly (readonly [string, string])[] = [
  [
    'durable-objects/minter/chain.ts',
    `export class MinterChain { constructor(config) { return ${MODEL}.minterChain(); } }
     export const callOf = (attempt) => globalThis[Symbol.for('${MODELS}')].get('calls').callOf(attempt);
     export const chainFailure = (error) => error?.isRpcFailure === true ? error.message : null;`,
  ],
  [
    'worker/adapters/chain/distributor.ts',
    `export class DistributorReader { constructor(config) { return ${MODEL}.distributorReader(); } }`,
  ],
  [
    'durable-objects/settler/facilitator.ts',
    `export const createFacilitator = (bindings, ledger, store) =>
       globalThis[Symbol.for('${MODELS}')].get(bindings.RPC_URL).facilitator(ledger, store);`,
  ],
];
const PLATFORM = `export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }`;

export async function buildCron(outfile: string, edits: readonly Edit[]): Promise<CronCode> {
  await build({
    entryPoints: [join(ROOT, 'worker/cron/index.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
    plugins: [sources(edits)],
  });
  return (await import(pathToFileURL(outfile).href)) as CronCode;
}

export function sources(edits: readonly Edit[]): Plugin {
  return {
    name: 'sources',
    setup(build) {
      build.onResolve({ filter: /^cloudflare:workers$/ }, () => ({ path: 'workers', namespace: 'platform' }));
      build.onLoad({ filter: /.*/, namespace: 'platform' }, () => ({ contents: PLATFORM }));
      for (const [file, contents] of REPLACED)
        build.onLoad({ filter: new RegExp(`/${file}$`) }, () => ({ contents, loader: 'js' }));
      void planted(edits).setup(build);
    },
  };
}
