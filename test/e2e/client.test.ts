/** `@isobar/sensor` as a package, in Node and Deno, on the real Workers; and a week without a line, all at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { derive } from '../../scripts/lib/accounts.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { runtimeOptions } from '../../scripts/lib/network.ts';
import { freePort } from '../../scripts/lib/ports.ts';
import { type RuntimeProcess, startRuntimeProcess } from '../../scripts/lib/runtime-process.ts';
import { publicPlaceOf } from '../../scripts/place.ts';
import { type ClientEvent, openClient } from '../../sensors/client/client.ts';
import { FileStorage } from '../../sensors/client/file-storage.ts';
import { installClient, runIn } from '../support/client-package.ts';
import { BERLIN, type FieldDevice, MADRID, registerField, upkeep } from '../support/field.ts';
import { startLocalRuntime } from '../support/local-runtime.ts';
import { readingNames, readStoredLogs } from '../support/stored-log.ts';

/** No part of this asks the chain. */
const NO_CHAIN = 'http://127.0.0.1:1';
const NOBODY = `0x${'01'.repeat(20)}` as const;
const DAY_MS = 86_400_000;

const dir = mkdtempSync(join(tmpdir(), 'isobar-client-'));
const folder = Folder.open(dir, false);
const adminToken = derive(folder.seed(), 'admin-token');
let network: RuntimeProcess;
let devices: readonly FieldDevice[];
let stranger: string;
let workersDir: string;

beforeAll(async () => {
  const contracts = { token: NOBODY, distributor: NOBODY, burnAuction: NOBODY, usdc: NOBODY };
  const options = runtimeOptions(folder, folder.seed(), NO_CHAIN, contracts, await freePort());
  workersDir = options.dir;
  // A week is a week only by the rules of the public network.
  const starting = startRuntimeProcess({ ...options, vars: { ...options.vars, RULES: 'main' }, cronMs: null });
  [network, stranger] = await Promise.all([starting, installClient()]);
  const sites = Array.from({ length: 5 }, (_, n) => ({
    name: `Station ${n}`,
    algorithm: n % 2 === 0 ? ('ed25519' as const) : ('ecdsa-p256-sha256' as const),
    latitude: MADRID.latitude + n / 50,
    longitude: MADRID.longitude,
    owner: NOBODY,
    tier: 0 as const,
  }));
  devices = await registerField(network.url, adminToken, sites);
});
afterAll(async () => {
  await network?.kill();
  rmSync(dir, { recursive: true });
  if (stranger) await rm(stranger, { recursive: true });
});

const PROGRAM = `
import { openClient } from '@isobar/sensor';
import { FileStorage, readKeyFile } from '@isobar/sensor/node';

const [keyFile, ingestUrl, form] = JSON.parse(process.argv[2]);
const key = await readKeyFile(keyFile);
if (!key.ok) throw new Error(key.error.detail);
const client = await openClient({ ingestUrl, key: key.value, form, storage: await FileStorage.open(keyFile + '.queue') });
const times = Array.from({ length: 100 }, (_, n) => Date.now() - 60_000 + n * 500);
const kept = await client.record(times.map((measuredMs, n) => ({ quantity: 'temp', value: 20 + n / 100, measuredMs })));
const sent = await client.flush();
await client.close();
console.log(JSON.stringify([kept, sent]));
`;

const RUNTIMES = [
  { runtime: 'node', flags: [] },
  {
    runtime: 'deno',
    flags: ['run', '--node-modules-dir=manual', '--allow-read=.', '--allow-write=.', '--allow-net=127.0.0.1'],
  },
] as const;

test.each(
  RUNTIMES.flatMap((runtime, at) => [
    { ...runtime, form: 'json', at },
    { ...runtime, form: 'cose', at: at + 2 },
  ]),
)('installed from its archive, the client sends $form in $runtime', async ({ runtime, flags, form, at }) => {
  const device = devices[at];
  if (!device) throw new Error('five were registered');
  await writeFile(join(stranger, `${at}.pem`), device.pem);
  await writeFile(join(stranger, 'main.mjs'), PROGRAM);
  const args = [...flags, 'main.mjs', JSON.stringify([`${at}.pem`, device.ingestUrl, form])];
  expect(JSON.parse(await runIn(stranger, runtime, args))).toMatchObject([
    { ok: true, value: 'kept' },
    { ok: true, value: { waiting: 0, accepted: 100, last: { uploaded: { status: 'accepted' } } } },
  ]);
});

test('a network that it has not seen, of another host and region, takes both keys and both forms', async () => {
  const other = await startLocalRuntime();
  try {
    const ways = (['ed25519', 'ecdsa-p256-sha256'] as const).flatMap((algorithm) =>
      (['json', 'cose'] as const).map((form) => ({ algorithm, form })),
    );
    const sites = ways.map(({ algorithm }, n) => ({
      name: `Far ${n}`,
      algorithm,
      latitude: BERLIN.latitude + n / 50,
      longitude: BERLIN.longitude,
      owner: NOBODY,
      tier: 0 as const,
    }));
    const far = await registerField(other.api, other.adminToken, sites);
    expect(new URL(far[0]?.ingestUrl ?? '').host).not.toBe(new URL(network.url).host);
    const ends = far.map(async ({ pem, ingestUrl }, n) => {
      await writeFile(join(stranger, `far-${n}.pem`), pem);
      const call = JSON.stringify([`far-${n}.pem`, ingestUrl, ways[n]?.form]);
      return JSON.parse(await runIn(stranger, 'node', ['main.mjs', call])) as readonly unknown[];
    });
    for (const [kept, sent] of await Promise.all(ends)) {
      expect(kept).toEqual({ ok: true, value: 'kept' });
      expect(sent).toMatchObject({ ok: true, value: { waiting: 0, accepted: 100 } });
    }
  } finally {
    await other.stop();
  }
});

