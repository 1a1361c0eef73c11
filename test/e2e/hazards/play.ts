/**
 * Where x402 loses money: each hazard is played on the Worker as it is, and is gone; and on a Worker without one of the
 * guards against it, and is found. The table is in test/README.md. A file for each group, so that they run side by side.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Bed, type Ground, layGround, makeBed, PATIENCE_MS, PRICE } from './bed.ts';
import type { Guard, Hazard } from './hazard.ts';
import { collect, differences, newArticle } from './steps.ts';

/** Defines the tests of a group. @return where the Worker as it is runs, once they have begun */
export function testHazards(hazards: readonly Hazard[]): () => Bed {
  const guards: readonly Guard[] = [...new Set(hazards.flatMap((hazard) => hazard.guards))];
  let ground: Ground;
  let sound: Bed;
  /** By guard: started while the one before is played. */
  const planted = new Map<Guard, Promise<Bed>>();

  const withoutGuard = (guard: Guard): Promise<Bed> => {
    const made = planted.get(guard) ?? makeBed(ground, guard.without);
    planted.set(guard, made);
    // Whoever awaits it sees the failure.
    made.catch(() => undefined);
    return made;
  };

  beforeAll(async () => {
    ground = await layGround();
    sound = await makeBed(ground, []);
  });

  afterAll(async () => {
    await sound?.stop();
    for (const left of await Promise.allSettled(planted.values()))
      if (left.status === 'fulfilled') await left.value.stop();
    await ground?.stop();
  });

  afterEach(() => ground.reset());

  /** Else a plant that breaks everything would pass for one that was found. */
  async function sellAsEver(bed: Bed): Promise<readonly string[]> {
    const [path, buyer] = [newArticle(), await bed.newBuyer()];
    const answer = await collect({ ...bed, patienceMs: PATIENCE_MS }, path, await buyer.sign(bed.urlOf(path)));
    const wrong = differences({ status: [answer.status, 200], spent: [await bed.spentBy(buyer), PRICE] });
    await ground.reset();
    return wrong;
  }

  for (const { name, play } of hazards)
    test(name, async () => {
      expect(await play(sound)).toEqual([]);
    });

  for (const [index, guard] of guards.entries())
    test(`without "${guard.name}" it is not so`, async () => {
      const bed = await withoutGuard(guard);
      const next = guards[index + 1];
      if (next) void withoutGuard(next);
      expect(await sellAsEver(bed)).toEqual([]);
      const guarded = hazards.filter((hazard) => hazard.guards.includes(guard));
      const missed: string[] = [];
      for (const { name, play } of guarded) {
        if ((await play(bed)).length === 0) missed.push(name);
        await ground.reset();
      }
      expect(missed).toEqual([]);
      planted.delete(guard);
      await bed.stop();
    });

  return () => sound;
}
