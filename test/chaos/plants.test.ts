/** The chaos must be able to fail: builds with a planted bug are caught, and schedules that once failed do not any more. */
import { expect, test } from 'vitest';
import { FOUND } from './found.ts';
import { PLANTS } from './plants.ts';
import { loadCron, replayOnModel, runOnModel } from './rewards-model.ts';

const MOST_SCHEDULES = 200;

for (const plant of PLANTS) {
  if (plant.suite === 'rewards')
    test(`"${plant.name}" is caught`, { timeout: 60_000 }, async () => {
      const code = await loadCron(plant.edits);
      for (const watched of [true, false]) {
        const { failures, schedules } = await runOnModel({ code, from: 1, count: MOST_SCHEDULES, watched, stopAtFirst: true });
        console.log(`${plant.name}: ${failures.length} after ${schedules}, watched ${watched}: ${failures[0]?.wrongs[0] ?? ''}`);
        expect(failures).not.toEqual([]);
      }
    });
  if (plant.suite === 'none') test.todo(`"${plant.name}" is caught: ${plant.why}`);
}

test('schedules that once failed do not any more', async () => {
  const code = await loadCron();
  for (const { seed, steps } of FOUND) expect(await replayOnModel(code, seed, steps)).toEqual([]);
});
