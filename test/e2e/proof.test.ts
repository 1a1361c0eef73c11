/**
 * A proof, end to end: posted, closed, committed, bought with the stock x402 client and checked offline by the command. Two
 * devices, one of each kind of key; several quantities in a batch, one batch compressed, one reading late.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { createPublicClient, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { canonicalJson } from '../../core/canonical-json.ts';
import { PROOF_MEDIA_TYPE, type Proof } from '../../core/proof/format.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochStartMs, rfc3339 } from '../../core/time.ts';
import type { ProofQuote } from '../../schema/api/proofs.ts';
import type { EpochsAnswer, Problem, RegionsAnswer } from '../../schema/api/public.ts';
import { mintUsdc } from '../../scripts/lib/local-chain.ts';
import { run } from '../../scripts/lib/run.ts';
import { commandTransport } from '../../scripts/device/transport.ts';
import type { Measurement } from '../../sensors/client/senml.ts';
import { type FieldDevice, MADRID, packBatch, registerField, sendBatch } from '../support/field.ts';
import { openLedger } from '../support/ledger.ts';
import { type LocalNetwork, type LocalRuntime, startLocalNetwork } from '../support/local-runtime.ts';
import { getJson, until } from '../support/until.ts';
import { authorizationOf } from '../support/wallet.ts';
import { type Buyer, createBuyer } from './support/buyer.ts';

const RULES = LOCAL_RULES.time;
const HOUR_MS = RULES.hourSeconds * 1000;
const LATE_HOUR = 5;
const FUNDS = 1_000_000n;

const dir = mkdtempSync(join(tmpdir(), 'isobar-proof-'));
let network: LocalNetwork;
let reopened: LocalRuntime | undefined;
let api: string;
let devices: { readonly roof: FieldDevice; readonly yard: FieldDevice };
let epoch: number;
let buyer: Buyer;

beforeAll(async () => {
  network = await startLocalNetwork();
  ({ api } = network);
  buyer = createBuyer(network.contracts.usdc);
  await mintUsdc(network.chain, network.accounts, network.contracts, buyer.account.address, FUNDS);
  epoch = await openLedger(network.chain.rpc, network.contracts).firstEpoch();
});
afterAll(async () => {
  await reopened?.runtime.dispose();
  await network?.stop();
  rmSync(dir, { recursive: true });
});

const hourMs = (hour: number): number => epochStartMs(epoch, RULES) + hour * HOUR_MS;
const middleOf = (hour: number): number => hourMs(hour) + HOUR_MS / 2;

/** Three quantities in the middle of each hour. */
function measure(hours: readonly number[], base: number): readonly Measurement[] {
  return hours.flatMap((hour) => [
    { quantity: 'temp', unit: 'Cel', value: base + (hour % 7) / 4, measuredMs: middleOf(hour) } as const,
    { quantity: 'rh', unit: '%RH', value: 50 + (hour % 11), measuredMs: middleOf(hour) } as const,
    { quantity: 'press', unit: 'hPa', value: 940 + (hour % 5), measuredMs: middleOf(hour) + 250 } as const,
  ]);
}

const range = (from: number, until: number): readonly number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);

async function sendCompressed(device: FieldDevice, nonce: number, measurements: readonly Measurement[]) {
  const batch = packBatch(device, nonce, measurements);
  const zipped = { ...batch, body: gzipSync(batch.body) };
  return sendBatch(device, zipped, {
    ...commandTransport,
    // The encoding is not among the signed components: the digest is of the bytes as posted.
    fetch: async (request) => {
      const headers = new Headers(request.headers);
      headers.set('content-encoding', 'gzip');
      return fetch(request.url, { method: 'POST', headers, body: await request.arrayBuffer() });
    },
  });
}

async function closedUntil(end: number): Promise<void> {
  await until(`epoch ${end} is closed`, 40_000, async () => {
    const { regions } = await getJson<RegionsAnswer>(`${api}/v1/regions`);
    return regions.some((region) => (region.closedUntil ?? '') >= rfc3339(epochStartMs(end + 1, RULES))) ? true : null;
  });
}

const query = (device: FieldDevice, parameters: Record<string, string>): string =>
  `${api}/v1/proofs?${new URLSearchParams({ device: device.key.did, quantity: 'temp', ...parameters }).toString()}`;
const reading = (device: FieldDevice, hour: number, more: Record<string, string> = {}): string =>
  query(device, { t: rfc3339(middleOf(hour)), ...more });

async function refused(url: string): Promise<{ readonly problem: Problem; readonly retryAfter: number }> {
  const response = await fetch(url);
  return { problem: await response.json<Problem>(), retryAfter: Number(response.headers.get('retry-after')) };
}

