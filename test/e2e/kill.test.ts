/**
 * The runtime is killed in the middle of ingest, workerd and all, again and again. Devices do what devices do: they send
 * the same bytes again until there is a receipt. Afterwards the log on disk is counted, past all code of the object.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { derive } from '../../scripts/lib/accounts.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { runtimeOptions } from '../../scripts/lib/network.ts';
import { freePort } from '../../scripts/lib/ports.ts';
import { type RuntimeProcess, startRuntimeProcess } from '../../scripts/lib/runtime-process.ts';
import { publicPlaceOf } from '../../scripts/place.ts';
import type { Measurement } from '../../sensors/client/senml.ts';
import type { Batch, Transport } from '../../sensors/client/upload.ts';
import { chance } from '../../sensors/simulator/chance.ts';
import { type FieldDevice, MADRID, packBatch, registerField, sendBatch, upkeep } from '../support/field.ts';
import { readingNames, readStoredLogs, type StoredLog } from '../support/stored-log.ts';

const SEED = 'kill-1';
const KILLS = 5;
const DEVICES = 8;
/** Of each device; fewer than the nonce window, so that the region still knows every one of them at the end. */
const BATCHES = 50;
const READINGS = 4;
const SPACING_MS = 10_000;
/** No part of this asks the chain. */
const NO_CHAIN = 'http://127.0.0.1:1';
const NOBODY = `0x${'01'.repeat(20)}` as const;

const dir = mkdtempSync(join(tmpdir(), 'isobar-kill-'));
const folder = Folder.open(dir, false);
const adminToken = derive(folder.seed(), 'admin-token');
const contracts = { token: NOBODY, distributor: NOBODY, burnAuction: NOBODY, usdc: NOBODY };
let port: number;
/** Settles when the runtime that replaces a killed one answers. */
let running: Promise<RuntimeProcess>;

const options = () => runtimeOptions(folder, folder.seed(), NO_CHAIN, contracts, port);

beforeAll(async () => {
  port = await freePort();
  running = startRuntimeProcess({ ...options(), cronMs: null });
  await running;
});
afterAll(async () => {
  await (await running).kill();
  rmSync(dir, { recursive: true });
});

/** What a device was told, kept as text: a repeated receipt must be the same to the letter. */
type Acknowledged = { readonly device: FieldDevice; readonly batch: Batch; readonly receipt: string };

class Field {
  readonly acknowledged: Acknowledged[] = [];
  readonly names: string[] = [];
  /** Tries that ended without an answer. */
  cut = 0;
  /** Batches of which the device heard only when it asked again. */
  heardLate = 0;
  #heard: () => void = () => {};

  /** Devices wait for a killed runtime to come back, not for a while. */
  readonly transport: Transport = {
    fetch: async (request) => {
      try {
        return await fetch(request);
      } catch (error) {
        this.cut++;
        throw error;
      }
    },
    nowMs: () => Date.now(),
    wait: async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await running;
    },
    jitter: () => 0,
    isStopping: () => false,
  };

  /** One device, one batch after the other. */
  async send(device: FieldDevice, offset: number): Promise<void> {
    for (let nonce = 1; nonce <= BATCHES; nonce++) {
      const measurements = measure(nonce, offset);
      const batch = packBatch(device, nonce, measurements);
      const { status, receipt } = await sendBatch(device, batch, this.transport);
      if (status === 'repeated') this.heardLate++;
      // Whether late or not: on a slow machine, hours close before a device gets to them.
      const { late: _late, ...readings } = receipt.readings;
      expect(readings).toEqual({ accepted: measurements.length, duplicate: 0, refused: [] });
      this.acknowledged.push({ device, batch, receipt: JSON.stringify(receipt) });
      for (const { quantity, measuredMs, value } of measurements)
        this.names.push(`${device.key.did} ${quantity} ${measuredMs} ${value}`);
      this.#heard();
    }
  }

  async untilAcknowledged(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#heard = () => {
        if (this.acknowledged.length >= count) resolve();
      };
      this.#heard();
    });
  }
}

const startMs = (Math.floor(Date.now() / 1000) - 45 * 60) * 1000;

function measure(nonce: number, offset: number): readonly Measurement[] {
  return Array.from({ length: READINGS }, (_, index) => {
    const step = (nonce - 1) * READINGS + index;
    const measuredMs = startMs + step * SPACING_MS;
    return [
      { quantity: 'temp', unit: 'Cel', measuredMs, value: 12 + offset + (step % 50) / 100 },
      { quantity: 'rh', unit: '%RH', measuredMs, value: 40 + offset + (step % 30) / 10 },
    ] as const;
  })
    .flat()
    .map((reading) => ({ ...reading, value: Math.round(reading.value * 100) / 100 }));
}

