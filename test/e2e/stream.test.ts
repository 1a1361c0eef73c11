/** A stream that was paid for, with Node's own EventSource, while the runtime is killed under it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StreamQuote, StreamReadings, StreamSold } from '../../schema/api/stream.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { mintUsdc } from '../../scripts/lib/local-chain.ts';
import { type Network, runtimeOptions, startNetwork } from '../../scripts/lib/network.ts';
import { type RuntimeProcess, startRuntimeProcess } from '../../scripts/lib/runtime-process.ts';
import { type FieldDevice, MADRID, packBatch, registerField, sendBatch } from '../support/field.ts';
import { openLedger } from '../support/ledger.ts';
import { until } from '../support/until.ts';
import { createBuyer, type Buyer } from './support/buyer.ts';
import { openEventSource } from './support/event-source.ts';

const KILLS = 3;
const FUNDS = 1_000_000n;

const dir = mkdtempSync(join(tmpdir(), 'isobar-stream-'));
const folder = Folder.open(dir, false);
let network: Network;
let runtime: RuntimeProcess;
let devices: readonly FieldDevice[];
let buyer: Buyer;

beforeAll(async () => {
  network = await startNetwork({ folder, port: 0, chainPort: 0, cronMs: null });
  runtime = network.runtime;
  const owner = network.accounts.owners[0]?.address ?? '';
  devices = await registerField(network.api, network.adminToken, [
    { ...MADRID, name: 'Roof', algorithm: 'ed25519', owner, tier: 0 },
    { ...MADRID, latitude: 40.48, name: 'Yard', algorithm: 'ecdsa-p256-sha256', owner, tier: 0 },
  ]);
  buyer = createBuyer(network.contracts.usdc);
  await mintUsdc(network.chain, network.accounts, network.contracts, buyer.account.address, FUNDS);
});
afterAll(async () => {
  await runtime?.kill();
  await network?.chain.stop();
  rmSync(dir, { recursive: true });
});

async function restart(): Promise<void> {
  await runtime.kill();
  const port = Number(new URL(network.api).port);
  const options = runtimeOptions(folder, folder.seed(), network.chain.rpc, network.contracts, port);
  runtime = await startRuntimeProcess({ ...options, cronMs: null });
}

let nonce = 0;
/** One reading of now; gives back its value, which no other has. */
async function measure(device: FieldDevice): Promise<number> {
  nonce += 1;
  const value = nonce / 100;
  const measuredMs = Date.now();
  const batch = packBatch(device, nonce, [{ quantity: 'temp', unit: 'Cel', value, measuredMs }]);
  expect((await sendBatch(device, batch)).status).toBe('accepted');
  return value;
}

test('EventSource hears every value of what was bought exactly once, also over kills of the runtime', async () => {
  const [roof, yard] = devices;
  if (!roof || !yard) throw new Error('two devices were registered');
  const address = `${network.api}/v1/stream`;
  const bought = { device: roof.key.did, quantity: 'temp', minutes: 30 };
  const ask = (body: object): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  // Nothing is sold where nothing is measured.
  const silent = await buyer.fetch(address, ask(bought));
  expect([silent.status, await silent.json()]).toMatchObject([404, { code: 'nothing-live' }]);
  await measure(roof);
  const quote = await (await fetch(address, ask({ ...bought, 'dry-run': true }))).json<StreamQuote>();
  // 30 minutes are 90 of this network's hours.
  expect(quote).toMatchObject({ devices: 1, deviceQuantityHours: 90, price: { amount: '10000' } });
  const sold = await buyer.fetch(address, ask(bought));
  expect(sold.status).toBe(200);
  const { streamUrl } = await sold.json<StreamSold>();
  const ledger = openLedger(network.chain.rpc, network.contracts);
  expect(await ledger.usdcOf(buyer.account.address)).toBe(FUNDS - 10_000n);

  const sent: number[] = [await measure(roof)];
  const source = openEventSource(streamUrl, ['hello', 'readings', 'gap', 'end']);
  try {
    const heard = (): number[] =>
      source.heard
        .filter(({ type }) => type === 'readings')
        .flatMap(({ data }) => (data as StreamReadings).readings.map(({ value }) => value));
    const hearsAll = () => until('all was heard', 30_000, async () => (heard().length >= sent.length ? true : null));
    await hearsAll();
    for (let kill = 0; kill < KILLS; kill += 1) {
      sent.push(await measure(roof), await measure(roof));
      await measure(yard);
      if (kill === 1) await hearsAll();
      await restart();
      sent.push(await measure(roof));
      await hearsAll();
    }
    sent.push(await measure(roof));
    await hearsAll();
    expect(heard()).toEqual(sent);
    expect(source.heard.filter(({ type }) => type === 'gap')).toEqual([]);
    expect(source.heard.filter(({ type }) => type === 'hello').length).toBe(KILLS + 1);
  } finally {
    await source.close();
  }
});

test('a pass that was tampered with is refused for good, not asked for again', async () => {
  const source = openEventSource(`${network.api}/v1/stream?pass=abc.def`, ['hello']);
  try {
    await until('it gives up', 10_000, async () => source.heard.find(({ type }) => type === 'closed') ?? null);
    expect(source.heard.filter(({ type }) => type === 'hello')).toEqual([]);
  } finally {
    await source.close();
  }
});
