/** The region object on real workerd: rows written, eviction, closing, publishing, refolding. Times are passed in. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { RegionKeeper, type RegionBindings } from '../../durable-objects/region/keeper.ts';
import type { VerifiedBatch } from '../../durable-objects/region/api.ts';
import { charterOf, DAY0_MS, HOUR_MS, memberOf, reading } from '../support/region-log.ts';
import { syntheticStateHash } from '../support/synthetic-log.ts';
import { counted } from './support/counted.ts';

function batch(slot: number, nonce: number, readings: readonly Reading[]): VerifiedBatch {
  return {
    device: memberOf(slot).device,
    nonce: nonce.toString(16).padStart(16, '0'),
    digest: sha256(utf8ToBytes(`${slot}/${nonce}`)),
    readings: packReadings(readings),
    evidence: new Uint8Array(4000),
  };
}

/** Each test has a region of its own: D1 and the archive are one for the file. */
let regions = 0;
let cell = '' as RegionCell;

function open(keeper: RegionKeeper, devices: number, nowMs: number, rules: RuleSet = MAIN_RULES): void {
  regions += 1;
  cell = `83390${regions.toString(16)}fffffffff` as RegionCell;
  // Far from all others, so that no exchange is due.
  keeper.charter(charterOf(rules, cell, regions * 5), nowMs);
  for (let slot = 0; slot < devices; slot += 1) keeper.applyMembership(memberOf(slot), nowMs);
}

const stubOf = (name: string) => env.REGION.getByName(name);

/** Six readings, unlike any other device's. */
const readingsAt = (ms: number, slot: number): Reading[] =>
  [0, 60, 120].flatMap((second) => [
    reading('temp', ms + second * 1000, 15 + ((ms / HOUR_MS) % 7) + slot / 10 + second / 100),
    reading('pm25', ms + second * 1000, 12 + ((ms / HOUR_MS) % 5) + slot / 5 + second / 50),
  ]);

test('an accepted batch writes one row and a repeated one none, before and after eviction', async () => {
  const stub = stubOf('rows');
  const first = await runInDurableObject(stub, async (_, state) => {
    const { storage, rowsWritten } = counted(state.storage);
    const keeper = new RegionKeeper(storage, env, 'test');
    open(keeper, 1, DAY0_MS);
    await keeper.ingest(batch(0, 1, readingsAt(DAY0_MS, 0)), DAY0_MS + 300_000); // opens the region: sets the alarm
    const before = rowsWritten();
    const reply = await keeper.ingest(batch(0, 2, readingsAt(DAY0_MS + 300_000, 0)), DAY0_MS + 600_000);
    expect(rowsWritten() - before).toBe(1);
    const again = await keeper.ingest(batch(0, 2, readingsAt(DAY0_MS + 300_000, 0)), DAY0_MS + 660_000);
    expect(rowsWritten() - before).toBe(1);
    expect(again).toEqual({ ok: true, value: { ...(reply.ok ? reply.value : {}), status: 'repeated' } });
    return reply;
  });
  await runInDurableObject(stub, async (_, state) => {
    // A second keeper over the same storage is what a wake after eviction is.
    const { storage, rowsWritten } = counted(state.storage);
    const keeper = new RegionKeeper(storage, env, 'test');
    const again = await keeper.ingest(batch(0, 2, readingsAt(DAY0_MS + 300_000, 0)), DAY0_MS + 700_000);
    expect(again).toEqual({ ok: true, value: { ...(first.ok ? first.value : {}), status: 'repeated' } });
    expect(rowsWritten()).toBe(0);
  });
});

test('a busy hour costs at most five percent more rows than batches, a quiet one at most ten', async () => {
  for (const [name, devices, most] of [
    ['busy', 200, 210],
    ['quiet', 3, 13],
  ] as const) {
    await runInDurableObject(stubOf(name), async (_, state) => {
      const { storage, rowsWritten } = counted(state.storage);
      const keeper = new RegionKeeper(storage, env, 'test');
      open(keeper, devices, DAY0_MS);
      const live = DAY0_MS + MAIN_RULES.time.backfillWaitSeconds * 1000;
      for (const hour of [2, 3, 4]) {
        const before = rowsWritten();
        const startMs = DAY0_MS + hour * HOUR_MS;
        for (let slot = 0; slot < devices; slot += 1) {
          const reply = await keeper.ingest(batch(slot, hour, readingsAt(startMs, slot)), startMs + 1_800_000 + slot);
          expect(reply.ok).toBe(true);
        }
        await keeper.advance(Math.max(live, startMs + HOUR_MS + 300_000));
        // The first round opens the region and closes its backfill; the second is an ordinary hour.
        if (hour > 2) expect(rowsWritten() - before).toBeLessThanOrEqual(most);
      }
    });
  }
}, 60_000);

