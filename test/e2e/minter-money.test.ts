/** What a transaction may cost, and whose key it is: the Minter against a real chain that is dear, or that somebody else uses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTransaction, type Hex } from 'viem';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bundleCronWorker } from '../support/cron-worker.ts';
import {
  DELAY_SECONDS,
  epochLines,
  seedDays,
  seedRegion,
  startRewardNetwork,
  type RewardNetwork,
} from '../support/reward-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'isobar-money-'));
let script: string;
let network: RewardNetwork;

beforeAll(async () => {
  script = await bundleCronWorker(folder);
});
afterEach(() => network.stop());
afterAll(() => rmSync(folder, { recursive: true }));

/** Deeper than `finalized` lies behind `latest`. */
const FINAL_BLOCKS = 8;
const MINUTE_MS = 60_000;
const ORACLE = '0x420000000000000000000000000000000000000F';
/** Returns its slot 0 to whatever it is asked. */
const ECHO = '0x5f545f5260205ff3';

async function start(pastEpochs: number): Promise<RewardNetwork> {
  network = await startRewardNetwork(script, pastEpochs);
  const owners = network.accounts.owners.map(({ address }) => address);
  await seedRegion(network.worker.db, network.firstEpoch, owners);
  await seedDays(network.worker.db, network.firstEpoch, 4);
  return network;
}
const states = async (): Promise<readonly string[]> => (await epochLines(network.worker.db)).map(({ state }) => state);
const alarms = async (): Promise<string> => (await network.worker.status()).alarms.join('\n');
const sentFees = () => network.wire.sent.map((raw) => parseTransaction(raw as Hex).maxFeePerGas ?? 0n);

/** Until every epoch is final. */
async function finish(): Promise<void> {
  for (let round = 0; round < 10 && (await states()).some((state) => state !== 'final'); round++) {
    await network.worker.poke();
    await network.mine(FINAL_BLOCKS, DELAY_SECONDS);
  }
  await network.worker.poke();
}

/** Somebody else sends with the committer's key. */
async function sendForeign(count: number): Promise<void> {
  const { chain, accounts } = network;
  const { address } = accounts.committer;
  await chain.request('anvil_impersonateAccount', [address]);
  for (let n = 0; n < count; n++)
    await chain.request('eth_sendTransaction', [{ from: address, to: accounts.buyer.address, value: '0x1' }]);
  await chain.request('anvil_stopImpersonatingAccount', [address]);
}

test('while data on L1 is too dear nothing is sent and the status says why; when it is cheap again, all is paid', async () => {
  const { worker, chain, wire, contracts } = await start(1);
  await chain.request('anvil_setCode', [ORACLE, ECHO]);
  const setFee = (wei: bigint) =>
    chain.request('anvil_setStorageAt', [ORACLE, '0x0', `0x${wei.toString(16).padStart(64, '0')}`]);
  // The echo answers both questions, so both fees are 0.005 ETH: together the limit of this network.
  await setFee(5n * 10n ** 15n);
  await worker.tick();
  expect(await worker.status()).toMatchObject({ alarms: [], transactions: [] });
  expect((await worker.status()).waiting).toMatch(
    /^The commit of epoch \d+ would cost 0\.01\d* ETH now, more than the/,
  );
  expect(wire.sent).toEqual([]);
  await setFee(0n);
  await worker.poke();
  await network.mine(1);
  await network.mine(1, DELAY_SECONDS);
  await setFee(5n * 10n ** 15n);
  await worker.poke();
  expect((await worker.status()).waiting).toMatch(/^The mint of batch 0 of epoch/);
  expect(await states()).toEqual(['committed']);
  await setFee(1n);
  await finish();
  expect(await worker.status()).toMatchObject({ alarms: [], waiting: null });
  expect(await contracts.totalSupply()).toBeGreaterThan(0n);
});

