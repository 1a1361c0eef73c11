/** Clones on real workerd: the registry follows the fold, whatever fails in between, and the forks come out of the log alone. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test, vi } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { checkForkProof } from '../../core/proof/fork.ts';
import { encodeEvidence } from '../../core/signature/evidence.ts';
import { packReadings } from '../../core/reading/pack.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import type { VerifiedBatch } from '../../durable-objects/region/api.ts';
import { RegionKeeper, type RegionBindings } from '../../durable-objects/region/keeper.ts';
import { membershipRows } from '../../durable-objects/region/publish.ts';
import { emptyState } from '../../core/region/state.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { noOutputs } from '../../core/region/outputs.ts';
import { charterOf, DAY0_MS, HOUR_MS, memberOf, reading } from '../support/region-log.ts';
import { createWebcryptoVerifier } from '../../worker/adapters/webcrypto-verifier.ts';
import { counted } from './support/counted.ts';

const CELL = '83390cfffffffff' as RegionCell;
const { device } = memberOf(0);
const digestOf = (name: string): Uint8Array => sha256(utf8ToBytes(name));

/** Evidence of the right form; its signature is nobody's. */
function batch(name: string, nonce: number, after: string | null): VerifiedBatch {
  const previous = after === null ? null : digestOf(after);
  const hex = nonce.toString(16).padStart(16, '0');
  const evidence = encodeEvidence({
    authority: 'isobar.test',
    path: `/v1/regions/${CELL}/readings/0000000000000000`,
    createdSeconds: DAY0_MS / 1000 + nonce,
    nonce: hex,
    label: 's',
    signature: new Uint8Array(64),
    body: utf8ToBytes(name),
    contentType: null,
    contentEncoding: null,
    contentDigest: null,
    params: null,
    previous,
    compact: null,
  });
  const readings = packReadings([reading('temp', DAY0_MS + nonce * 1000, 15)]);
  return { device, nonce: hex, digest: digestOf(name), previous, readings, evidence };
}

/** Two copies in turn, after a batch that both know. */
const CLONES = ['a1 root', 'b1 root', 'a2 a1', 'b2 b1', 'a3 a2', 'b3 b2', 'a4 a3', 'b4 b3'];

async function registered(): Promise<void> {
  const state = emptyState();
  const entries = [charterOf(MAIN_RULES, CELL), memberOf(0)];
  for (const [at, body] of entries.entries())
    applyEntry(state, { ...body, seq: at + 1, receivedMs: DAY0_MS }, MAIN_RULES, noOutputs());
  await env.DB.prepare('DELETE FROM device').run();
  await env.DB.batch(membershipRows(state, new Map(), env.DB));
}

const row = () => env.DB.prepare('SELECT status, version FROM device WHERE device = ?').bind(device).first();
const forks = async () =>
  (await env.DB.prepare('SELECT * FROM device_fork WHERE device = ? ORDER BY seq, hour').bind(device).all()).results;

test('a proven clone is quarantined in the registry, once, through failures, evictions and changes by others', async () => {
  await registered();
  await runInDurableObject(env.REGION.getByName('clone'), async (_, state) => {
    const { storage } = counted(state.storage);
    const open = (bindings: RegionBindings = env): RegionKeeper => new RegionKeeper(storage, bindings, CELL);
    let keeper = open();
    keeper.charter(charterOf(MAIN_RULES, CELL), DAY0_MS);
    keeper.applyMembership(memberOf(0), DAY0_MS);
    await keeper.ingest(batch('root', 1, null), DAY0_MS + 1000);
    for (const [at, text] of CLONES.entries()) {
      const [name = '', after = ''] = text.split(' ');
      // An eviction between any two batches.
      keeper = open();
      expect(await keeper.ingest(batch(name, at + 2, after), DAY0_MS + (at + 2) * 1000)).toMatchObject({ ok: true });
    }
    const query = { devices: null, quantities: null, fromMs: DAY0_MS, untilMs: DAY0_MS + HOUR_MS, limit: 10 };
    expect(await keeper.observations({ ...query, resolution: 'raw' })).toEqual([]);
    expect(await row()).toEqual({ status: 'active', version: 1 });

    const prepare = (): never => {
      throw new Error('D1 is away');
    };
    const away = { ...env, DB: { prepare } } as unknown as RegionBindings;
    await expect(open(away).advance(DAY0_MS + 20_000)).rejects.toThrow();
    // Somebody changed the row, and the region hears of that first.
    await env.DB.prepare(`UPDATE device SET version = 2, display_name = 'Garden' WHERE device = ?`).bind(device).run();
    open().applyMembership(memberOf(0, { version: 2, displayName: 'Garden' }), DAY0_MS + 21_000);
    const { seq } = await open().advance(DAY0_MS + 22_000);
    expect(await row()).toEqual({ status: 'quarantined', version: 3 });
    expect((await open().advance(DAY0_MS + 23_000)).seq).toBe(seq);

    // The operator lifts it: what was proven does not count again.
    await env.DB.prepare(`UPDATE device SET version = 4, status = 'active' WHERE device = ?`).bind(device).run();
    open().applyMembership(memberOf(0, { version: 4 }), DAY0_MS + 24_000);
    const more = CLONES.map((text) =>
      text.replace(
        /^(.)(.) (.*)$/,
        (_all, who, n, after) =>
          `${who}${Number(n) + 4} ${n === '1' ? `${who}4` : `${after[0]}${Number(after[1]) + 4}`}`,
      ),
    );
    await open().ingest(batch('a5', 20, 'a4'), DAY0_MS + 25_000);
    expect((await open().advance(DAY0_MS + 26_000)).seq).toBe(seq + 2);
    expect(await row()).toEqual({ status: 'active', version: 4 });

    // Both go on all the same. One keeper wrote the row and was gone before it could tell the log: the next tells it.
    for (const [at, text] of more.slice(1).entries()) {
      const [name = '', after = ''] = text.split(' ');
      await open().ingest(batch(name, 21 + at, after), DAY0_MS + 27_000 + at);
    }
    await env.DB.prepare(`UPDATE device SET version = 5, status = 'quarantined' WHERE device = ?`).bind(device).run();
    expect((await open().advance(DAY0_MS + 40_000)).seq).toBe(seq + 10);
    expect(await row()).toEqual({ status: 'quarantined', version: 5 });
  });
});

