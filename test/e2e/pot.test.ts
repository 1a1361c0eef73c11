/** What an epoch may pay beyond its base share, on a real chain: burned tokens, and the reserve of a region that was late. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestClient, http, maxUint256, publicActions, walletActions } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { burnAuctionAbi } from '../../contracts/abi/burn-auction.gen.ts';
import { rewardTokenAbi } from '../../contracts/abi/reward-token.gen.ts';
import { testUsdcAbi } from '../../contracts/abi/test-usdc.gen.ts';
import { lastHourOf } from '../../core/reward/closable.ts';
import { emissionOf } from '../../core/reward/emission.ts';
import type { EpochReport } from '../../core/reward/report.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs } from '../../core/time.ts';
import { bundleCronWorker } from '../support/cron-worker.ts';
import {
  DELAY_SECONDS,
  epochLines,
  seedDays,
  seedRegion,
  startRewardNetwork,
  type RewardNetwork,
} from '../support/reward-network.ts';

const { time: TIME, reward: REWARD } = LOCAL_RULES;
const USDC = 1_000_000n;
const folder = mkdtempSync(join(tmpdir(), 'isobar-pot-'));
let script: string;
let network: RewardNetwork;

beforeAll(async () => {
  script = await bundleCronWorker(folder);
});
afterEach(() => network.stop());
afterAll(() => rmSync(folder, { recursive: true }));

const closingMs = (epoch: number): number => epochStartMs(epoch + 1, TIME) + TIME.graceSeconds * 1000;
/** The region closes everything up to the end of an epoch. */
const closeRegion = (epoch: number) =>
  network.worker.db.prepare('UPDATE region SET closed_through = ?').bind(lastHourOf(epoch, TIME)).run();

async function reportOf(epoch: number): Promise<EpochReport> {
  const statement = network.worker.db.prepare('SELECT report_hash FROM epoch WHERE epoch = ?').bind(epoch);
  const hash = await statement.first<string>('report_hash');
  return JSON.parse((await network.worker.report(`reports/${hash}.json`)) ?? '{}') as EpochReport;
}

/** Ticks until everything that was closed is final on the chain. */
async function finish(nowMs: number): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await network.worker.tick(nowMs);
    await network.mine(8, DELAY_SECONDS);
  }
  await network.worker.tick(nowMs);
  expect((await network.worker.status()).alarms).toEqual([]);
  for (const { state } of await epochLines(network.worker.db)) expect(state).toBe('final');
}

