import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileStorage, type FileSteps, NODE_STEPS } from './file-storage.ts';
import { FolderInUse } from './lock.ts';
import { Queue } from './queue.ts';
import type { Measurement } from './senml.ts';
import { MemoryStorage, NotStored, type QueueStorage } from './storage.ts';

const BATCHES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const text = (body: string) => ({ contentType: 'text/plain', body: encoder.encode(body) });
const at = (measuredMs: number): Measurement => ({ quantity: 'temp', value: measuredMs / 10, unit: 'Cel', measuredMs });

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isobar-queue-'));
});
afterEach(() => rm(directory, { recursive: true }));

class PowerCut extends Error {}

/** Cuts the power at the given moments of one run; moments count every step of the medium, half step and network step. */
class Power {
  moment = 0;
  readonly #cuts: ReadonlySet<number>;

  constructor(cuts: readonly number[]) {
    this.#cuts = new Set(cuts);
  }

  get isCut(): boolean {
    return this.#cuts.has(this.moment++);
  }

  pass(): void {
    if (this.isCut) throw new PowerCut();
  }
}

/** The real file system: power may go before an append, with any part of it written, and after it. */
async function storageUnder(power: Power, path: string): Promise<QueueStorage> {
  const steps: FileSteps = {
    writeAndSync: async (to, bytes) => {
      power.pass();
      await writeFile(to, bytes.subarray(0, bytes.length / 2));
      power.pass();
      await NODE_STEPS.writeAndSync(to, bytes);
      power.pass();
    },
    rename: async (from, to) => {
      await NODE_STEPS.rename(from, to);
      power.pass();
    },
    syncDirectory: async (folder) => {
      await NODE_STEPS.syncDirectory(folder);
      power.pass();
    },
  };
  const files = await FileStorage.open(path, true, steps);
  return {
    read: () => files.read(),
    append: async (bytes) => {
      for (const share of [0, 0.3, 0.6, 0.99])
        if (power.isCut) {
          await appendFile(path, bytes.subarray(0, Math.floor(bytes.length * share)));
          throw new PowerCut();
        }
      await files.append(bytes);
      power.pass();
    },
    replace: (bytes) => files.replace(bytes),
    truncate: async (length) => {
      await files.truncate(length);
      power.pass();
    },
    setAside: (line) => files.setAside(line),
    close: () => files.close(),
  };
}

/** The network's rule for the same batch: a nonce stands for its bytes, and is counted once. */
class Network {
  readonly counted: string[] = [];
  readonly #byNonce = new Map<string, string>();

  post(nonce: string, body: string): void {
    const before = this.#byNonce.get(nonce);
    if (before !== undefined && before !== body) throw new Error(`nonce ${nonce} used for other bytes`);
    if (before === undefined) this.counted.push(body);
    this.#byNonce.set(nonce, body);
  }
}

/** A device's program from power-on until all its measurements are settled: it measures two of a batch, then sends. */
async function runDevice(path: string, power: Power, network: Network): Promise<void> {
  const queue = await Queue.open(await storageUnder(power, path));
  for (;;) {
    const { pending, waiting, last } = queue.state;
    if (!pending && waiting.length === 0 && last >= 2 * BATCHES) return;
    if (!pending && waiting.length < 2) {
      // A program that was not told `kept` measures the same again.
      await queue.keep([at(last + 1)]);
      continue;
    }
    const next = queue.next(2);
    const names = next?.measurements.map(({ measuredMs }) => measuredMs).join();
    const batch = pending ?? (await queue.put(text(String(names)), next?.through ?? null, 1000));
    power.pass();
    network.post(batch.nonce, decoder.decode(batch.body));
    power.pass();
    await queue.settle();
  }
}

const isCut = (error: unknown): boolean =>
  error instanceof PowerCut || (error instanceof NotStored && error.cause instanceof PowerCut);

