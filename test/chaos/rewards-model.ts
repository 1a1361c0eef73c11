/** Runs schedules on the model, one seed after the other, and cuts down those that fail. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCron, type CronCode, SMALL_BATCHES } from './build-cron.ts';
import { Fuse } from './fuse.ts';
import { ModelNetwork } from './model-network.ts';
import type { Edit } from '../support/planted.ts';
import { replay, runSchedule, type Step } from './schedule.ts';
import { Tally } from './tally.ts';

/** Bundled, loaded, and gone from the disk again. */
export async function loadCron(edits: readonly Edit[] = []): Promise<CronCode> {
  const folder = mkdtempSync(join(tmpdir(), 'isobar-chaos-'));
  try {
    return await buildCron(join(folder, 'cron.mjs'), [SMALL_BATCHES, ...edits]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export type ModelRuns = {
  readonly code: CronCode;
  readonly from: number;
  readonly count: number;
  /** False: only what comes of a schedule is judged, not what is sent on the way. */
  readonly watched?: boolean;
  readonly stopAtFirst?: boolean;
};

export async function runOnModel({
  code,
  from,
  count,
  watched = true,
  stopAtFirst = false,
}: ModelRuns): Promise<Tally> {
  const tally = new Tally();
  const fuse = new Fuse();
  for (let seed = from; seed < from + count; seed++) {
    const network = new ModelNetwork(code, seed, fuse, watched);
    const run = await runSchedule(network, seed);
    network.close();
    const failed = run.verdict.wrongs.length > 0;
    tally.add(seed, run, failed ? await cutDown(code, seed, run.steps, watched) : []);
    if (failed && stopAtFirst) break;
  }
  tally.addWrites(fuse.writes);
  return tally;
}

/** Leaves out every step without which it still fails. */
async function cutDown(
  code: CronCode,
  seed: number,
  steps: readonly Step[],
  watched: boolean,
): Promise<readonly Step[]> {
  let left = steps;
  for (let at = left.length - 1; at >= 0; at--) {
    const fewer = left.toSpliced(at, 1);
    const wrongs = await replayOnModel(code, seed, fewer, watched);
    if (wrongs.length > 0) left = fewer;
  }
  return left;
}

export async function replayOnModel(
  code: CronCode,
  seed: number,
  steps: readonly Step[],
  watched = true,
): Promise<readonly string[]> {
  const network = new ModelNetwork(code, seed, new Fuse(), watched);
  const { wrongs } = await replay(network, steps);
  network.close();
  return wrongs;
}