test('a tenth of a sale is burned for: its lot releases tokens again in the epoch of the burn, counted once', async () => {
  network = await startRewardNetwork(script, 1);
  const { accounts, chain, contracts, firstEpoch, worker } = network;
  const [owner] = accounts.owners;
  if (!owner) throw new Error('no owner');
  await seedRegion(worker.db, firstEpoch, [owner.address]);
  await seedDays(worker.db, firstEpoch, 1);
  await closeRegion(firstEpoch);
  const client = createTestClient({ mode: 'anvil', transport: http(chain.rpc) })
    .extend(publicActions)
    .extend(walletActions);
  // As a buyer's settlement leaves it: money with the distributor, a row in the database.
  const usdc = { address: contracts.usdc, abi: testUsdcAbi } as const;
  const deployer = { account: privateKeyToAccount(accounts.deployer.privateKey), chain: null } as const;
  const sold = { ...usdc, functionName: 'mint', args: [contracts.distributor, 50n * USDC], gas: 200_000n } as const;
  await client.writeContract({ ...deployer, ...sold });
  await network.mine(1);
  await worker.db
    .prepare(`INSERT INTO sale (id, kind, usdc, served, transaction_hash, sold_ms) VALUES (?, 'x402', ?, ?, '0x', ?)`)
    .bind('x402:0x1:0x2', String(50n * USDC), '[["did:key:z6MkTest0",7]]', epochStartMs(firstEpoch, TIME))
    .run();
  await finish(network.nowMs);
  const earned = await contracts.balanceOf(owner.address);
  expect(earned).toBeGreaterThan(5n * 10n ** 18n);
  const usdcOf = (address: `0x${string}`) =>
    client.readContract({ ...usdc, functionName: 'balanceOf', args: [address] });
  const paid = [owner.address, accounts.treasury.address, contracts.burnAuction, contracts.distributor];
  expect(await Promise.all(paid.map(usdcOf))).toEqual([40n * USDC, 5n * USDC, 5n * USDC, 0n]);
  const { usage } = await reportOf(firstEpoch);
  expect(usage).toMatchObject({ sales: 1, burn: String(5n * USDC), devices: [{ units: 7, usdc: String(40n * USDC) }] });

  await client.setBalance({ address: owner.address, value: 10n ** 18n });
  const by = { account: privateKeyToAccount(owner.privateKey), chain: null } as const;
  const auction = { address: contracts.burnAuction, abi: burnAuctionAbi } as const;
  const hashes = [
    await client.writeContract({ ...by, ...auction, functionName: 'start', gas: 300_000n }),
    await client.writeContract({
      ...by,
      address: contracts.token,
      abi: rewardTokenAbi,
      functionName: 'approve',
      args: [contracts.burnAuction, maxUint256],
      gas: 100_000n,
    }),
    await client.writeContract({ ...by, ...auction, functionName: 'take', args: [1n, maxUint256], gas: 300_000n }),
  ];
  await network.mine(1);
  for (const hash of hashes) expect((await client.getTransactionReceipt({ hash })).status).toBe('success');
  const burned = 5n * 10n ** 18n;
  expect(await contracts.balanceOf(owner.address)).toBe(earned - burned);

  const { timestamp } = await client.getBlock({ blockTag: 'latest' });
  const epoch = epochOf(Number(timestamp) * 1000, TIME);
  await seedDays(worker.db, epoch, 1);
  await closeRegion(epoch + 1);
  await network.mine(8, 2 * TIME.epochSeconds);
  await finish(closingMs(epoch + 1));
  const base = (emissionOf(epoch - firstEpoch, REWARD) * BigInt(REWARD.baseBps)) / 10_000n;
  const report = await reportOf(epoch);
  expect(report).toMatchObject({ burned: String(burned), pot: String(base + burned) });
  expect(await contracts.balanceOf(owner.address)).toBe(earned - burned + BigInt(report.total));
  expect(await reportOf(epoch + 1)).toMatchObject({ burned: '0', pot: String(base) });
});

test('a region that missed an epoch is paid for it from the reserve when it takes part again', async () => {
  network = await startRewardNetwork(script, 2);
  const { accounts, contracts, firstEpoch, nowMs, worker } = network;
  const owners = accounts.owners.map(({ address }) => address);
  await seedRegion(worker.db, firstEpoch, owners);
  for (const epoch of [firstEpoch, firstEpoch + 1, firstEpoch + 2]) await seedDays(worker.db, epoch, 4);
  await closeRegion(firstEpoch);
  await worker.tick(nowMs);
  const waitedMs = nowMs + TIME.epochWaitSeconds * 1000;
  await finish(waitedMs);
  const inTime = BigInt((await reportOf(firstEpoch)).total);
  const missed = await reportOf(firstEpoch + 1);
  expect(missed).toMatchObject({ total: '0', missing: [{ cell: '831f8dfffffffff' }] });
  // Rounded down once, and not once a device.
  const rounding = BigInt(missed.reserved) - inTime;
  expect(rounding >= 0n && rounding < 4n).toBe(true);

  await closeRegion(firstEpoch + 2);
  await network.mine(8, TIME.epochSeconds);
  await finish(closingMs(firstEpoch + 2));
  const paid = await reportOf(firstEpoch + 2);
  expect(paid).toMatchObject({
    total: String(2n * inTime),
    reserved: '0',
    lapsed: String(rounding),
    late: [{ epoch: firstEpoch + 1, paid: String(inTime) }],
  });
  expect(await contracts.totalSupply()).toBe(3n * inTime);
});