async function runWithCuts(path: string, cuts: readonly number[]): Promise<{ network: Network; moments: number }> {
  const power = new Power(cuts);
  const network = new Network();
  for (;;) {
    try {
      await runDevice(path, power, network);
      return { network, moments: power.moment };
    } catch (error) {
      if (!isCut(error)) throw error;
    }
  }
}

const EACH_ONCE = ['1,2', '3,4', '5,6', '7,8'];

test('a power cut at any one moment loses no measurement and counts none twice', async () => {
  const { moments } = await runWithCuts(join(directory, 'no-cut'), []);
  expect(moments).toBeGreaterThan(BATCHES * 20);
  for (let cut = 0; cut < moments; cut++) {
    const { network } = await runWithCuts(join(directory, `cut-${cut}`), [cut]);
    expect(network.counted, `cut at ${cut}`).toEqual(EACH_ONCE);
  }
});

test('power that fails again during every recovery loses nothing either', async () => {
  for (const distance of [2, 3, 5, 7, 11]) {
    const cuts = Array.from({ length: 24 }, (_, position) => position * distance);
    const { network } = await runWithCuts(join(directory, `distance-${distance}`), cuts);
    expect(network.counted, `cuts every ${distance}`).toEqual(EACH_ONCE);
  }
});

/** One of each record, in the order in which a device writes them. */
async function fullQueue(): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const queue = await Queue.open(storage);
  await queue.keep([at(1), at(2), { ...at(3), unit: 'K' }]);
  await queue.put(text('one'), 2, 1000);
  await queue.renumber('00000000000000ff', 1000);
  await queue.settle();
  await queue.keep([at(4)]);
  await queue.put({ ...text('two'), contentEncoding: 'gzip' }, 4, 1000);
  await queue.withdraw();
  await queue.put(text('three'), 3, 1000);
  await queue.settle('refused');
  await queue.keep([at(5), at(6)]);
  await queue.put(text('four'), 4, 1000);
  return storage;
}

async function reopened(bytes: Uint8Array): Promise<{ queue: Queue; storage: MemoryStorage }> {
  const storage = new MemoryStorage();
  storage.bytes = bytes;
  return { queue: await Queue.open(storage), storage };
}

test('a queue cut off at any byte is the queue of before the record that was cut, and goes on', async () => {
  const { bytes } = await fullQueue();
  let before = Queue.peek(new Uint8Array());
  for (let length = 0; length <= bytes.length; length++) {
    const { queue, storage } = await reopened(bytes.slice(0, length));
    const isWhole = length === 0 || bytes[length - 1] === 10;
    if (isWhole) before = Queue.peek(bytes.slice(0, length));
    expect(queue.state, `cut at ${length}`).toEqual(before);
    expect([queue.repair.broken, queue.repair.cutBytes > 0], `cut at ${length}`).toEqual([0, !isWhole]);
    await queue.keep([at(99)]);
    expect(
      Queue.peek(storage.bytes)
        .waiting.map(({ measurement }) => measurement)
        .at(-1),
    ).toEqual(at(99));
    expect(storage.aside).toEqual([]);
  }
  expect(before.waiting.map(({ measurement }) => measurement)).toEqual([at(4), at(5), at(6)]);
});

test('a changed byte anywhere costs its own record at most two, which are set aside, and the rest goes on', async () => {
  const { bytes } = await fullQueue();
  const lines = decoder.decode(bytes).split('\n').length - 1;
  for (let place = 0; place < bytes.length; place++) {
    const broken = Uint8Array.from(bytes);
    broken[place] = (broken[place] ?? 0) ^ 0x15;
    const { queue, storage } = await reopened(broken);
    const isLast = place === bytes.length - 1;
    expect(queue.repair.broken, `byte ${place}`).toBe(isLast ? 0 : storage.aside.length);
    expect(storage.aside.length + (isLast ? 1 : 0), `byte ${place}`).toBeGreaterThan(0);
    expect(storage.aside.length, `byte ${place}`).toBeLessThanOrEqual(2);
    // What was not in the broken records waits as before, and the file is whole again.
    const kept = queue.state.waiting.map(({ measurement }) => measurement.measuredMs);
    expect(kept.filter((ms) => ms === 5 || ms === 6 || ms === 4).length, `byte ${place}`).toBeGreaterThan(0);
    await queue.keep([at(99)]);
    const again = await reopened(storage.bytes);
    expect(again.queue.repair, `byte ${place}`).toEqual({ cutBytes: 0, broken: 0 });
    expect(again.queue.state, `byte ${place}`).toEqual(queue.state);
    // Numbers go on above all that were given out: no later batch takes a measurement with it that it does not carry.
    expect(queue.state.last).toBeGreaterThanOrEqual(queue.state.pending?.through ?? 0);
  }
  expect(lines).toBe(11);
});

