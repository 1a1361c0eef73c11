/** A chain with the contracts, a wire to it, and the cron Worker with seeded rows: what the Minter's tests start from. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs, firstHourOf } from '../../core/time.ts';
import { accountsOf, type LocalAccounts } from '../../scripts/lib/accounts.ts';
import { startChain, type Chain } from '../../scripts/lib/chain.ts';
import type { Database } from '../../scripts/lib/migrate.ts';
import { startCronWorker, type CronWorker } from './cron-worker.ts';
import { deployRewards, type RewardContracts } from './deploy-rewards.ts';
import { startRpcProxy, type RpcProxy } from './rpc-proxy.ts';

export const DELAY_SECONDS = 60;
const RULES = LOCAL_RULES.time;
const CELL = '831f8dfffffffff';

export type RewardNetwork = {
  readonly chain: Chain;
  readonly wire: RpcProxy;
  readonly accounts: LocalAccounts;
  readonly contracts: RewardContracts;
  readonly firstEpoch: number;
  /** The Worker's clock. */
  readonly nowMs: number;
  worker: CronWorker;
  /** The same storage under a new runtime, as after a crash, or with other variables, as after a deployment. */
  restart(vars?: Readonly<Record<string, string>>): Promise<void>;
  /** Mines blocks, the chain's clock moving on by so many seconds first. */
  mine(blocks: number, seconds?: number): Promise<void>;
  stop(): Promise<void>;
};

export async function startRewardNetwork(script: string, pastEpochs: number): Promise<RewardNetwork> {
  const accounts = accountsOf('ab'.repeat(32));
  // Before the chain, whose first block is the final one: no epoch closes before a final block has seen its end.
  const current = epochOf(Date.now(), RULES);
  const chain = await startChain({ stateFile: null, port: 0, blockSeconds: null });
  // Blocks come only when a test mines them: a transaction that mines itself does so at a time of its own.
  await chain.request('evm_setAutomine', [false]);
  const firstEpoch = current - pastEpochs;
  // The epochs before the current one are closable, and it never ends while a test runs.
  const nowMs = epochStartMs(current, RULES) + RULES.graceSeconds * 1000;
  for (const { address } of [accounts.deployer, accounts.committer]) {
    await chain.request('anvil_setBalance', [address, '0xde0b6b3a7640000']);
  }
  const contracts = await deployRewards(chain.rpc, accounts, {
    firstEpoch,
    epochSeconds: RULES.epochSeconds,
    delaySeconds: DELAY_SECONDS,
  });
  const wire = await startRpcProxy(chain.rpc);
  const dir = mkdtempSync(join(tmpdir(), 'isobar-minter-'));
  const vars = {
    RPC_URL: wire.url,
    DISTRIBUTOR_ADDRESS: contracts.distributor,
    TREASURY_ADDRESS: accounts.treasury.address,
    TOKEN_ADDRESS: contracts.token,
    USDC_ADDRESS: contracts.usdc,
    COMMITTER_PRIVATE_KEY: accounts.committer.privateKey,
    MAX_TRANSACTION_FEE_WEI: '10000000000000000',
  };
  const start = (more = {}) => startCronWorker(script, dir, nowMs, { ...vars, ...more });
  const network: RewardNetwork = {
    chain,
    wire,
    accounts,
    contracts,
    firstEpoch,
    nowMs,
    worker: await start(),
    async restart(more) {
      await network.worker.dispose();
      network.worker = await start(more);
    },
    async mine(blocks, seconds = 0) {
      if (seconds > 0) await chain.request('evm_increaseTime', [seconds]);
      await chain.request('anvil_mine', [`0x${blocks.toString(16)}`]);
    },
    async stop() {
      await network.worker.dispose();
      await wire.close();
      await chain.stop();
      rmSync(dir, { recursive: true });
    },
  };
  return network;
}

/** One region that has closed everything up to now, and devices that belong to these owners. */
export async function seedRegion(db: Database, firstEpoch: number, owners: readonly string[]): Promise<void> {
  const now = Math.floor(Date.now() / (RULES.hourSeconds * 1000));
  await db.batch([
    db
      .prepare(
        `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash)
         VALUES (?, 'Test', 'local', '', '[]', ?, ?, 1, 1, '')`,
      )
      .bind(CELL, firstHourOf(firstEpoch, RULES), now - 1),
    ...owners.map((owner, n) =>
      db
        .prepare(
          `INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, tier, density, claimed_ms)
           VALUES (?, 1, ?, 'active', ?, 'Test', '', 0, 0, 0, ?, ?)`,
        )
        .bind(deviceId(n), CELL, owner.toLowerCase(), `density-${n}`, n),
    ),
  ]);
}

/** A day of each device with a full score. */
export async function seedDays(db: Database, epoch: number, devices: number): Promise<void> {
  const insert = db.prepare(
    `INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
       weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
     SELECT device, ?, cell, owner, status, tier, density, claimed_ms, 10000, 10000, 10000, 1, '{}', '[{}]', 0, '[]', latitude_e5, longitude_e5
     FROM device WHERE device = ?`,
  );
  await db.batch(Array.from({ length: devices }, (_, n) => insert.bind(epoch, deviceId(n))));
}

const deviceId = (n: number): string => `did:key:z6MkTest${n}`;

export type EpochLine = {
  readonly epoch: number;
  readonly state: string;
  readonly total: string;
  readonly commit: string | null;
  readonly mints: string;
};

export async function epochLines(db: Database): Promise<readonly EpochLine[]> {
  const { results } = await db
    .prepare(`SELECT epoch, state, total, commit_hash AS "commit", mint_hashes AS mints FROM epoch ORDER BY epoch`)
    .all<EpochLine>();
  return results;
}
