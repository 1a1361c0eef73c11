/** Regions side by side on real workerd: two that exchange, one that never answers, an eviction between the two steps. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { compareBlocks } from '../../core/audit/compare-blocks.ts';
import { blockRecord, replayEntry, startReplay, stateHash, type RegionReplay } from '../../core/audit/replay-region.ts';
import type { RegionCell } from '../../core/ids.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import type { NeighbourCellsBody } from '../../core/region/entry.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { hourOf } from '../../core/time.ts';
import { RegionKeeper, type RegionBindings } from '../../durable-objects/region/keeper.ts';
import { RegionStore } from '../../durable-objects/region/store.ts';
import type { VerifiedBatch } from '../../durable-objects/region/api.ts';
import { recordCharter } from '../../worker/adapters/d1/regions.ts';
import { charterOf, DAY0_MS, HOUR_MS, memberOf, reading } from '../support/region-log.ts';
import { until } from '../support/until.ts';
import { counted } from './support/counted.ts';

const LOCAL_HOUR_MS = LOCAL_RULES.time.hourSeconds * 1000;
const HOURS = 30;

function batch(slot: number, nonce: number, readings: readonly Reading[]): VerifiedBatch {
  return {
    device: memberOf(slot).device,
    nonce: nonce.toString(16).padStart(16, '0'),
    digest: sha256(utf8ToBytes(`${slot}/${nonce}`)),
    readings: packReadings(readings),
    evidence: new Uint8Array(100),
  };
}

/** Devices 0 to 2 stand west, 3 to 5 east of a border that runs between them. */
async function open(cell: RegionCell, degreesEast: number, slots: readonly number[]) {
  const stub = env.REGION.getByName(cell);
  const charter = charterOf(LOCAL_RULES, cell, degreesEast);
  const opened = await stub.charter(charter);
  if (!opened.ok) throw new Error(opened.error.reason);
  for (const slot of slots) await stub.applyMembership(memberOf(slot));
  await recordCharter(env.DB, charter, await stub.summary());
  return stub;
}

/** What each device measured in the hours before now. */
async function post(stub: Awaited<ReturnType<typeof open>>, slots: readonly number[], nowMs: number): Promise<void> {
  const first = hourOf(nowMs, LOCAL_RULES.time) - HOURS;
  for (const slot of slots) {
    const readings = Array.from({ length: HOURS }, (_, hour) => {
      const atMs = (first + hour) * LOCAL_HOUR_MS + 1000;
      return [reading('temp', atMs, 15 + ((hour * 7) % 9) + slot / 10), reading('rh', atMs, 40 + ((hour * 3) % 17))];
    });
    const reply = await stub.ingest(batch(slot, 1, readings.flat()));
    expect(reply.ok).toBe(true);
  }
}

/** The region's log as an auditor reads it, with the state that follows from it. */
async function replayed(cell: RegionCell): Promise<{ readonly replay: RegionReplay; readonly live: string }> {
  return await runInDurableObject(env.REGION.getByName(cell), async (instance, { storage }) => {
    const replay = startReplay(cell, LOCAL_RULES);
    for (const entry of new RegionStore(storage.sql).entries(1)) {
      const one = replayEntry(replay, entry);
      if (!one.ok) throw new Error(`entry ${entry.seq}: ${JSON.stringify(one.error)}`);
    }
    return { replay, live: (await instance.summary()).stateHash };
  });
}

test('two regions that start together judge each hour with each other, whatever is evicted in between', async () => {
  const [west, east] = ['83390cfffffffff', '833901fffffffff'] as RegionCell[];
  if (west === undefined || east === undefined) throw new Error('two cells');
  const one = await open(west, 0, [0, 1, 2]);
  const two = await open(east, 0, [3, 4, 5]);
  const nowMs = Date.now();
  // The newest reading opens the hour that the slowest device is in; the one before it is the last to close.
  const last = hourOf(nowMs, LOCAL_RULES.time) - 3;
  await post(one, [0, 1, 2], nowMs);
  // The other region has devices and no batch yet: this one closes its first hour and waits.
  const waiting = await one.advance();
  expect(waiting.closedThrough).toBeNull();
  await evictDurableObject(one);

  await post(two, [3, 4, 5], nowMs);
  await two.advance();
  await until('both have judged the hours', 20_000, async () => {
    const closed = [await one.summary(), await two.summary()].map(({ closedThrough }) => closedThrough ?? 0);
    return Math.min(...closed) >= last ? closed : null;
  });

  const replays = [await replayed(west), await replayed(east)];
  for (const { replay, live } of replays) expect(stateHash(replay)).toBe(live);
  const compared = compareBlocks(replays.map(({ replay }) => blockRecord(replay)));
  expect(compared).toMatchObject({ ok: true });
  for (const { replay } of replays) {
    // Their first hours may differ by an epoch, where one began just before its end.
    const used = replay.used.filter(({ hour }) => hour > last - HOURS + 2 && hour <= last);
    expect(used).toHaveLength(HOURS - 2);
    expect(used.every(({ hash, lines }) => hash !== null && lines.length === 3)).toBe(true);
    expect(replay.state.devices.map(({ near }) => near.filter((slot) => slot < 0).length)).toEqual([3, 3, 3]);
    // Three neighbors at least are needed, and there are two on this side.
    expect(replay.state.devices[0]?.quantities[0]?.model?.hours).toBeGreaterThanOrEqual(HOURS - 3);
  }
}, 60_000);

