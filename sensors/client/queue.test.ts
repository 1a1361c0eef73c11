import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FileSteps, NODE_STEPS, Queue } from './queue.ts';

const BATCHES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isobar-queue-'));
});
afterEach(() => rm(directory, { recursive: true }));

class PowerCut extends Error {}

/** Cuts the power at the given moments of one run; moments count every file step, half step and network step. */
class Power {
  moment = 0;
  readonly #cuts: ReadonlySet<number>;

  constructor(cuts: readonly number[]) {
    this.#cuts = new Set(cuts);
  }

  pass(): void {
    if (this.#cuts.has(this.moment++)) throw new PowerCut();
  }
}

/** The real file system, with a moment before and after each step, and one in the middle of a write. */
function stepsUnder(power: Power): FileSteps {
  return {
    writeAndSync: async (path, text) => {
      power.pass();
      await writeFile(path, text.slice(0, text.length / 2));
      power.pass();
      await NODE_STEPS.writeAndSync(path, text);
      power.pass();
    },
    rename: async (from, to) => {
      await NODE_STEPS.rename(from, to);
      power.pass();
    },
    syncDirectory: async (path) => {
      await NODE_STEPS.syncDirectory(path);
      power.pass();
    },
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

/** A device's program from power-on until all its measurements are settled. */
async function runDevice(path: string, power: Power, network: Network): Promise<void> {
  const queue = await Queue.open(path, stepsUnder(power));
  for (;;) {
    const { pending, sentThrough } = queue.state;
    const next = (sentThrough ?? -1) + 1;
    if (!pending && next >= BATCHES) return;
    const batch =
      pending ??
      (await queue.put({ contentType: 'text/plain', body: encoder.encode(`measurement ${next}`) }, next, 1000));
    power.pass();
    network.post(batch.nonce, decoder.decode(batch.body));
    power.pass();
    await queue.settle();
  }
}

/** Number of moments that passed. */
async function runWithCuts(path: string, cuts: readonly number[]): Promise<{ network: Network; moments: number }> {
  const power = new Power(cuts);
  const network = new Network();
  for (;;) {
    try {
      await runDevice(path, power, network);
      return { network, moments: power.moment };
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }
}

const EACH_ONCE = Array.from({ length: BATCHES }, (_, position) => `measurement ${position}`);

test('a power cut at any one moment loses no measurement and counts none twice', async () => {
  const { moments } = await runWithCuts(join(directory, 'no-cut.json'), []);
  expect(moments).toBeGreaterThan(BATCHES * 10);
  for (let cut = 0; cut < moments; cut++) {
    const { network } = await runWithCuts(join(directory, `cut-${cut}.json`), [cut]);
    expect(network.counted, `cut at ${cut}`).toEqual(EACH_ONCE);
  }
});

test('power that fails again during every recovery loses nothing either', async () => {
  for (const distance of [2, 3, 5, 7, 11]) {
    const cuts = Array.from({ length: 12 }, (_, position) => position * distance);
    const { network } = await runWithCuts(join(directory, `distance-${distance}.json`), cuts);
    expect(network.counted, `cuts every ${distance}`).toEqual(EACH_ONCE);
  }
});

test('bytes and nonce of a pending batch survive a restart unchanged', async () => {
  const path = join(directory, 'q.json');
  const body = Uint8Array.from({ length: 256 }, (_, value) => value);
  const put = await (await Queue.open(path)).put({ contentType: 'application/cose', body }, 7, 5000);
  expect((await Queue.open(path)).state).toEqual({ nonce: put.nonce, sentThrough: null, pending: put });
});

test('a renumbered batch keeps its bytes and goes above the nonce that the network knows', async () => {
  const queue = await Queue.open(join(directory, 'q.json'));
  const put = await queue.put({ contentType: 'text/plain', body: encoder.encode('x') }, 1, 5000);
  const renumbered = await queue.renumber('00000000000f0000', 5000);
  expect(renumbered).toEqual({ ...put, nonce: '00000000000f0001' });
  expect((await queue.renumber(null, 0)).nonce).toBe('00000000000f0002');
});

test('a second batch waits until the first is settled', async () => {
  const queue = await Queue.open(join(directory, 'q.json'));
  await queue.put({ contentType: 'text/plain', body: encoder.encode('x') }, 1, 5000);
  await expect(queue.put({ contentType: 'text/plain', body: encoder.encode('y') }, 2, 5000)).rejects.toThrow(
    'on its way',
  );
});

test('a file that is no queue is named and left alone', async () => {
  const path = join(directory, 'q.json');
  await writeFile(path, '{"nonce":"zz"}');
  await expect(Queue.open(path)).rejects.toThrow('q.json is not a device');
  expect(await readFile(path, 'utf8')).toBe('{"nonce":"zz"}');
});
