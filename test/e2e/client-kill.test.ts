/**
 * The client's process is killed with SIGKILL again and again, at random moments, while it keeps readings and sends them to the
 * real Workers. Afterwards the log on disk is counted, past all code of the client and of the region's object.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { derive } from '../../scripts/lib/accounts.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { runtimeOptions } from '../../scripts/lib/network.ts';
import { freePort } from '../../scripts/lib/ports.ts';
import { binEnvironment } from '../../scripts/lib/run.ts';
import { type RuntimeProcess, startRuntimeProcess } from '../../scripts/lib/runtime-process.ts';
import { publicPlaceOf } from '../../scripts/place.ts';
import { chance } from '../../sensors/simulator/chance.ts';
import { installClient } from '../support/client-package.ts';
import { type FieldDevice, MADRID, registerField, upkeep } from '../support/field.ts';
import { readingNames, readStoredLogs } from '../support/stored-log.ts';

const SEED = process.env['CLIENT_KILL_SEED'] ?? 'client-kill-1';
const DEVICES = 4;
const KILLS = 50;
/** Of each device, so that every program has something to do until it is killed. */
const READINGS_AT_ONCE = 3;
const NO_CHAIN = 'http://127.0.0.1:1';
const NOBODY = `0x${'01'.repeat(20)}` as const;
/** Half an hour before the test, so that nothing lies in the future however many readings there are. */
const BEGIN_MS = Math.floor(Date.now() / 1000) * 1000 - 1_800_000;

const dir = mkdtempSync(join(tmpdir(), 'isobar-client-kill-'));
const folder = Folder.open(dir, false);
const adminToken = derive(folder.seed(), 'admin-token');
let network: RuntimeProcess;
let workersDir: string;
let stranger: string;
let devices: readonly FieldDevice[];

beforeAll(async () => {
  const contracts = { token: NOBODY, distributor: NOBODY, burnAuction: NOBODY, usdc: NOBODY };
  const options = runtimeOptions(folder, folder.seed(), NO_CHAIN, contracts, await freePort());
  workersDir = options.dir;
  [network, stranger] = await Promise.all([startRuntimeProcess({ ...options, cronMs: null }), installClient()]);
  writeFileSync(join(stranger, 'main.mjs'), PROGRAM);
  const sites = Array.from({ length: DEVICES }, (_, n) => ({
    name: `Station ${n}`,
    algorithm: n % 2 === 0 ? ('ed25519' as const) : ('ecdsa-p256-sha256' as const),
    latitude: MADRID.latitude + n / 50,
    longitude: MADRID.longitude,
    owner: NOBODY,
    tier: 0 as const,
  }));
  devices = await registerField(network.url, adminToken, sites);
  for (const [at, { pem }] of devices.entries()) writeFileSync(join(stranger, `${at}.pem`), pem);
});
afterAll(async () => {
  await network?.kill();
  rmSync(dir, { recursive: true });
  if (stranger) await rm(stranger, { recursive: true });
});

/** A sensor's program. It tells what it does, so that the test knows what it was killed at. */
const PROGRAM = `
import { openClient } from '@isobar/sensor';
import { FileStorage, readKeyFile } from '@isobar/sensor/node';

const [name, ingestUrl, form] = process.argv.slice(2);
const key = await readKeyFile(name + '.pem');
if (!key.ok) throw new Error(key.error.detail);
const tell = (message) => process.send(message);
const client = await openClient({
  ingestUrl,
  form,
  key: key.value,
  storage: await FileStorage.open(name + '.queue'),
  gzipAboveBytes: 400,
  batch: { maxReadings: 20, maxWaitMs: 15 },
  retry: { firstDelayMs: 20, maxDelayMs: 100 },
  world: {
    async fetch(request) {
      tell({ kind: 'sending' });
      const response = await fetch(request);
      tell({ kind: 'answered' });
      return response;
    },
  },
});
const stopping = new AbortController();
const running = client.run({ signal: stopping.signal });
process.on('message', async ({ readings, isLast }) => {
  const kept = await client.record(readings);
  if (!kept.ok) throw new Error(kept.error.detail);
  tell({ kind: 'kept', count: readings.length });
  if (!isLast) return;
  stopping.abort();
  await running;
  const sent = await client.flush();
  await client.close();
  if (!sent.ok) throw new Error(JSON.stringify(sent.error));
  process.exit(0);
});
tell({ kind: 'open' });
`;

type Told = { readonly kind: 'open' | 'sending' | 'answered' } | { readonly kind: 'kept'; readonly count: number };

/** What the processes were killed at. */
const killedAt = { starting: 0, keeping: 0, sending: 0 };

class Lane {
  readonly #device: FieldDevice;
  readonly #name: string;
  readonly #form: string;
  /** Readings that a program said it keeps; the next one is recorded, again if it was not answered. */
  kept = 0;