test('a region that breaks or hangs is logged as absent, and no verdict waits beyond the deadline', async () => {
  const cell = '833a00fffffffff' as RegionCell;
  const beyond = '833a01fffffffff' as RegionCell;
  const { graceSeconds, blockWaitSeconds, backfillWaitSeconds } = MAIN_RULES.time;
  await recordCharter(env.DB, charterOf(MAIN_RULES, beyond, 40), await env.REGION.getByName(beyond).summary());
  let calls = 0;
  const answering = (exchange: () => Promise<never>): RegionBindings =>
    ({
      ...env,
      REGION: { getByName: () => ({ exchange: () => ((calls += 1), exchange()) }) },
    }) as unknown as RegionBindings;
  const hangs = answering(() => new Promise<never>(() => {}));
  const breaks = answering(() => Promise.reject(new Error('it is gone')));

  await runInDurableObject(env.REGION.getByName(cell), async (_, state) => {
    const { storage, rowsWritten } = counted(state.storage);
    const keeperOf = (bindings: RegionBindings) => new RegionKeeper(storage, bindings, cell);
    let keeper = keeperOf(breaks);
    keeper.charter(charterOf(MAIN_RULES, cell, 40), DAY0_MS);
    for (const slot of [0, 1, 2]) keeper.applyMembership(memberOf(slot), DAY0_MS);
    const postHour = async (hour: number): Promise<void> => {
      const atMs = DAY0_MS + hour * HOUR_MS;
      for (const slot of [0, 1, 2])
        await keeper.ingest(
          batch(slot, hour + 1, [reading('temp', atMs, 15 + ((hour * 7 + slot) % 9))]),
          atMs + 1_800_000,
        );
    };
    await postHour(0);
    // It breaks: absent at once, so that a backfill is not held up.
    const liveMs = DAY0_MS + backfillWaitSeconds * 1000;
    expect((await keeper.advance(liveMs)).closedThrough).toBe(DAY0_MS / HOUR_MS);

    // It hangs: the hour waits, over an eviction too, until the deadline.
    const waitMs = (graceSeconds + blockWaitSeconds) * 1000;
    await keeperOf(hangs).advance(DAY0_MS + 2.5 * HOUR_MS + waitMs);
    keeper = keeperOf(hangs);
    expect(keeper.summary().closedThrough).toBe(DAY0_MS / HOUR_MS + 1);
    await postHour(2);
    const before = rowsWritten();
    const deadlineMs = DAY0_MS + 3 * HOUR_MS + waitMs;
    const advanced = await keeper.advance(deadlineMs - blockWaitSeconds * 1000);
    expect(advanced.closedThrough).toBe(DAY0_MS / HOUR_MS + 1);
    keeper = keeperOf(hangs);
    expect((await keeper.advance(deadlineMs)).closedThrough).toBe(DAY0_MS / HOUR_MS + 2);
    expect(rowsWritten() - before).toBeLessThanOrEqual(10);
    expect(calls).toBeGreaterThan(3);

    const judged = [...new RegionStore(state.storage.sql).entries(1)].filter(
      (entry): entry is typeof entry & NeighbourCellsBody => entry.kind === 'neighbour-cells',
    );
    expect(judged.at(-1)?.blocks).toEqual([{ cell: beyond, hash: null, devices: [] }]);
    expect(judged.every(({ blocks }) => blocks.every(({ hash }) => hash === null))).toBe(true);
  });
}, 60_000);