/** Kills at seeded moments, spread over the whole of the ingest, and starts again on the same folder and port. */
async function killAgainAndAgain(field: Field): Promise<void> {
  const all = DEVICES * BATCHES;
  for (let kill = 0; kill < KILLS; kill++) {
    const share = (kill + 0.2 + 0.6 * chance(SEED, 'moment', kill)) / KILLS;
    await field.untilAcknowledged(Math.floor(all * share));
    await new Promise((resolve) => setTimeout(resolve, 5 * chance(SEED, 'delay', kill)));
    const killed = await running;
    const dead = killed.kill();
    running = dead.then(() => startRuntimeProcess({ ...options(), cronMs: null }));
    await running;
  }
}

type Difference = { readonly lost: number; readonly double: number; readonly stray: number };

function difference(acknowledged: readonly string[], logged: readonly string[]): Difference {
  const [told, found] = [new Set(acknowledged), new Set(logged)];
  return {
    lost: [...told].filter((name) => !found.has(name)).length,
    double: logged.length - found.size,
    stray: [...found].filter((name) => !told.has(name)).length,
  };
}

test('after five kills in the middle of ingest every acknowledged reading is in the log exactly once', async () => {
  const { url } = await running;
  const sites = Array.from({ length: DEVICES }, (_, n) => ({
    name: `Station ${n}`,
    algorithm: n % 2 === 0 ? ('ed25519' as const) : ('ecdsa-p256-sha256' as const),
    latitude: MADRID.latitude + n / 50,
    longitude: MADRID.longitude,
    owner: NOBODY,
    tier: 0 as const,
  }));
  const devices = await registerField(url, adminToken, sites);
  const field = new Field();
  await Promise.all([...devices.map((device, n) => field.send(device, n)), killAgainAndAgain(field)]);
  expect(field.acknowledged).toHaveLength(DEVICES * BATCHES);
  // Else the kills hit an idle runtime, and this test shows nothing.
  expect(field.cut).toBeGreaterThanOrEqual(KILLS);

  const summary = await upkeep({ api: url, adminToken }, publicPlaceOf(MADRID).cell);
  await Promise.all(
    devices.map(async (device) => {
      for (const { batch, receipt } of field.acknowledged.filter((told) => told.device === device)) {
        const again = await sendBatch(device, batch, field.transport);
        expect([again.status, JSON.stringify(again.receipt)]).toEqual(['repeated', receipt]);
      }
    }),
  );
  await (await running).kill();

  const [log, ...others] = readStoredLogs(options().dir);
  if (!log) throw new Error('there is no log');
  expect(others).toEqual([]);
  const logged = log.batches.flatMap(readingNames);
  expect(difference(field.names, logged)).toEqual({ lost: 0, double: 0, stray: 0 });
  expect([field.names.length, logged.length]).toEqual([DEVICES * BATCHES * READINGS * 2, field.names.length]);
  expectReceiptsNameTheirEntries(field, log);
  // The object that lived through it all knows what a stranger folds from the log alone.
  expect(summary).toMatchObject({ batches: field.acknowledged.length, readings: field.names.length });
  expect(log.stateHash(summary.seq)).toBe(summary.stateHash);

  // And the count can tell: one entry less, or one twice, is seen.
  const [first, ...rest] = log.batches;
  const lessOne = rest.flatMap(readingNames);
  expect(difference(field.names, lessOne)).toEqual({ lost: READINGS * 2, double: 0, stray: 0 });
  const twice = [...logged, ...(first ? readingNames(first) : [])];
  expect(difference(field.names, twice)).toEqual({ lost: 0, double: READINGS * 2, stray: 0 });
});

function expectReceiptsNameTheirEntries(field: Field, log: StoredLog): void {
  const bySeq = new Map(log.batches.map((batch) => [`${log.cell}-${batch.seq}`, batch]));
  for (const { device, batch, receipt } of field.acknowledged) {
    const entry = bySeq.get((JSON.parse(receipt) as { readonly receipt: string }).receipt);
    expect(entry && [entry.device, entry.nonce, bytesToHex(entry.digest)]).toEqual([
      device.key.did,
      batch.nonce,
      bytesToHex(sha256(batch.body)),
    ]);
  }
}
