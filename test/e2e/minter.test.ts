/** Epoch close and Minter on real workerd against a real chain: rows in, tokens out, exactly once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { EpochReport } from '../../core/reward/report.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { bundleCronWorker } from '../support/cron-worker.ts';
import {
  DELAY_SECONDS,
  epochLines,
  seedDays,
  seedRegion,
  startRewardNetwork,
  type RewardNetwork,
} from '../support/reward-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobar-cron-'));
let script: string;
let network: RewardNetwork;

beforeAll(async () => {
  script = await bundleCronWorker(folder);
});
afterEach(() => network.stop());
afterAll(() => rmSync(folder, { recursive: true }));

const start = async (pastEpochs: number): Promise<RewardNetwork> =>
  (network = await startRewardNetwork(script, pastEpochs));
const owners = (n: RewardNetwork): readonly string[] => n.accounts.owners.map(({ address }) => address);
const states = async (): Promise<readonly string[]> => (await epochLines(network.worker.db)).map(({ state }) => state);
/** Deeper than `finalized` lies behind `latest`. */
const FINAL_BLOCKS = 8;

/** What was sent gets into a block, and the Minter sees it there. */
const advance = async (seconds = 0) => {
  await network.mine(1, seconds);
  return await network.worker.poke();
};
const settle = async () => {
  await network.mine(FINAL_BLOCKS);
  return await network.worker.poke();
};