test('prices rise a bounded number of times, and never above the limit', async () => {
  const { nowMs, wire } = await start(1);
  const limit = 3n * 10n ** 15n;
  await network.restart({ MAX_TRANSACTION_FEE_WEI: String(limit) });
  await network.worker.tick(nowMs);
  for (let poke = 1; poke <= 40; poke++) await network.worker.poke(nowMs + 4 * poke * MINUTE_MS);
  const gas = parseTransaction(wire.sent[0] as Hex).gas ?? 0n;
  const fees = sentFees();
  expect(new Set(wire.sent).size).toBeGreaterThan(2);
  expect(new Set(wire.sent).size).toBeLessThanOrEqual(9);
  expect(fees.toSorted((a, b) => Number(a - b))).toEqual(fees);
  for (const fee of fees) expect(fee * gas).toBeLessThanOrEqual(limit);
  expect(await alarms()).toContain('has waited for a block for over 10 minutes');
  const [{ nonce, attempts } = { nonce: -1, attempts: 0 }] = (await network.worker.status()).transactions;
  expect({ nonce, attempts }).toEqual({ nonce: 0, attempts: new Set(wire.sent).size });
  await finish();
  expect(await states()).toEqual(['final']);
});

test('whichever of two prices a block took, it is recognized, and a later clock that jumps back signs nothing twice', async () => {
  const { worker, nowMs, wire } = await start(1);
  await worker.tick(nowMs);
  wire.cutSends = true;
  await worker.poke(nowMs + 4 * MINUTE_MS);
  await worker.poke(nowMs - 60 * MINUTE_MS);
  await worker.poke(nowMs + 8 * MINUTE_MS);
  wire.cutSends = false;
  const [first] = wire.sent;
  expect((await worker.status()).transactions).toMatchObject([{ nonce: 0, attempts: 3 }]);
  // Only the first ever reached the chain.
  await network.mine(1);
  const { transactions } = await worker.poke(nowMs + 9 * MINUTE_MS);
  const mined = await network.chain.request('eth_getTransactionByHash', [transactions[0]?.hash]);
  expect(transactions).toMatchObject([{ nonce: 0, state: 'mined' }]);
  expect(mined).toMatchObject({ maxFeePerGas: `0x${parseTransaction(first as Hex).maxFeePerGas?.toString(16)}` });
  await finish();
  expect(await states()).toEqual(['final']);
});

test('a nonce that somebody else took stops all, stays stopped, and after a look the work is done at other nonces', async () => {
  const { worker, wire, contracts } = await start(2);
  wire.cutSends = true;
  await worker.tick();
  await sendForeign(1);
  await network.mine(1);
  wire.cutSends = false;
  wire.sent.length = 0;
  await worker.poke();
  expect(await alarms()).toContain('was used by a transaction that is not ours: nothing is sent any more');
  // A block that a reorganization may still drop is no reason to give a nonce up.
  expect(await worker.resume()).toMatchObject({ done: [], waits: [expect.stringContaining('not final yet')] });
  await network.mine(FINAL_BLOCKS);
  await worker.poke();
  await worker.tick();
  expect(wire.sent).toEqual([]);
  expect(await worker.resume()).toMatchObject({ done: [expect.stringContaining('Nonce 0 is given up')], waits: [] });
  expect(await worker.resume()).toEqual({ done: [], waits: [] });
  await finish();
  expect(await worker.status()).toMatchObject({ alarms: [], pendingTransactions: 0 });
  expect(await states()).toEqual(['final', 'final']);
  expect(await contracts.totalSupply()).toBe(BigInt((await epochLines(worker.db))[0]?.total ?? 0));
});

test('nonces beyond all of ours stop it too, and are skipped once they are final', async () => {
  const { worker, wire } = await start(1);
  await worker.tick();
  await network.mine(1, DELAY_SECONDS);
  await sendForeign(2);
  await network.mine(1);
  wire.sent.length = 0;
  await worker.poke();
  expect(await alarms()).toContain('Nonce 1 of the committer');
  expect(wire.sent).toEqual([]);
  await network.mine(FINAL_BLOCKS);
  expect(await worker.resume()).toMatchObject({ done: [expect.stringContaining('below 3')], waits: [] });
  await finish();
  expect(await worker.status()).toMatchObject({ alarms: [], transactions: [{ nonce: 0 }, { nonce: 3 }] });
  expect(await states()).toEqual(['final']);
});