test('forks are told with the close of the hour, with their batches, and again the same from the log alone', async () => {
  await runInDurableObject(env.REGION.getByName('clone'), async (_, state) => {
    const { storage } = counted(state.storage);
    const keeper = new RegionKeeper(storage, env, CELL);
    const closeMs = DAY0_MS + MAIN_RULES.time.backfillWaitSeconds * 1000 + 2 * HOUR_MS;
    await keeper.advance(closeMs);
    const told = await forks();
    expect(told).toMatchObject([
      { cell: CELL, verdict: 'both-go-on', branches: '[[4,6,8,10],[5,7,9,11]]' },
      { cell: CELL, verdict: 'both-go-on' },
    ]);
    expect(told).toMatchObject([
      { older: 4, seq: 5, proof: expect.stringMatching(/\/4-5-\d+\.json$/) },
      { older: 29, seq: 30, proof: expect.stringMatching(/\/29-30-\d+\.json$/) },
    ]);
    const key = String(told[0]?.['proof']);
    const file = await (await env.ARCHIVE.get(key))?.bytes();
    if (file === undefined) throw new Error(`${key} is gone`);
    const tools = { verifier: createWebcryptoVerifier(), gunzip: () => Promise.resolve(null) };
    // The file is whole; that nobody signed these is found.
    expect((await checkForkProof(file, tools)).fault).toMatchObject({ reason: 'signature' });

    await env.DB.prepare('DELETE FROM device_fork').run();
    for (const { proof } of told) await env.ARCHIVE.delete(String(proof));
    await new RegionKeeper(storage, env, CELL).refold(closeMs);
    expect(await forks()).toEqual(told);
    expect(await (await env.ARCHIVE.get(key))?.bytes()).toEqual(file);
  });
});

test('a clone that moves before the registry knows of it is quarantined by the region it comes to', async () => {
  const EAST = '8339a1fffffffff' as RegionCell;
  const east = env.REGION.getByName(EAST);
  await east.charter(charterOf(MAIN_RULES, EAST, 100));
  const west = env.REGION.getByName('8339a0fffffffff');
  await west.charter(charterOf(MAIN_RULES, '8339a0fffffffff' as RegionCell, 90));
  await west.applyMembership(memberOf(0));
  await west.ingest(batch('root', 1, null));
  for (const [at, text] of CLONES.entries()) {
    const [name = '', after = ''] = text.split(' ');
    await west.ingest(batch(name, at + 2, after));
  }
  await west.applyMembership(memberOf(0, { version: 2, status: 'retired' }));
  await registered();
  await env.DB.prepare('UPDATE device SET cell = ?, version = 3').bind(EAST).run();
  const past = { predecessor: null, cameFrom: '8339a0fffffffff' as RegionCell };
  expect(await east.applyMembership(memberOf(0, { version: 3 }), past)).toMatchObject({ ok: true });
  await vi.waitFor(async () => expect(await row()).toEqual({ status: 'quarantined', version: 4 }), 5000);
});