/** Three local epochs of four devices, closed as they end; one device sends nonsense for a while. */
async function threeEpochs(keeper: RegionKeeper): Promise<void> {
  const { hourSeconds, graceSeconds } = LOCAL_RULES.time;
  const hourMs = hourSeconds * 1000;
  const startMs = Math.floor(DAY0_MS / (hourMs * 24)) * hourMs * 24;
  open(keeper, 4, startMs, LOCAL_RULES);
  for (let hour = 0; hour < 72; hour += 1) {
    for (let slot = 0; slot < 4; slot += 1) {
      const atMs = startMs + hour * hourMs + 5000;
      const temperature = slot === 3 && hour > 30 && hour < 40 ? 99 : 15 + ((hour * 7 + slot * 5) % 9);
      await keeper.ingest(
        batch(slot, hour + 1, [reading('temp', atMs, temperature), reading('rh', atMs, 40 + ((hour * 3 + slot) % 17))]),
        atMs + 500,
      );
    }
    await keeper.advance(startMs + (hour + 1) * hourMs + graceSeconds * 1000);
  }
}

const TABLES = ['region', 'region_hour', 'device_day', 'anomaly_event', 'device'] as const;

async function dump(): Promise<Record<string, unknown[]>> {
  const entries = await Promise.all(
    TABLES.map(
      async (table) =>
        [table, (await env.DB.prepare(`SELECT * FROM ${table} WHERE cell = ?`).bind(cell).all()).results] as const,
    ),
  );
  return Object.fromEntries(entries);
}

test('with D1 and the checkpoint gone, refolding the log gives the same rows, segments and state', async () => {
  const stub = stubOf('refold');
  await runInDurableObject(stub, async (_, state) => {
    const keeper = new RegionKeeper(counted(state.storage).storage, env, 'test');
    await threeEpochs(keeper);
    const before = await dump();
    const summary = keeper.summary();
    const segments = (await env.ARCHIVE.list({ prefix: `evidence/${cell}/` })).objects.map((object) => [
      object.key,
      object.etag,
    ]);
    expect(before['device_day']).toHaveLength(12);
    const ranges = (before['anomaly_event'] ?? []).filter((row) => JSON.stringify(row).includes('"test":"range"'));
    expect(ranges).toHaveLength(1);
    expect(JSON.stringify(ranges[0])).toContain(memberOf(3).device);
    expect(segments.length).toBeGreaterThanOrEqual(3);

    for (const table of TABLES) await env.DB.prepare(`DELETE FROM ${table} WHERE cell = ?`).bind(cell).run();
    const refolded = await new RegionKeeper(counted(state.storage).storage, env, cell).refold(DAY0_MS);
    expect({ ...refolded, publishedSeq: 0 }).toEqual({ ...summary, publishedSeq: 0 });
    const after = await dump();
    expect(after['device']).toHaveLength(4);
    // As text: a failing comparison of thousands of rows would spend minutes on its diff.
    for (const table of TABLES)
      if (table !== 'device') expect(JSON.stringify(after[table]) === JSON.stringify(before[table]), table).toBe(true);
    const again = (await env.ARCHIVE.list({ prefix: `evidence/${cell}/` })).objects.map((object) => [
      object.key,
      object.etag,
    ]);
    expect(again).toEqual(segments);
  });
});

test('after a change of the fold a region folds anew, from the archive what its own log has dropped', async () => {
  await runInDurableObject(stubOf('version'), async (_, state) => {
    const { storage } = counted(state.storage);
    const keeper = new RegionKeeper(storage, env, 'test');
    await threeEpochs(keeper);
    const { stateHash } = keeper.summary();
    storage.sql.exec('UPDATE checkpoint SET version = 0');
    const whole = new RegionKeeper(storage, env, cell);
    expect(whole.mustFoldArchive).toBe(false);
    expect(whole.summary().stateHash).toBe(stateHash);

    const [log] = storage.sql
      .exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE name GLOB 'log_*'`)
      .toArray();
    storage.sql.exec(`DELETE FROM ${log?.name ?? ''} WHERE seq <= 100`);
    const cut = new RegionKeeper(storage, env, cell);
    expect(cut.mustFoldArchive).toBe(true);
    await cut.foldWholeLog();
    expect(cut.summary().stateHash).toBe(stateHash);
  });
});

test('a kill between the close and its publication loses nothing: the next wake publishes it', async () => {
  await runInDurableObject(stubOf('unpublished'), async (_, state) => {
    const broken = {
      ...env,
      DB: { ...env.DB, batch: () => Promise.reject(new Error('D1 is away')), prepare: env.DB.prepare.bind(env.DB) },
    };
    const keeper = new RegionKeeper(counted(state.storage).storage, broken as unknown as RegionBindings, 'test');
    await expect(threeEpochs(keeper)).rejects.toThrow('D1 is away');
    const awake = new RegionKeeper(counted(state.storage).storage, env, 'test');
    const before = awake.summary().closedThrough;
    expect(before).not.toBeNull();
    const after = await awake.advance(0); // long before anything more is due: only what was left behind
    expect(after.closedThrough).toBe(before);
    const row = await env.DB.prepare('SELECT closed_through FROM region WHERE cell = ?')
      .bind(cell)
      .first<{ closed_through: number }>();
    expect(row?.closed_through).toBe(before);
  });
});

test('workerd folds the synthetic log to the same state hash as Node', () => {
  expect(syntheticStateHash()).toBe(env.NODE_STATE_HASH);
});