test('after a broken record the device names no batch as its previous one', async () => {
  const { bytes } = await fullQueue();
  expect(Queue.peek(bytes).previous).toBe(bytesToHex(sha256(encoder.encode('one'))));
  const broken = Uint8Array.from(bytes);
  broken[3] = 0;
  expect((await reopened(broken)).queue.state.previous).toBeNull();
});

test('bytes and nonce of a pending batch survive a restart unchanged', async () => {
  const storage = new MemoryStorage();
  const body = Uint8Array.from({ length: 256 }, (_, value) => value);
  const put = await (await Queue.open(storage)).put({ contentType: 'application/cose', body }, 7, 5000);
  const { nonce, sentThrough, pending } = (await Queue.open(storage)).state;
  expect({ nonce, sentThrough, pending }).toEqual({ nonce: put.nonce, sentThrough: null, pending: put });
});

test('a renumbered batch keeps its bytes and goes above the nonce that the network knows', async () => {
  const queue = await Queue.open(new MemoryStorage());
  const put = await queue.put(text('x'), 1, 5000);
  const renumbered = await queue.renumber('00000000000f0000', 5000);
  expect(renumbered).toEqual({ ...put, nonce: '00000000000f0001' });
  expect((await queue.renumber(null, 0)).nonce).toBe('00000000000f0002');
});

test('a batch that was renumbered names none before it: an old memory would make a fork of an honest device', async () => {
  const storage = new MemoryStorage();
  const queue = await Queue.open(storage);
  await queue.put(text('x'), 1, 5000);
  await queue.settle('accepted');
  await queue.put(text('y'), 2, 6000);
  expect(queue.state.previous).not.toBeNull();
  await queue.renumber('00000000000f0000', 6000);
  expect(queue.state.previous).toBeNull();
  await queue.close();
  expect((await Queue.open(storage)).state.previous).toBeNull();
});

test('a second batch waits until the first is settled', async () => {
  const queue = await Queue.open(new MemoryStorage());
  await queue.put(text('x'), 1, 5000);
  await expect(queue.put(text('y'), 2, 5000)).rejects.toThrow('on its way');
});

test('what is answered goes from the file once there is much of it; what waits stays, and numbers rise', async () => {
  const path = join(directory, 'roof.queue');
  const queue = await Queue.open(await FileStorage.open(path));
  await queue.keep(Array.from({ length: 20_000 }, (_, ms) => at(ms)));
  for (let batch = 0; batch < 19; batch++) {
    await queue.put(text('x'.repeat(50_000)), queue.next(1000)?.through ?? null, 1000);
    await queue.settle();
  }
  expect((await stat(path)).size).toBeLessThan(600_000);
  await queue.keep([at(-1)]);
  await queue.close();
  const again = await Queue.open(await FileStorage.open(path));
  expect([again.state.waiting.length, again.state.last, again.state.sentThrough]).toEqual([1001, 20_001, 19_000]);
  expect(again.next(2)).toEqual({ measurements: [at(19_000), at(19_001)], through: 19_002 });
  await again.close();
});

test('a full queue says so and keeps what it has', async () => {
  const queue = await Queue.open(new MemoryStorage(), 10_000);
  const told: string[] = [];
  for (let ms = 0; ms < 300; ms++) told.push(await queue.keep([at(ms)]));
  const kept = told.filter((word) => word === 'kept').length;
  expect(kept).toBeGreaterThan(100);
  expect(told.slice(kept)).toEqual(Array.from({ length: 300 - kept }, () => 'full'));
  expect(queue.bytes).toBeLessThan(10_000);
});