async function bought(url: string, name: string): Promise<{ readonly path: string; readonly proof: Proof }> {
  const response = await buyer.fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(PROOF_MEDIA_TYPE);
  const text = await response.text();
  const path = join(dir, name);
  writeFileSync(path, text);
  return { path, proof: JSON.parse(text) as Proof };
}

const verify = (path: string, ...more: readonly string[]) => run(['node', 'scripts/verify-proof.ts', path, ...more]);
const spent = async () =>
  FUNDS - (await openLedger(network.chain.rpc, network.contracts).usdcOf(buyer.account.address));

test('before the commit nothing is sold, and the answer says when to ask again', async () => {
  const owner = network.accounts.owners[0]?.address ?? '';
  const [roof, yard] = await registerField(api, network.adminToken, [
    { ...MADRID, name: 'Roof', algorithm: 'ed25519', owner, tier: 0 },
    { ...MADRID, latitude: 40.48, name: 'Yard', algorithm: 'ecdsa-p256-sha256', owner, tier: 0 },
  ]);
  if (!roof || !yard) throw new Error('two devices were registered');
  devices = { roof, yard };
  expect((await sendBatch(roof, packBatch(roof, 1, measure(range(0, 25), 14)))).receipt.readings.accepted).toBe(75);
  const early = await refused(reading(roof, 0));
  expect(early.problem).toMatchObject({ status: 409, code: 'proof-pending' });
  expect(early.retryAfter).toBeGreaterThan(0);
  expect(await sendCompressed(yard, 1, measure(range(0, 12), 15))).toMatchObject({ receipt: { flags: [] } });
  expect((await sendBatch(yard, packBatch(yard, 2, measure(range(12, 25), 15)))).receipt.readings.accepted).toBe(39);
  await closedUntil(epoch);
  const closed = await refused(reading(roof, 0));
  expect(closed.problem).toMatchObject({ status: 409, code: 'proof-pending' });
  expect(Date.parse(String(Object(closed.problem)['expected']))).toBeGreaterThan(Date.now());
  expect((await refused(reading(roof, 3, { 'dry-run': 'true' }))).problem.code).toBe('proof-pending');
});

test('a reading that comes after its hour was closed goes into the log of the day on which it came', async () => {
  const { roof, yard } = devices;
  const late: Measurement = { quantity: 'co2', unit: 'ppm', value: 433, measuredMs: middleOf(LATE_HOUR) };
  const sent = await sendBatch(roof, packBatch(roof, 2, [...measure(range(25, 49), 14), late]));
  expect(sent.receipt.readings).toMatchObject({ late: 1, refused: [] });
  await sendBatch(yard, packBatch(yard, 3, measure(range(25, 49), 15)));
  await closedUntil(epoch + 1);
});

test('what never was, and what was asked wrongly, is free and says why', async () => {
  const { roof } = devices;
  const stranger = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
  const codes = await Promise.all(
    [
      query(roof, { t: rfc3339(middleOf(3) + 1) }),
      query(roof, { quantity: 'o3', start: rfc3339(hourMs(3)) }),
      reading(roof, 3, { device: stranger }),
      query(roof, {}),
      reading(roof, 3, { quantity: 'mood' }),
    ].map(async (url) => (await refused(url)).problem.code),
  );
  expect(codes).toEqual(['no-such-reading', 'no-such-reading', 'no-such-device', 'one-of', 'bad-parameter']);
});

test('both epochs are committed', async () => {
  await until('both epochs are committed', 40_000, async () => {
    await network.runtime.cronTick();
    await network.chain.request('evm_increaseTime', [2]);
    await network.chain.request('anvil_mine', ['0x8']);
    const { epochs } = await getJson<EpochsAnswer>(`${api}/v1/epochs`);
    const done = epochs.filter(({ state }) => state !== 'computed' && state !== 'committing');
    return done.length >= 2 ? done : null;
  });
});

let one: { readonly path: string; readonly proof: Proof };