test('a stolen key is replaced: what it committed is revoked, and a new key commits and pays the same', async () => {
  const { worker, accounts, chain, contracts, firstEpoch } = await start(1);
  await worker.tick();
  const [{ total: promised } = { total: '0' }] = await epochLines(worker.db);
  await network.mine(FINAL_BLOCKS);
  await worker.poke();
  await contracts.revokeFrom(firstEpoch);
  await sendForeign(1);
  await network.mine(1);
  await worker.poke();
  await contracts.grantCommitter(accounts.regionalOperator.address);
  await chain.request('anvil_setBalance', [accounts.regionalOperator.address, '0xde0b6b3a7640000']);
  await network.restart({ COMMITTER_PRIVATE_KEY: accounts.regionalOperator.privateKey });
  await network.worker.poke();
  expect(await alarms()).toContain(`Epoch ${firstEpoch} was revoked`);
  await network.worker.resume();
  await finish();
  expect(await network.worker.status()).toMatchObject({ alarms: [], address: accounts.regionalOperator.address });
  expect(await states()).toEqual(['final']);
  expect(await contracts.totalSupply()).toBe(BigInt(promised));
});

test('what the guardian took back is committed again after a look, not before', async () => {
  const { worker, wire, contracts, firstEpoch } = await start(2);
  await worker.tick();
  await network.mine(FINAL_BLOCKS);
  await contracts.revokeFrom(firstEpoch);
  wire.sent.length = 0;
  await worker.poke();
  await worker.poke();
  expect(await states()).toEqual(['revoked', 'revoked']);
  expect(wire.sent).toEqual([]);
  expect((await worker.resume()).done).toHaveLength(2);
  await finish();
  expect(await worker.status()).toMatchObject({ alarms: [], lastFinalEpoch: firstEpoch + 1 });
  expect(await contracts.totalSupply()).toBe(BigInt((await epochLines(worker.db))[0]?.total ?? 0));
});

test('what was committed wrongly is revoked, put right, deleted and computed again, as the operator is told to do', async () => {
  const { worker, contracts, firstEpoch } = await start(1);
  await worker.tick();
  const [wrong] = await epochLines(worker.db);
  await network.mine(FINAL_BLOCKS);
  await contracts.revokeFrom(firstEpoch);
  await worker.poke();
  await worker.db.batch([
    worker.db.prepare(`UPDATE device_day SET score_bps = 8000 WHERE device = 'did:key:z6MkTest0'`),
    worker.db.prepare('DELETE FROM epoch WHERE epoch >= ?').bind(firstEpoch),
    worker.db.prepare('DELETE FROM payout WHERE epoch >= ?').bind(firstEpoch),
  ]);
  await worker.resume();
  await worker.tick();
  await finish();
  const [right] = await epochLines(worker.db);
  expect(right?.state).toBe('final');
  expect(BigInt(right?.total ?? 0)).toBeLessThan(BigInt(wrong?.total ?? 0));
  expect(await contracts.totalSupply()).toBe(BigInt(right?.total ?? 0));
});

test('an empty key, a chain that went away and an epoch that is overdue are told in words', async () => {
  const { worker, chain, accounts, nowMs, wire, firstEpoch } = await start(1);
  await chain.request('anvil_setBalance', [accounts.committer.address, '0x0']);
  await worker.tick();
  expect(await alarms()).toContain(`has only 0 ETH left for gas: send ETH to ${accounts.committer.address}`);
  await worker.poke(nowMs + 121 * MINUTE_MS);
  expect(await alarms()).toContain(
    `Epoch ${firstEpoch} is overdue: it was computed over two hours ago, and its commit`,
  );
  wire.cutAll = true;
  await worker.poke();
  expect(await alarms()).toContain('The chain does not answer as it should');
  wire.cutAll = false;
  await chain.request('anvil_setBalance', [accounts.committer.address, '0xde0b6b3a7640000']);
  await finish();
  expect(await alarms()).toBe('');
});
