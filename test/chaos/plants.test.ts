/** The chaos must be able to fail: builds with a planted bug are caught, and schedules that once failed do not any more. */
import { expect, test } from 'vitest';
import { FOUND } from './found.ts';
import { loadSettler, runPayments, type SettlerCode } from './payments-model.ts';
import { PLANTS } from './plants.ts';
import { loadCron, replayOnModel, runOnModel } from './rewards-model.ts';

const MOST_SCHEDULES = 200;

for (const plant of PLANTS) {
  if (plant.suite === 'rewards')
    test(`"${plant.name}" is caught`, { timeout: 60_000 }, async () => {
      const code = await loadCron(plant.edits);
      for (const watched of [true, false]) {
        const { failures } = await runOnModel({ code, from: 1, count: MOST_SCHEDULES, watched, stopAtFirst: true });
        expect(failures).not.toEqual([]);
      }
    });
  if (plant.suite === 'payments')
    test(`"${plant.name}" is caught`, { timeout: 60_000 }, async () => {
      const code = await loadSettler(plant.edits);
      expect(await firstFailure(code)).toBeDefined();
    });
}

async function firstFailure(code: SettlerCode) {
  for (let seed = 1; seed <= MOST_SCHEDULES; seed++) {
    const run = await runPayments(code, seed);
    if (run.wrongs.length > 0) return run;
  }
  return undefined;
}

test(
  'a Settler without a planted bug charges once and answers once, whatever happens',
  { timeout: 60_000 },
  async () => {
    const code = await loadSettler();
    expect(await firstFailure(code)).toBeUndefined();
  },
);

for (const { what, seed, steps, without } of FOUND)
  test(`found once: ${what}`, { timeout: 60_000 }, async () => {
    expect(await replayOnModel(await loadCron(), seed, steps)).toEqual([]);
    expect(await replayOnModel(await loadCron(without), seed, steps)).not.toEqual([]);
  });
