/** The two suites of rewards, as the command and the tests run them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ROOT } from '../../scripts/lib/files.ts';
import { type Bed, bundleBed, makeBed } from './anvil-bed.ts';
import { AnvilNetwork } from './anvil-network.ts';
import { type Run, runSchedule } from './schedule.ts';
import { Tally } from './tally.ts';
import type { ModelTask } from './model-thread.ts';

export type Suite = {
  readonly schedules: number;
  readonly seed: number;
  /** Told after every part. */
  readonly onProgress: (done: number) => void;
};

/** Schedules a thread takes at once: few enough that all threads end together. */
const PART = 100;

/** Each on the model, in as many threads as given. */
export async function runModelSuite({ schedules, seed, onProgress }: Suite, threads: number): Promise<Tally> {
  const tally = new Tally();
  let next = seed;
  const work = async (): Promise<void> => {
    const thread = new Worker(join(ROOT, 'test/chaos/model-thread.ts'));
    try {
      while (next < seed + schedules) {
        const task: ModelTask = { from: next, count: Math.min(PART, seed + schedules - next) };
        next += task.count;
        tally.merge(await ask(thread, task));
        onProgress(tally.schedules);
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  tally.failures.sort((a, b) => a.seed - b.seed);
  return tally;
}

function ask(thread: Worker, task: ModelTask): Promise<Tally> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    thread.postMessage(task);
  });
}

async function runOnBed(bed: Bed, seed: number): Promise<Run> {
  try {
    await bed.reset();
    const network = await AnvilNetwork.begin(bed, seed);
    const run = await runSchedule(network, seed);
    network.close();
    return run;
  } catch (error) {
    throw new Error(`the suite itself failed at seed ${seed}`, { cause: error });
  }
}

/** anvil loses states of old blocks when it is reset many times: then a reorganization finds an empty chain. */
const SCHEDULES_A_BED = 10;

/** Each on real anvil and workerd, in as many pairs of them as given. */
export async function runAnvilSuite({ schedules, seed, onProgress }: Suite, beds: number): Promise<Tally> {
  const tally = new Tally();
  const folder = mkdtempSync(join(tmpdir(), 'isobar-chaos-'));
  const script = await bundleBed(folder);
  const end = seed + schedules;
  // So that all beds end together where there are few schedules.
  const part = Math.min(SCHEDULES_A_BED, Math.ceil(schedules / beds));
  let next = seed;
  const work = async (): Promise<void> => {
    while (next < end) {
      const from = next;
      next += part;
      const bed = await makeBed(script);
      try {
        for (let at = from; at < Math.min(from + part, end); at++) {
          tally.add(at, await runOnBed(bed, at), []);
          onProgress(tally.schedules);
        }
        tally.addWrites(new Map(Object.entries(await bed.writes())));
      } finally {
        await bed.stop();
      }
    }
  };
  await Promise.all(Array.from({ length: beds }, work));
  rmSync(folder, { recursive: true });
  tally.failures.sort((a, b) => a.seed - b.seed);
  return tally;
}