  constructor(device: FieldDevice, at: number) {
    this.#device = device;
    this.#name = String(at);
    this.#form = at < 2 ? 'json' : 'cose';
  }

  get names(): readonly string[] {
    return Array.from({ length: this.kept }, (_, n) => {
      const { quantity, value, measuredMs } = readingAt(n);
      return `${this.#device.key.did} ${quantity} ${measuredMs} ${value}`;
    });
  }

  async killAgainAndAgain(): Promise<void> {
    for (let kill = 0; kill < KILLS; kill++) {
      const chanceOf = (what: string): number => chance(SEED, this.#name, what, kill);
      // One in four while it starts and reads its queue. The others by progress, so that a slow machine does the same.
      const afterMessages = chanceOf('start') < 0.25 ? 0 : 1 + Math.floor(chanceOf('messages') * 12);
      await this.#run({ afterMessages, andMs: (afterMessages === 0 ? 150 : 12) * chanceOf('delay') });
    }
    await this.#run(null);
  }

  /** Null: until everything is sent. */
  async #run(kill: { readonly afterMessages: number; readonly andMs: number } | null): Promise<void> {
    const args = [this.#name, this.#device.ingestUrl, this.#form];
    const child = fork(join(stranger, 'main.mjs'), args, {
      cwd: stranger,
      env: binEnvironment(),
      execPath: process.execPath,
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let state: keyof typeof killedAt = 'starting';
    let uploads = 0;
    let messages = 0;
    const progress = new Promise<void>((reached) => {
      if (kill?.afterMessages === 0) reached();
      child.on('message', (told: Told) => {
        messages++;
        if (messages === kill?.afterMessages) reached();
        if (told.kind === 'sending') uploads++;
        if (told.kind === 'answered') uploads--;
        if (told.kind === 'kept') this.kept += told.count;
        if (told.kind === 'open' || (told.kind === 'kept' && kill !== null)) {
          state = 'keeping';
          this.#feed(child, kill === null);
        }
      });
    });
    if (kill === null) {
      expect(await ended).toBe(0);
      return;
    }
    await Promise.race([progress, ended]);
    await new Promise((resolve) => setTimeout(resolve, kill.andMs));
    killedAt[uploads > 0 ? 'sending' : state]++;
    child.kill('SIGKILL');
    // Ended by itself it would have failed, and said why.
    expect(await ended).toBeNull();
  }

  #feed(child: ChildProcess, isLast: boolean): void {
    if (!child.connected || child.killed) return;
    const readings = Array.from({ length: READINGS_AT_ONCE }, (_, n) => readingAt(this.kept + n));
    child.send({ readings, isLast });
  }
}

/** A day of temperatures, one each 50 ms. */
function readingAt(n: number): { quantity: string; value: number; measuredMs: number } {
  return { quantity: 'temp', value: (1000 + (n % 700)) / 100, measuredMs: BEGIN_MS + n * 50 };
}

test(`after 200 kills at random moments (seed ${SEED}) every reading is in the log exactly once`, async () => {
  console.log(`seed ${SEED}: CLIENT_KILL_SEED=${SEED} plays the same moments again`);
  const startedMs = performance.now();
  const lanes = devices.map((device, at) => new Lane(device, at));
  await Promise.all(lanes.map((lane) => lane.killAgainAndAgain()));
  const tookMs = Math.round(performance.now() - startedMs);
  console.log(
    `${tookMs} ms; killed while: ${JSON.stringify(killedAt)}; readings: ${lanes.map(({ kept }) => kept).join(', ')}`,
  );
  expect(Object.values(killedAt).reduce((sum, count) => sum + count, 0)).toBe(DEVICES * KILLS);
  // Else the kills hit nothing, and this test shows nothing.
  expect(killedAt.sending).toBeGreaterThan(10);
  expect(killedAt.starting).toBeGreaterThan(10);

  const names = lanes.flatMap((lane) => lane.names);
  const { readings } = await upkeep({ api: network.url, adminToken }, publicPlaceOf(MADRID).cell);
  expect(readings).toBe(names.length);
  await network.kill();
  const logs = readStoredLogs(workersDir);
  const batches = logs.flatMap((log) => log.batches);
  const stored = batches.flatMap(readingNames);
  const found = new Set(stored);
  expect({
    lost: names.filter((name) => !found.has(name)).length,
    double: stored.length - found.size,
    stray: stored.length - names.length,
  }).toEqual({ lost: 0, double: 0, stray: 0 });
  // Nor does any of it look like a copy of the device: each batch but a device's first names the one before it.
  expect(batches.filter(({ previous }) => previous === undefined)).toHaveLength(DEVICES);
  expect(logs.map(({ forks }) => forks)).toEqual([0]);
}, 400_000);