test('one reading is sold with its whole batch, priced as all of it, charged once, and holds', async () => {
  const { roof } = devices;
  const quote = await getJson<ProofQuote>(reading(roof, 3, { 'dry-run': 'true' }));
  // 25 hours of three quantities, at 0.0001 USDC: below the floor.
  expect(quote).toMatchObject({ readings: 1, batches: 1, deviceQuantityHours: 75, epochs: [epoch] });
  expect(quote.price.amount).toBe('10000');
  one = await bought(reading(roof, 3), 'one.json');
  expect(await spent()).toBe(10_000n);
  expect(one.proof.claim).toEqual({
    device: roof.key.did,
    quantity: 'temp',
    unit: 'Cel',
    readings: [{ time: rfc3339(middleOf(3)), value: 14.75 }],
  });
  expect(one.proof.unproved.verdicts).toMatchObject([{ start: rfc3339(hourMs(3)), value: 14.75, count: 1, flag: 1 }]);
  const checked = await verify(one.path, '--rpc', network.chain.rpc, '--contract', network.contracts.distributor);
  expect(checked.output).toContain('valid: signed by the device, and in the data root that the chain holds');
  expect(checked.output).toContain(`committed epoch ${epoch} in block ${one.proof.commits[0]?.block}`);
  expect(checked.exitCode).toBe(0);
});

test('the owner of the device gets its proofs free of charge', async () => {
  const key = network.accounts.owners[0]?.privateKey;
  if (key === undefined) throw new Error('the network has owners');
  const account = privateKeyToAccount(key);
  const wallet = { address: account.address, signMessage: (message: string) => account.signMessage({ message }) };
  const url = reading(devices.roof, 3);
  const authorization = await authorizationOf(wallet, new URL(url), 10);
  const free = await fetch(url, { headers: { authorization } });
  expect([free.status, free.headers.get('content-type')]).toEqual([200, PROOF_MEDIA_TYPE]);
  expect(await free.json()).toMatchObject({ claim: one.proof.claim });
  expect((await fetch(url)).status).toBe(402);
});

async function savedLogs(proof: Proof): Promise<string> {
  const client = createPublicClient({ transport: http(network.chain.rpc) });
  const receipts = [];
  for (const { transaction } of proof.commits) {
    receipts.push(
      await client.request({ method: 'eth_getTransactionReceipt', params: [transaction as `0x${string}`] }),
    );
  }
  const path = join(dir, 'event.json');
  writeFileSync(path, JSON.stringify(receipts));
  return path;
}

test('a saved log does in place of a node, a data root typed in does, and nothing says so', async () => {
  const event = await savedLogs(one.proof);
  expect(await verify(one.path, '--event', event)).toMatchObject({ exitCode: 0 });
  const [commit] = one.proof.commits;
  const typed = ['--data-root', `0x${commit?.dataRoot}`, '--epoch', String(epoch)];
  expect(await verify(one.path, ...typed)).toMatchObject({ exitCode: 0 });
  expect(await verify(one.path, '--data-root', '0'.repeat(64), '--epoch', String(epoch))).toMatchObject({
    exitCode: 1,
    output: expect.stringContaining('commits[0].dataRoot'),
  });
  const offline = await verify(one.path, '--offline');
  expect(offline.output).toContain('valid up to the data root');
  expect(offline.exitCode).toBe(3);
  const strange = await verify(one.path, '--rpc', network.chain.rpc, '--contract', network.contracts.usdc);
  expect(strange).toMatchObject({ exitCode: 1, output: expect.stringContaining('commits[0].contract') });
  expect(await verify(join(dir, 'none.json'))).toMatchObject({ exitCode: 1 });
  expect(await verify(one.path, '--event', event, '--offline')).toMatchObject({ exitCode: 2 });
  expect((await verify('--help')).output).toContain('Exit code 0: valid');
});

test('an hour of a P-256 device, in a compressed batch, holds', async () => {
  const { yard } = devices;
  const { path, proof } = await bought(query(yard, { quantity: 'rh', start: rfc3339(hourMs(7)) }), 'zipped.json');
  expect(proof.batches.map(({ post }) => post.contentEncoding)).toEqual(['gzip']);
  expect(proof.claim.readings).toEqual([{ time: rfc3339(middleOf(7)), value: 57 }]);
  expect(await verify(path, '--rpc', network.chain.rpc)).toMatchObject({ exitCode: 0 });
});

test('a late reading is proved under the epoch in whose log it is', async () => {
  const { path, proof } = await bought(reading(devices.roof, LATE_HOUR, { quantity: 'co2' }), 'late.json');
  expect(proof.commits.map((commit) => commit.epoch)).toEqual([epoch + 1]);
  expect(proof.unproved.verdicts).toMatchObject([{ flag: 2, tests: ['late'] }]);
  expect(await verify(path, '--rpc', network.chain.rpc)).toMatchObject({ exitCode: 0 });
});

/** Two hex digits that are others. */
const others = (_match: string, before: string, digits: string): string => before + (digits === '00' ? '11' : '00');