test('its declarations stand by themselves: a stranger’s program is checked with them', async () => {
  const text = `
    import { openClient, MemoryStorage, type ClientEvent, type Receipt } from '@isobar/sensor';
    import { elementKey } from '@isobar/sensor/key';
    import { FileStorage } from '@isobar/sensor/node';
    import { openIndexedDb } from '@isobar/sensor/browser';
    const key = elementKey({ algorithm: 'ed25519', publicKey: new Uint8Array(32), sign: (m: Uint8Array) => m });
    const receipts: Receipt[] = [];
    const onEvent = (event: ClientEvent): void => {
      if (event.kind === 'delivered' && event.uploaded.status !== 'expired') receipts.push(event.uploaded.receipt);
    };
    const storage = Math.random() > 1 ? new MemoryStorage() : await FileStorage.open('x');
    const client = await openClient({ ingestUrl: 'https://x', key, storage, onEvent });
    await openClient({ ingestUrl: 'https://x', key, storage: await openIndexedDb('x') });
    const kept = await client.record({ quantity: 'temp', value: 1 });
    if (!kept.ok) kept.error.reason satisfies 'bad-reading' | 'full' | 'not-stored';
    // @ts-expect-error no such quantity
    await client.record({ quantity: 'tmp', value: 1 });
  `;
  await writeFile(join(stranger, 'check.ts'), text);
  const flags = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--lib',
    'es2022,dom',
    '--types',
    '',
  ];
  await expect(runIn(stranger, 'tsc', [...flags, 'check.ts'])).resolves.toBe('');
});

test('a device that was off the line for a week sends its 10,000 readings once, in order, signed now', async () => {
  const device = devices[4];
  if (!device) throw new Error('five were registered');
  const beginMs = Date.now() - 7 * DAY_MS;
  const week = Array.from({ length: 5_000 }, (_, step) => {
    const measuredMs = beginMs + step * 120_000;
    return [
      { quantity: 'temp', value: 15 + (step % 97) / 10, measuredMs },
      { quantity: 'rh', value: 40 + (step % 53) / 10, measuredMs },
    ] as const;
  });
  const path = join(dir, 'week.queue');
  const open = async (fetch: (request: Request) => Promise<Response>, onEvent?: (event: ClientEvent) => void) =>
    openClient({
      ingestUrl: device.ingestUrl,
      key: device.key,
      storage: await FileStorage.open(path),
      retry: { attempts: 1 },
      world: { fetch },
      ...(onEvent && { onEvent }),
    });
  const offline = await open(() => Promise.reject(new TypeError('no line')));
  await Promise.all(week.map((readings) => offline.record(readings)));
  expect(await offline.flush()).toMatchObject({ ok: false, error: { reason: 'unreachable' } });
  expect(offline.status().waiting).toBe(10_000);
  await offline.close();

  const created: number[] = [];
  const sizes: number[] = [];
  const delivered: number[] = [];
  const online = await open(
    async (request) => {
      created.push(Number(/created=(\d+)/.exec(request.headers.get('signature-input') ?? '')?.[1]));
      sizes.push((await request.clone().arrayBuffer()).byteLength);
      return fetch(request);
    },
    (event) => {
      if (event.kind === 'delivered') delivered.push(event.measurements);
    },
  );
  const nowSeconds = Math.floor(Date.now() / 1000);
  expect(await online.flush()).toMatchObject({ ok: true, value: { accepted: 10_000, waiting: 0, refused: [] } });
  await online.close();
  expect(delivered).toEqual(Array.from({ length: 10 }, () => 1_000));
  expect(Math.min(...created)).toBeGreaterThanOrEqual(nowSeconds - 1);
  expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
  expect(await upkeep({ api: network.url, adminToken }, publicPlaceOf(MADRID).cell)).toMatchObject({
    readings: 10_400,
  });

  // The network itself, past all of its code: each reading is in the log once, and oldest first.
  await network.kill();
  const batches = readStoredLogs(workersDir).flatMap((log) => log.batches);
  const stored = batches.filter((batch) => batch.device === device.key.did).flatMap(readingNames);
  expect(stored).toHaveLength(10_000);
  for (const at of [0, 1]) {
    // In a batch, readings are stored by quantity.
    const expected = week.map((pair) => pair[at]).map((reading) => nameOf(device, reading));
    const same = stored.filter((name) => name.startsWith(`${device.key.did} ${week[0]?.[at]?.quantity} `));
    expect(same.findIndex((name, position) => name !== expected[position])).toBe(-1);
    expect(same).toHaveLength(5_000);
  }
});

type Sent = { readonly quantity: string; readonly value: number; readonly measuredMs: number } | undefined;

function nameOf({ key }: FieldDevice, reading: Sent): string {
  return `${key.did} ${reading?.quantity} ${reading?.measuredMs} ${reading?.value}`;
}