test('two epochs, one of them empty, are committed, wait for the guardian, and pay exactly what the report says', async () => {
  const { worker, contracts, firstEpoch } = await start(2);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await seedDays(worker.db, firstEpoch, 4);
  await worker.tick();
  expect(await states()).toEqual(['committing', 'committing']);
  await advance();
  expect(await states()).toEqual(['committed', 'committed']);
  await advance(DELAY_SECONDS / 2);
  expect(await states()).toEqual(['committed', 'committed']);
  await advance(DELAY_SECONDS / 2);
  expect(await states()).toEqual(['minting', 'committed']);
  await advance();
  expect((await states())[0]).toBe('minted');
  expect(await settle()).toMatchObject({ alarms: [], pendingTransactions: 0, lastFinalEpoch: firstEpoch + 1 });
  const [paid, empty] = await epochLines(worker.db);
  expect(paid).toMatchObject({ state: 'final', commit: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
  expect(empty).toMatchObject({ state: 'final', total: '0', mints: '[]' });
  expect(JSON.parse(paid?.mints ?? '[]')).toHaveLength(1);
  expect(await contracts.totalSupply()).toBe(BigInt(paid?.total ?? 0));
  const { results } = await worker.db
    .prepare('SELECT owner, amount FROM payout')
    .all<{ owner: string; amount: string }>();
  expect(results).toHaveLength(4);
  for (const { owner, amount } of results) expect(await contracts.balanceOf(owner)).toBe(BigInt(amount));
});

test('poked four times at once, it sends each transaction once', async () => {
  const { worker, wire, chain, firstEpoch } = await start(2);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await Promise.all([worker.tick(), worker.tick(), worker.poke(), worker.poke()]);
  expect(new Set(wire.sent).size).toBe(2);
  await settle();
  expect(await states()).toEqual(['final', 'final']);
  expect(await chain.request('eth_getTransactionCount', [network.accounts.committer.address, 'latest'])).toBe('0x2');
});

test('killed between signing and sending, it sends the very bytes that it stored', async () => {
  const { worker, wire, firstEpoch } = await start(1);
  await seedRegion(worker.db, firstEpoch, owners(network));
  wire.cutSends = true;
  await worker.tick();
  const [stored] = (await worker.status()).transactions;
  expect(stored).toMatchObject({ state: 'signed', nonce: 0, attempts: 1 });
  const before = new Set(wire.sent);
  expect(before.size).toBe(1);
  await network.restart();
  wire.cutSends = false;
  await network.worker.poke();
  expect(new Set(wire.sent)).toEqual(before);
  expect((await settle()).transactions).toMatchObject([{ nonce: 0, hash: stored?.hash, state: 'finalized' }]);
  expect(await states()).toEqual(['final']);
});

test('a commit and a mint whose blocks are dropped come back with the same bytes, and pay once', async () => {
  const { worker, chain, wire, contracts, firstEpoch } = await start(1);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await seedDays(worker.db, firstEpoch, 4);
  await worker.tick();
  await advance();
  await advance(DELAY_SECONDS);
  const { transactions } = await advance();
  expect(transactions).toMatchObject([{ state: 'mined' }, { state: 'mined' }]);
  const supply = await contracts.totalSupply();
  expect(supply).toBeGreaterThan(0n);
  // The last two blocks hold the wait and the mint, the one before the commit.
  await chain.request('anvil_reorg', [3, []]);
  expect(await contracts.totalSupply()).toBe(0n);
  const stored = [...new Set(wire.sent)];
  wire.sent.length = 0;
  expect((await worker.poke()).transactions).toMatchObject([{ state: 'broadcast' }, { state: 'broadcast' }]);
  expect(wire.sent).toEqual(stored);
  // Both get into one block, where the mint is too early for the commit's new time: it reverts, and once that is final
  // the batch is minted anew.
  expect((await advance()).alarms.join()).toContain('mint of batch 0');
  await network.mine(FINAL_BLOCKS, DELAY_SECONDS);
  await worker.poke();
  await advance();
  expect(await settle()).toMatchObject({ alarms: [], pendingTransactions: 0 });
  expect(await contracts.totalSupply()).toBe(supply);
  expect(await states()).toEqual(['final']);
});

test('a nonce that somebody else used stops everything with an alarm', async () => {
  const { worker, chain, accounts, wire, firstEpoch } = await start(2);
  await seedRegion(worker.db, firstEpoch, owners(network));
  wire.cutSends = true;
  await worker.tick();
  const { address } = accounts.committer;
  await chain.request('anvil_impersonateAccount', [address]);
  await chain.request('eth_sendTransaction', [{ from: address, to: accounts.buyer.address, value: '0x1' }]);
  wire.cutSends = false;
  wire.sent.length = 0;
  expect((await settle()).alarms.join()).toContain('was used by a transaction that is not ours');
  await worker.poke();
  expect(wire.sent).toEqual([]);
});

test('rows that the database lost come back as they were, from the committed report, and nothing is committed again', async () => {
  const { worker, wire, firstEpoch } = await start(2);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await seedDays(worker.db, firstEpoch, 4);
  await worker.tick();
  await advance();
  await advance(DELAY_SECONDS);
  await settle();
  const before = await epochLines(worker.db);
  wire.sent.length = 0;
  await worker.db.batch([worker.db.prepare('DELETE FROM epoch'), worker.db.prepare('DELETE FROM payout')]);
  await worker.tick();
  expect(await epochLines(worker.db)).toEqual(before);
  expect(wire.sent).toEqual([]);
});

test('what the guardian revokes is shown as revoked, and nothing is committed over it', async () => {
  const { worker, wire, contracts, firstEpoch } = await start(2);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await worker.tick();
  await network.mine(FINAL_BLOCKS);
  await contracts.revokeFrom(firstEpoch + 1);
  wire.sent.length = 0;
  await worker.poke();
  await worker.poke();
  await settle();
  expect(await states()).toEqual(['final', 'revoked']);
  expect((await worker.status()).alarms.join()).toContain(`Epoch ${firstEpoch + 1} was revoked`);
  expect(wire.sent).toEqual([]);
});

test('a transaction that is not mined gets a better price at the same nonce, and only one of the two counts', async () => {
  const { worker, nowMs, firstEpoch } = await start(1);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await worker.tick(nowMs);
  const bumped = await worker.poke(nowMs + 4 * 60_000);
  expect(bumped).toMatchObject({ alarms: [], transactions: [{ nonce: 0, attempts: 2, state: 'broadcast' }] });
  expect((await worker.poke(nowMs + 11 * 60_000)).alarms.join()).toContain('has waited for a block');
  expect((await settle()).transactions).toMatchObject([{ nonce: 0, state: 'finalized' }]);
  expect(await states()).toEqual(['final']);
});

test('a batch that a stranger minted is not minted again', async () => {
  const { worker, wire, contracts, firstEpoch } = await start(1);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await seedDays(worker.db, firstEpoch, 4);
  await worker.tick();
  await network.mine(1);
  await network.mine(1, DELAY_SECONDS);
  const hash = await worker.db.prepare('SELECT report_hash FROM epoch').first<string>('report_hash');
  await contracts.mintFirstBatch((await worker.report(`reports/${hash}.json`)) ?? '');
  wire.sent.length = 0;
  await settle();
  expect(await states()).toEqual(['final']);
  expect(wire.sent).toEqual([]);
});

test('after a pause of 60 epochs it catches up in a few pokes, each of them bounded', async () => {
  const { worker, wire, firstEpoch } = await start(60);
  await seedRegion(worker.db, firstEpoch, owners(network));
  for (let ticks = 0; ticks < 8; ticks++) {
    [wire.requests, wire.sent.length] = [0, 0];
    await worker.tick();
    expect(wire.sent.length).toBeLessThanOrEqual(8);
    expect(wire.requests).toBeLessThanOrEqual(100);
    await network.mine(1);
  }
  expect(await settle()).toMatchObject({ alarms: [], lastFinalEpoch: firstEpoch + 59 });
});

test('a region that stopped closing is waited for, then left out and named in the report', async () => {
  const { worker, nowMs, firstEpoch } = await start(1);
  await worker.tick(nowMs);
  expect(await states()).toEqual([]);
  await seedRegion(worker.db, firstEpoch, owners(network));
  await seedDays(worker.db, firstEpoch, 1);
  await worker.db.prepare('UPDATE region SET closed_through = first_hour').run();
  const waitMs = LOCAL_RULES.time.epochWaitSeconds * 1000;
  for (const waited of [0, waitMs - 1]) {
    await worker.tick(nowMs + waited);
    expect(await states()).toEqual([]);
  }
  await worker.tick(nowMs + waitMs);
  const hash = await worker.db
    .prepare(`SELECT report_hash FROM epoch WHERE epoch = ?`)
    .bind(firstEpoch)
    .first<string>('report_hash');
  const report = JSON.parse((await worker.report(`reports/${hash}.json`)) ?? '{}') as EpochReport;
  expect(report).toMatchObject({ regions: [], missing: [{ cell: '831f8dfffffffff' }], devices: [], total: '0' });
});
