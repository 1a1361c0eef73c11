/**
 * What all schedules on anvil share, because it takes seconds to start: the chain with the contracts, a wire to it, and
 * workerd with the cron Worker. Each schedule begins at the same block with empty storage.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { epochOf } from '../../core/time.ts';
import { accountsOf, type LocalAccounts } from '../../scripts/lib/accounts.ts';
import { type Chain, startChain } from '../../scripts/lib/chain.ts';
import { mintUsdc } from '../../scripts/lib/local-chain.ts';
import { bundleCronWorker, type CronWorker, startCronWorker } from '../support/cron-worker.ts';
import { deployRewards, type RewardContracts } from '../support/deploy-rewards.ts';
import { type RpcProxy, startRpcProxy } from '../support/rpc-proxy.ts';
import type { Minter } from './anvil-entry.ts';
import type { Crash } from './fuse.ts';
import { SMALL_BATCHES } from './build-cron.ts';
import { TREASURY } from './seed-rows.ts';

/** As on the real network. */
export const DELAY_SECONDS = 3 * 3600;
/** More than all schedules sell. */
const BUYERS_USDC = 10n ** 12n;
const ETHER = '0xde0b6b3a7640000';
/** 0.01 ETH. */
const FEE_LIMIT_WEI = '10000000000000000';

export type Bed = {
  readonly chain: Chain;
  readonly wire: RpcProxy;
  readonly accounts: LocalAccounts;
  readonly contracts: RewardContracts;
  readonly worker: CronWorker;
  readonly firstEpoch: number;
  minter(): DurableObjectStub<Minter>;
  /** @return what happened since the last time */
  arm(crash: Crash | null): Promise<{ readonly kills: number; readonly count: number }>;
  /** Kinds of write since the start, and how often each was the last one. */
  writes(): Promise<Record<string, { readonly seen: number; readonly killed: number }>>;
  /** The chain as it was after the contracts were deployed, the storage empty. */
  reset(): Promise<void>;
  stop(): Promise<void>;
};

/** The Worker's script: bundled as wrangler would, with the suite's entry around it. */
export async function bundleBed(outdir: string): Promise<string> {
  const script = await bundleCronWorker(outdir, 'test/chaos/anvil-entry.ts');
  const text = readFileSync(script, 'utf8');
  if (text.split(SMALL_BATCHES.from).length !== 2)
    throw new Error(`the bundle does not hold once: ${SMALL_BATCHES.from}`);
  writeFileSync(script, text.replace(SMALL_BATCHES.from, SMALL_BATCHES.to));
  return script;
}

export async function makeBed(script: string): Promise<Bed> {
  const dir = mkdtempSync(join(tmpdir(), 'isobar-chaos-'));
  const accounts = accountsOf('cd'.repeat(32));
  const chain = await startChain({ stateFile: null, port: 0, blockSeconds: null });
  await chain.request('evm_setAutomine', [false]);
  await chain.request('anvil_autoImpersonateAccount', [true]);
  for (const { address } of [accounts.deployer, accounts.committer, accounts.buyer])
    await chain.request('anvil_setBalance', [address, ETHER]);
  const firstEpoch = epochOf(Date.now(), MAIN_RULES.time) + 2;
  const times = { firstEpoch, epochSeconds: MAIN_RULES.time.epochSeconds, delaySeconds: DELAY_SECONDS };
  const contracts = await deployRewards(chain.rpc, accounts, times);
  await mintUsdc(chain, accounts, contracts, contracts.distributor, BUYERS_USDC);
  let snapshot = await chain.request('evm_snapshot');
  const wire = await startRpcProxy(chain.rpc);
  const worker = await startCronWorker(script, dir, Date.now(), {
    RULES: 'main',
    RPC_URL: wire.url,
    DISTRIBUTOR_ADDRESS: contracts.distributor,
    TREASURY_ADDRESS: TREASURY,
    COMMITTER_PRIVATE_KEY: accounts.committer.privateKey,
    MAX_TRANSACTION_FEE_WEI: FEE_LIMIT_WEI,
  });
  const archive = await worker.archive();
  const minter = () => worker.minter() as unknown as DurableObjectStub<Minter>;
  return {
    chain,
    wire,
    accounts,
    contracts,
    worker,
    firstEpoch,
    minter,
    async arm(crash) {
      const { kind, writes } = crash ?? { kind: null, writes: 0 };
      const query = new URLSearchParams({ left: String(writes), kept: String(writes % 2), kind: kind ?? '' });
      return (await worker.ask(`/?${query.toString()}`)) as { kills: number; count: number };
    },
    async writes() {
      const { writes } = (await worker.ask('/?left=0')) as { writes: Awaited<ReturnType<Bed['writes']>> };
      return writes;
    },
    async reset() {
      await chain.request('anvil_dropAllTransactions');
      await chain.request('evm_revert', [snapshot]);
      // A snapshot can be used once.
      snapshot = await chain.request('evm_snapshot');
      const tables = ['region', 'device_day', 'epoch', 'payout', 'sale', 'usage_cut'].map((name) =>
        worker.db.prepare(`DELETE FROM ${name}`),
      );
      await worker.db.batch(tables);
      const { objects } = await archive.list();
      await archive.delete(objects.map(({ key }) => key));
      // The object dies of it, and the call with it.
      await minter()
        .forgetAll()
        .catch(() => undefined);
    },
    async stop() {
      await worker.dispose();
      await wire.close();
      await chain.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
