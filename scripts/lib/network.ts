/**
 * A whole local network in one call: chain, contracts, Workers. `npm start` adds devices and words; test/e2e uses it as
 * it is. Everything lives in one folder and continues from it.
 */
import { join } from 'node:path';
import { CONTRACTS_HASH } from '../deploy-contracts.ts';
import { accountsOf, derive, type LocalAccounts } from './accounts.ts';
import { type Chain, LOCAL_CHAIN_ID, startChain } from './chain.ts';
import { bundleWorkers } from './bundle.ts';
import type { Contracts, Folder, NetworkRecord } from './folder.ts';
import { chainFile, checkChain, setUpChain } from './local-chain.ts';
import { freePort, freePortFrom, isFree } from './ports.ts';
import { startRuntimeProcess, type RuntimeProcess } from './runtime-process.ts';
import type { RuntimeOptions, WorkerLogLine } from './runtime.ts';
import { Refusal } from './say.ts';

export type Network = {
  readonly api: string;
  readonly accounts: LocalAccounts;
  readonly contracts: Contracts;
  readonly adminToken: string;
  readonly chain: Chain;
  readonly runtime: RuntimeProcess;
  /** Workers first, then the chain, whose state is saved. */
  stop(): Promise<void>;
};

export type NetworkOptions = {
  readonly folder: Folder;
  /** Undefined: the port of the last start, or the first free one from 8787. 0: any. */
  readonly port: number | undefined;
  readonly chainPort?: number;
  readonly cronMs?: number | null;
  /** Called after each step with what was done and when it began. */
  readonly onStep?: (what: string, sinceMs: number) => void;
  readonly onLog?: (line: WorkerLogLine) => void;
};

const API_PORT = 8787;
const CHAIN_PORT = 8545;
/** On the real network every 5 minutes; here an hour lasts 20 seconds. */
const CRON_MS = 2_500;

export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { folder, onStep = () => {} } = options;
  const record = folder.readNetwork();
  const seed = folder.seed();
  const accounts = accountsOf(seed);
  if (record?.contracts && record.contractsHash !== CONTRACTS_HASH) {
    throw new Refusal('the contracts were changed since this network was made; `npm start -- --fresh` begins anew.');
  }
  const apiPort = await choosePort(options.port, record?.apiPort ?? API_PORT, '--port');
  const chainPort = await choosePort(options.chainPort, record?.chainPort ?? CHAIN_PORT, '--chain-port');

  // Takes the longest, and needs nothing of the rest.
  const bundles = bundleWorkers();
  // Awaited below; if the chain fails before that, its refusal is the one to show.
  bundles.catch(() => {});

  let sinceMs = Date.now();
  const step = (what: string): void => {
    onStep(what, sinceMs);
    sinceMs = Date.now();
  };
  const chain = await startChain({ stateFile: chainFile(folder.dir), port: chainPort });
  try {
    folder.noteChildren([chain.pid]);
    step(`chain ${chain.continued ? 'continued' : 'started'} (OP mode, chain id ${LOCAL_CHAIN_ID}) at ${chain.rpc}`);
    const known = record?.contracts ?? null;
    if (known) await checkChain(chain, known);
    const contracts = known ?? (await setUpChain(chain, accounts));
    const next: NetworkRecord = {
      kind: 'isobar-local-network',
      version: 5,
      apiPort,
      chainPort,
      contracts,
      contractsHash: CONTRACTS_HASH,
    };
    // The chain first: a record that names contracts which no saved chain holds could not be continued.
    await chain.save();
    folder.writeNetwork(next);
    step(known ? 'contracts found on the chain' : 'contracts deployed, accounts funded');

    await bundles;
    const cronMs = options.cronMs === undefined ? CRON_MS : options.cronMs;
    const runtime = await startRuntimeProcess(
      { ...runtimeOptions(folder, seed, chain.rpc, contracts, apiPort), cronMs },
      options.onLog,
    );
    folder.noteChildren([chain.pid, runtime.pid]);
    step(`Workers ready at ${runtime.url}, database ${runtime.migrations.length > 0 ? 'migrated' : 'up to date'}`);
    return {
      api: runtime.url,
      accounts,
      contracts,
      adminToken: derive(seed, 'admin-token'),
      chain,
      runtime,
      async stop() {
        await runtime.stop();
        await chain.stop();
      },
    };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

/** What the Workers of this folder's network are given. */
export function runtimeOptions(
  folder: Folder,
  seed: string,
  rpc: string,
  contracts: Contracts,
  port: number,
): RuntimeOptions {
  const accounts = accountsOf(seed);
  return {
    dir: join(folder.dir, 'workers'),
    port,
    vars: {
      RULES: 'local',
      CHAIN_ID: String(LOCAL_CHAIN_ID),
      RPC_URL: rpc,
      TOKEN_ADDRESS: contracts.token,
      DISTRIBUTOR_ADDRESS: contracts.distributor,
      USDC_ADDRESS: contracts.usdc,
      TREASURY_ADDRESS: accounts.treasury.address,
      // 0.01 ETH: a fresh anvil begins at a base fee of a gwei, a thousand times OP Mainnet's.
      MAX_TRANSACTION_FEE_WEI: '10000000000000000',
    },
    secrets: {
      'isobar-edge': {
        INGEST_TAG_KEY: derive(seed, 'ingest-tag-key'),
        ADMIN_TOKEN: derive(seed, 'admin-token'),
      },
      'isobar-registry': { INGEST_TAG_KEY: derive(seed, 'ingest-tag-key') },
      'isobar-cron': { COMMITTER_PRIVATE_KEY: accounts.committer.privateKey },
      'isobar-settler': { SETTLER_PRIVATE_KEY: accounts.settler.privateKey },
    },
  };
}

/** A port that was asked for must be free; one that nobody asked for may give way. */
async function choosePort(wanted: number | undefined, usual: number, flag: string): Promise<number> {
  if (wanted === 0) return freePort();
  if (wanted === undefined) return freePortFrom(usual);
  if (await isFree(wanted)) return wanted;
  throw new Refusal(`port ${wanted} is in use; end what uses it, or give another one with ${flag}.`);
}
