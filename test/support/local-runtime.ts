/** A local network in the test's own process: the test moves the chain's clock, runs the cron and reaches into the database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountsOf, derive, type LocalAccounts } from '../../scripts/lib/accounts.ts';
import { type Chain, startChain } from '../../scripts/lib/chain.ts';
import { type Contracts, Folder } from '../../scripts/lib/folder.ts';
import { setUpChain } from '../../scripts/lib/local-chain.ts';
import { runtimeOptions } from '../../scripts/lib/network.ts';
import { type Runtime, startRuntime } from '../../scripts/lib/runtime.ts';

const NOBODY = `0x${'01'.repeat(20)}` as const;
const NO_CONTRACTS: Contracts = { token: NOBODY, distributor: NOBODY, burnAuction: NOBODY, usdc: NOBODY };
/** Nothing listens there. */
const NO_CHAIN = 'http://127.0.0.1:1';

export type LocalRuntime = {
  readonly api: string;
  readonly adminToken: string;
  /** Makes ingest addresses for devices that were given none. */
  readonly ingestTagKey: string;
  readonly accounts: LocalAccounts;
  readonly runtime: Runtime;
  /** The same storage under a new runtime at another address; `between` may change what lies in the folder of storage. */
  reopen(between: (storage: string) => void): Promise<LocalRuntime>;
  stop(): Promise<void>;
};
export type LocalNetwork = LocalRuntime & { readonly chain: Chain; readonly contracts: Contracts };

/** The Workers alone: enough for whatever asks nothing of the chain. */
export function startLocalRuntime(): Promise<LocalRuntime> {
  return start(NO_CHAIN, NO_CONTRACTS, folderOf());
}

/** A block for each transaction, at once: nothing waits for the clock. */
export async function startLocalNetwork(): Promise<LocalNetwork> {
  const folder = folderOf();
  const chain = await startChain({ stateFile: null, port: 0, blockSeconds: null });
  try {
    const contracts = await setUpChain(chain, accountsOf(folder.seed()));
    const local = await start(chain.rpc, contracts, folder);
    return {
      ...local,
      chain,
      contracts,
      async stop() {
        await local.stop();
        await chain.stop();
      },
    };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

const folderOf = (): Folder => Folder.open(mkdtempSync(join(tmpdir(), 'isobar-local-')), false);

async function start(rpc: string, contracts: Contracts, folder: Folder): Promise<LocalRuntime> {
  const seed = folder.seed();
  const options = runtimeOptions(folder, seed, rpc, contracts, 0);
  const runtime = await startRuntime(options);
  return {
    api: runtime.url,
    adminToken: derive(seed, 'admin-token'),
    ingestTagKey: derive(seed, 'ingest-tag-key'),
    accounts: accountsOf(seed),
    runtime,
    async reopen(between) {
      await runtime.dispose();
      between(join(options.dir, 'storage'));
      return start(rpc, contracts, folder);
    },
    async stop() {
      await runtime.dispose();
      rmSync(folder.dir, { recursive: true });
    },
  };
}