test.each<readonly [string, RegExp, (match: string, before: string, digits: string) => string]>([
  ['The body of a batch is not the one whose digest was signed', /"body":"W/, () => '"body":"X'],
  [
    'A batch is not signed by its device',
    /("signature":"s=:)(.)/,
    (_match, before, first) => before + (first === 'A' ? 'B' : 'A'),
  ],
  ["The log entry is not the one whose hash is the tree's leaf", /"slot":0/, () => '"slot":7'],
  ["The path does not lead from the leaf to its segment's root", /("segment":.*?"hash":")(..)/, others],
  [
    "The path does not lead from the segment to the epoch's data root",
    /("epoch":{"number":\d+,"path":\[{"hash":")(..)/,
    others,
  ],
  ['A reading of the claim is in no batch', /"value":14.75}\],"unit"/, () => '"value":14.76}],"unit"'],
  ['The chain has committed something else', /("contract":"0x)(..)/, others],
  ['The file is not a proof of this format', /"format":"isobar-proof-1"/, () => '"format": "isobar-proof-1"'],
])('"%s": the command names it', async (sentence, wanted, change) => {
  const text = readFileSync(one.path, 'utf8');
  const path = join(dir, 'tampered.json');
  writeFileSync(path, text.replace(wanted, change));
  expect(readFileSync(path, 'utf8')).not.toBe(text);
  const { exitCode, output } = await verify(path, '--rpc', network.chain.rpc);
  expect(output).toContain(sentence);
  expect(output).not.toContain('valid');
  expect(exitCode).toBe(1);
});

test('readings that are exchanged for others of the device do not fit its signature', async () => {
  const { proof } = one;
  const [batch] = proof.batches;
  if (batch === undefined) throw new Error('a proof has a batch');
  const body = Buffer.from(Buffer.from(batch.post.body, 'base64').toString().replace('14.75', '14.95'));
  const path = join(dir, 'forged.json');
  writeFileSync(
    path,
    canonicalJson({ ...proof, batches: [{ ...batch, post: { ...batch.post, body: body.toString('base64') } }] }),
  );
  expect((await verify(path, '--offline')).output).toContain('where     batches[0].post.body');
});

test('a revoked epoch is not sold', async () => {
  const database = await network.runtime.database();
  const setState = (state: string) => database.prepare('UPDATE epoch SET state = ? WHERE epoch = ?').bind(state, epoch);
  const before = await database.prepare('SELECT state FROM epoch WHERE epoch = ?').bind(epoch).first<string>('state');
  await setState('revoked').run();
  expect((await refused(reading(devices.roof, 3))).problem).toMatchObject({
    status: 409,
    code: 'epoch-revoked',
    epoch,
  });
  await setState(before ?? '').run();
});

test('the command buys and saves a proof', async () => {
  const { accounts, contracts, chain } = network;
  const local = { api, rpc: chain.rpc, chainId: 10, contracts, accounts: { buyer: accounts.buyer }, devices: [] };
  writeFileSync(join(dir, 'local.json'), JSON.stringify(local));
  const path = join(dir, 'saved.json');
  const what = ['--device', devices.yard.key.did, '--quantity', 'press', '--start', rfc3339(hourMs(20))];
  const saved = await run(['node', 'scripts/buy.ts', '--dir', dir, '--proof', path, ...what]);
  expect(saved.output).toContain('reveals 1 batches with 39 device-quantity-hours and costs 0.01 USDC');
  expect(saved.exitCode).toBe(0);
  // Node and contract of the local network are known.
  expect(await verify(path, '--dir', dir)).toMatchObject({ exitCode: 0 });
});

/** What the settler keeps of the sale: whose data it was. */
function servedInSales(storage: string): readonly string[] {
  const folder = join(storage, 'do/isobar-settler-Settler');
  const files = readdirSync(folder).filter((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
  return files.flatMap((name) => {
    const database = new DatabaseSync(join(folder, name), { readOnly: true });
    try {
      return database
        .prepare('SELECT served FROM payment_answer ORDER BY rowid')
        .all()
        .map(({ served }) => String(served));
    } finally {
      database.close();
    }
  });
}

test('a region whose own storage is gone is proved from the archive, to the same bytes; sales name the device', async () => {
  const { path } = await bought(reading(devices.roof, 7), 'before.json');
  let served: readonly string[] = [];
  reopened = await network.reopen((storage) => {
    served = servedInSales(storage);
    rmSync(join(storage, 'do/isobar-edge-Region'), { recursive: true });
  });
  expect(JSON.parse(served[0] ?? '')).toEqual([{ device: devices.roof.key.did, units: 75 }]);
  ({ api } = reopened);
  const { proof } = await bought(reading(devices.roof, 7), 'after.json');
  expect(canonicalJson(proof)).toBe(readFileSync(path, 'utf8'));
});
