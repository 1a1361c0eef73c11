/** Signed posts a second through the real Workers into one region object, against the empty route of bench/workers. */
import { readFile } from 'node:fs/promises';
import { loadDeviceKey } from '../../sensors/client/key.ts';
import { realBatches, signBatch, type SignedBatch } from '../batches.ts';
import { startBenchNetwork } from '../network.ts';
import type { Row } from '../row.ts';
import { startBenchWorker } from '../worker.ts';

const POSTS = 240;
const CONCURRENCY = 8;
const ROUNDS = 5;
const DAY_MS = 86_400_000;

export const ingestRow: Row = {
  name: 'ingest',
  async measure() {
    const network = await startBenchNetwork();
    const empty = await startBenchWorker('empty.ts', { EMPTY: 'EmptyObject' });
    try {
      const [device] = await network.register(0);
      const key = device && (await loadDeviceKey(await readFile(device.keyFile, 'utf8')));
      if (!device || !key?.ok) throw new Error('no device to post with');
      const batches = await realBatches(Date.now() - 29 * DAY_MS);
      let ours = 0;
      let floor = 0;
      let nonce = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const posts: SignedBatch[] = [];
        for (const batch of batches.slice(round * POSTS, (round + 1) * POSTS))
          posts.push(await signBatch(key.value, device.ingestUrl, batch, ++nonce));
        // The best of the rounds: the machine has other work, too.
        floor = Math.max(floor, await postsPerSecond(posts.map((post) => ({ ...post, url: empty.url }))));
        ours = Math.max(ours, await postsPerSecond(posts));
      }
      return [
        {
          name: 'signed posts of 60 readings into one region',
          value: ours,
          unit: 'posts/s',
          floor: { name: 'empty Worker -> object -> insert', value: floor },
          budget: { atLeast: 0.5 },
        },
      ];
    } finally {
      await empty.stop();
      await network.stop();
    }
  },
};

/** Throws on any other answer than 201. */
async function postsPerSecond(posts: readonly SignedBatch[]): Promise<number> {
  const waiting = [...posts];
  const startedMs = performance.now();
  const work = async () => {
    for (let post = waiting.shift(); post; post = waiting.shift()) {
      const reply = await fetch(post.url, { method: 'POST', headers: post.headers, body: post.body });
      const text = await reply.text();
      if (reply.status !== 201) throw new Error(`${reply.status}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return posts.length / ((performance.now() - startedMs) / 1000);
}