/** A medium without space until it is given some. */
class FullDisk extends MemoryStorage {
  isFull = false;

  override append(bytes: Uint8Array): Promise<void> {
    return this.isFull ? Promise.reject(new Error('ENOSPC: no space left on device')) : super.append(bytes);
  }
  override replace(bytes: Uint8Array): Promise<void> {
    return this.isFull ? Promise.reject(new Error('ENOSPC: no space left on device')) : super.replace(bytes);
  }
  override setAside(line: string): Promise<void> {
    return this.isFull ? Promise.reject(new Error('ENOSPC: no space left on device')) : super.setAside(line);
  }
}

test('a full disk is a clear error; nothing that was kept is lost, and it goes on when there is space', async () => {
  const storage = new FullDisk();
  const queue = await Queue.open(storage);
  await queue.keep([at(1)]);
  storage.isFull = true;
  await expect(queue.keep([at(2)])).rejects.toThrow('cannot be written: ENOSPC');
  await expect(queue.put(text('x'), 1, 1000)).rejects.toThrow(NotStored);
  expect(queue.state).toMatchObject({ pending: null, waiting: [{ measurement: at(1) }] });
  storage.isFull = false;
  await queue.keep([at(3)]);
  expect(Queue.peek(storage.bytes).waiting.map(({ measurement }) => measurement)).toEqual([at(1), at(3)]);
});

test('a damaged queue on a full disk opens, and is mended when there is space', async () => {
  const { bytes } = await fullQueue();
  const storage = new FullDisk();
  storage.bytes = Uint8Array.from(bytes);
  storage.bytes[3] = 0;
  storage.isFull = true;
  const queue = await Queue.open(storage);
  expect([queue.repair.broken, storage.aside.length]).toEqual([1, 0]);
  storage.isFull = false;
  await Queue.open(storage);
  expect(storage.aside).toHaveLength(1);
  expect(JSON.parse(storage.aside[0] ?? '')).toMatchObject({ what: 'broken line', at: 0 });
});

test('a file that is cut in the middle of a failed write is whole again', async () => {
  const path = join(directory, 'roof.queue');
  const storage = await FileStorage.open(path);
  const queue = await Queue.open(storage);
  await queue.keep([at(1)]);
  await appendFile(path, 'half a rec');
  await queue.close();
  const again = await Queue.open(await FileStorage.open(path));
  expect(again.repair).toEqual({ cutBytes: 10, broken: 0 });
  await again.keep([at(2)]);
  expect(Queue.peek(await readFile(path)).waiting).toHaveLength(2);
  await again.close();
});

test('a queue is one program’s at a time', async () => {
  const path = join(directory, 'roof.queue');
  const storage = await FileStorage.open(path);
  await expect(FileStorage.open(path)).rejects.toThrow(FolderInUse);
  await storage.close();
  await (await FileStorage.open(path)).close();
});

test('a queue of a newer version is left alone', async () => {
  const storage = new MemoryStorage();
  const json = '["state",2,null,null,null,0]';
  storage.bytes = encoder.encode(`${bytesToHex(sha256(encoder.encode(json))).slice(0, 8)} ${json}\n`);
  const before = storage.bytes;
  await expect(Queue.open(storage)).rejects.toThrow('newer version');
  expect(storage.bytes).toEqual(before);
});

test('calls that come together share a write', async () => {
  const storage = new MemoryStorage();
  let writes = 0;
  const append = storage.append.bind(storage);
  storage.append = (bytes) => {
    writes++;
    return append(bytes);
  };
  const queue = await Queue.open(storage);
  await Promise.all(Array.from({ length: 1000 }, (_, ms) => queue.keep([at(ms)])));
  expect(writes).toBeLessThanOrEqual(2);
  expect(queue.state.waiting.map(({ number }) => number)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
});
