/** Clones over real HTTP: two clients with copies of one key file, and an honest one that loses power after sending. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '@noble/hashes/sha2.js';
import type { ForkProof } from '../../core/proof/fork-format.ts';
import type { DeviceAnswer, ForksAnswer } from '../../schema/api/places.ts';
import { run } from '../../scripts/lib/run.ts';
import { signUpload } from '../../sensors/client/sign.ts';
import { type FieldDevice, MADRID, packBatch, registerField, upkeep } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';
import { getJson, until } from '../support/until.ts';

const OWNER = `0x${'ab'.repeat(20)}`;
const dir = mkdtempSync(join(tmpdir(), 'isobar-clone-'));
let network: LocalRuntime;
let devices: readonly FieldDevice[];

beforeAll(async () => {
  network = await startLocalRuntime();
  devices = await registerField(network.api, network.adminToken, [
    { ...MADRID, name: 'Copied', algorithm: 'ecdsa-p256-sha256', owner: OWNER, tier: 0 },
    { ...MADRID, latitude: 40.48, name: 'Honest', algorithm: 'ed25519', owner: OWNER, tier: 0 },
  ]);
});
afterAll(async () => {
  await network?.stop();
  rmSync(dir, { recursive: true });
});

/** All that a client keeps: the batch before, and the one that is on its way. */
type Memory = { readonly previous: Uint8Array | null; readonly pending: ReturnType<typeof packBatch> | null };
let nonce = 0;
let second = 0;

function measured(device: FieldDevice, value: number): ReturnType<typeof packBatch> {
  nonce += 1;
  second += 1;
  // Of the last minutes, no time twice.
  const measuredMs = (Math.floor(Date.now() / 1000) - 200 + second) * 1000;
  return packBatch(device, nonce, [{ quantity: 'temp', unit: 'Cel', value, measuredMs }]);
}

async function send(device: FieldDevice, memory: Memory): Promise<Response> {
  if (memory.pending === null) throw new Error('nothing to send');
  const { previous, pending } = memory;
  const createdSeconds = Math.floor(Date.now() / 1000);
  const headers = await signUpload(device.key, { url: device.ingestUrl, ...pending, createdSeconds, previous });
  return fetch(device.ingestUrl, { method: 'POST', headers: { ...headers }, body: Uint8Array.from(pending.body) });
}

/** Keeps, sends, and keeps that it was answered. */
async function post(device: FieldDevice, memory: Memory, value = 20): Promise<Memory> {
  const kept = { ...memory, pending: measured(device, value) };
  const response = await send(device, kept);
  expect([response.status, response.status === 201 ? '' : await response.text()]).toEqual([201, '']);
  return { previous: sha256(kept.pending.body), pending: null };
}

const NEW: Memory = { previous: null, pending: null };
const deviceAt = (at: number): FieldDevice => {
  const device = devices[at];
  if (device === undefined) throw new Error('two devices were registered');
  return device;
};
const forksOf = ({ key }: FieldDevice) => getJson<ForksAnswer>(`${network.api}/v1/devices/${key.did}/forks`);
const statusOf = async ({ key }: FieldDevice) =>
  (await getJson<DeviceAnswer>(`${network.api}/v1/devices/${key.did}`)).status;
const verify = (path: string) => run(['node', 'scripts/verify-proof.ts', path]);

test('an honest client that loses power after sending, again and again, is never taken for two', async () => {
  const device = deviceAt(1);
  let memory = NEW;
  for (let round = 0; round < 6; round += 1) {
    memory = await post(device, memory);
    // It keeps the batch, sends it, and loses power before the answer; then it sends the same bytes again.
    const kept = { ...memory, pending: measured(device, 21) };
    expect((await send(device, kept)).status).toBe(201);
    const again = await send(device, kept);
    expect(again.status).toBe(200);
    // Every other time it has lost what it kept as well, and goes on from the batch before.
    memory = round % 2 === 0 ? { previous: sha256(kept.pending.body), pending: null } : memory;
  }
  await upkeep(network, device.cell);
  expect(await statusOf(device)).toBe('active');
});

test(
  'two clients with one key file that both go on are quarantined, with a proof that anyone can check',
  { timeout: 200_000 },
  async () => {
    const device = deviceAt(0);
    const common = await post(device, await post(device, NEW));
    const copies: [Memory, Memory] = [common, common];
    for (let round = 0; round < 4; round += 1)
      for (const at of [0, 1] as const) copies[at] = await post(device, copies[at], 20 + at);
    await until('the registry says so', 20_000, async () => ((await statusOf(device)) === 'quarantined' ? true : null));
    // It may go on posting: taken, logged, not sold.
    await post(device, copies[0]);

    const { fork } = await until('the fork is public', 150_000, async () => {
      return (await forksOf(device)).forks.find(({ verdict }) => verdict === 'both-go-on') ?? null;
    });
    const response = await fetch(`${network.api}/v1/devices/${device.key.did}/forks/${fork}`);
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([
      200,
      { device: device.key.did, format: 'isobar-fork-1' },
    ]);
    const path = join(dir, 'fork.json');
    writeFileSync(path, text);
    const checked = await verify(path);
    expect([checked.exitCode, checked.output]).toEqual([0, expect.stringContaining('two memories sign with the key')]);

    const proof = JSON.parse(text) as ForkProof;
    writeFileSync(path, text.replace(proof.branches[1][0]?.signature ?? '', proof.branches[0][0]?.signature ?? ''));
    const altered = await verify(path);
    expect([altered.exitCode, altered.output]).toEqual([1, expect.stringContaining('branches[1][0].signature')]);
    expect(
      (await forksOf(deviceAt(1))).forks.filter(({ verdict }) => verdict === 'both-go-on' || verdict === 'conflict'),
    ).toEqual([]);
  },
);
