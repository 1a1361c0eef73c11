/** A device's new key and its move to another region, on real workerd: objects evicted in between, or not reached at all. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import type { SignedAct } from '../../core/lifecycle/signed-act.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { NO_PAST } from '../../durable-objects/region/api.ts';
import { RegionStore } from '../../durable-objects/region/store.ts';
import { readDevice, replaceDevice, replaceStatement } from '../../worker/adapters/d1/devices.ts';
import { recordCharter } from '../../worker/adapters/d1/regions.ts';
import { registerDevice, tellRegion } from '../../worker/adapters/register-device.ts';
import { charterOf, memberOf, reading } from '../support/region-log.ts';

const HOUR_MS = LOCAL_RULES.time.hourSeconds * 1000;
const regionOf = (cell: RegionCell) => env.REGION.getByName(cell);

/** No two tests meet: each has regions far from all others, and devices of its own. */
let opened = 0;
async function open(): Promise<RegionCell> {
  opened += 1;
  const cell = `8339${(opened + 64).toString(16)}fffffffff` as RegionCell;
  const charter = charterOf(LOCAL_RULES, cell, 20 + opened * 5);
  await regionOf(cell).charter(charter);
  await recordCharter(env.DB, charter, await regionOf(cell).summary());
  return cell;
}

let claimed = 0;
async function claim(cell: RegionCell): Promise<MembershipBody> {
  claimed += 1;
  const membership = memberOf(700 + claimed, { tier: 1 });
  expect(await registerDevice(env, { cell, membership }, 0, Date.now())).toEqual({ ok: true, value: 1 });
  return membership;
}

const rotationOf = (from: DeviceId, to: DeviceId): SignedAct => ({
  act: { kind: 'rotate', device: from, successor: to, issuedAt: 1_795_000_000 },
  domain: { chainId: 10, contract: '0x00' },
  owners: [],
  devices: [],
});

/** As the registry writes it (worker/registry/enact.ts): the old row and the successor's, at once. */
async function rotate(from: DeviceId, to: DeviceId): Promise<void> {
  const known = await readDevice(env.DB, from);
  if (known === null) throw new Error('no such device');
  const { cell, past } = known;
  const membership = { ...known.membership, act: rotationOf(from, to) };
  await env.DB.batch([
    replaceStatement(
      env.DB,
      { cell, membership: { ...membership, status: 'retired', version: membership.version + 1 } },
      membership.version,
      past,
    ),
    replaceStatement(env.DB, { cell, membership: { ...membership, device: to, version: 1 } }, 0, NO_PAST),
    env.DB.prepare('UPDATE device SET predecessor = ? WHERE device = ?').bind(from, to),
  ]);
}

async function tell(device: DeviceId) {
  const row = await readDevice(env.DB, device);
  if (row === null) throw new Error('no such device');
  expect(await tellRegion(env, row, row.past)).toMatchObject({ ok: true });
}

const keyOf = (name: string): DeviceId => `did:key:z6Mk${name.padEnd(44, 'c')}` as DeviceId;

function send(cell: RegionCell, device: DeviceId, nonce: number, readings: readonly Reading[]) {
  return regionOf(cell).ingest({
    device,
    nonce: nonce.toString(16).padStart(16, '0'),
    digest: sha256(utf8ToBytes(`${device}/${nonce}`)),
    readings: packReadings(readings),
    evidence: new Uint8Array(100),
  });
}

const temperatures = (fromMs: number, count = 5): Reading[] =>
  Array.from({ length: count }, (_, at) => reading('temp', fromMs + at * 1000, 15 + (at % 3)));

/** The registry cannot reach these regions. */
const without = (...cells: readonly RegionCell[]) => ({
  DB: env.DB,
  REGION: new Proxy(env.REGION, {
    get: (target, name) =>
      name === 'getByName'
        ? (cell: RegionCell) => {
            if (cells.includes(cell)) throw new Error('unreachable');
            return target.getByName(cell);
          }
        : undefined,
  }),
});

function entriesOf(cell: RegionCell, kind: string) {
  return runInDurableObject(regionOf(cell), (_, { storage }) =>
    [...new RegionStore(storage.sql).entries(1)].filter((entry) => entry.kind === kind),
  );
}

test('a new key goes on where the old one stopped, over an eviction, and the old one is refused', async () => {
  const cell = await open();
  const { device } = await claim(cell);
  const readings = temperatures(Date.now() - 20_000);
  expect(await send(cell, device, 900, readings)).toMatchObject({ ok: true, value: { status: 'accepted' } });
  const successor = keyOf('one');
  await rotate(device, successor);
  await tell(successor);
  await tell(device);
  await evictDurableObject(regionOf(cell));

  // Its nonces begin anew; what the old key sent is known.
  const more = [...readings, ...temperatures(Date.now() - 10_000)];
  expect(await send(cell, successor, 1, more)).toMatchObject({
    ok: true,
    value: { receipt: { device: successor, readings: { accepted: 5, duplicate: 5 } } },
  });
  for (const nonce of [900, 901]) {
    expect(await send(cell, device, nonce, temperatures(Date.now()))).toEqual({
      ok: false,
      error: { reason: 'retired-device', device },
    });
  }
  // No hour closes by itself from here on: what is compared below holds still.
  await runInDurableObject(regionOf(cell), (_, { storage }) => storage.deleteAlarm());
  const summary = await regionOf(cell).summary();
  expect(summary.devices).toBe(1);
  // The same words again change nothing.
  await tell(successor);
  await tell(device);
  expect((await regionOf(cell).summary()).seq).toBe(summary.seq);

  const rows = await Promise.all([device, successor].map((key) => readDevice(env.DB, key)));
  expect(rows.map((row) => [row?.membership.status, row?.past.predecessor])).toEqual([
    ['retired', null],
    ['active', device],
  ]);
  await env.DB.prepare('DELETE FROM device WHERE cell = ?').bind(cell).run();
  const refolded = await regionOf(cell).refold();
  expect(refolded.stateHash).toBe(summary.stateHash);
  const restored = await Promise.all([device, successor].map((key) => readDevice(env.DB, key)));
  expect(restored.map((row) => [row?.membership.status, row?.past.predecessor])).toEqual([
    ['retired', null],
    ['active', device],
  ]);
});

test('a region that heard of no new key takes the successor at its first post, also after two of them', async () => {
  const cell = await open();
  const { device } = await claim(cell);
  const readings = temperatures(Date.now() - 20_000);
  await send(cell, device, 7, readings);
  const [second, third] = [keyOf('two'), keyOf('three')];
  await rotate(device, second);
  await rotate(second, third);
  expect(await send(cell, second, 1, readings)).toMatchObject({ error: { reason: 'retired-device' } });
  expect(await send(cell, third, 1, readings)).toMatchObject({
    ok: true,
    value: { receipt: { readings: { accepted: 0, duplicate: 5 } } },
  });
  expect((await regionOf(cell).summary()).devices).toBe(1);
  // Each with the act that made it, though the row of the second holds only what ended it.
  expect(await entriesOf(cell, 'inherit')).toMatchObject([
    { device: second, from: device, reputation: null, act: rotationOf(device, second) },
    { device: third, from: second, reputation: null, act: rotationOf(second, third) },
  ]);
  expect(await send(cell, second, 2, readings)).toMatchObject({ error: { reason: 'retired-device' } });
});

test.each(['told', 'missed'])('the new region takes over what the old one knew: it was %s', async (how) => {
  const [west, east] = [await open(), await open()];
  const member = await claim(west);
  const { device } = member;
  // In an hour before this one: the hour in which it has measured counts in the old region alone.
  await send(west, device, 1040, temperatures(Date.now() - 40_000));
  const wanted = { cell: east, membership: { ...member, latitudeE5: member.latitudeE5 + 1000 } };
  if (how === 'missed') {
    expect(await registerDevice(without(east), wanted, 1, Date.now())).toMatchObject({
      error: { reason: 'region-unavailable' },
    });
  } else expect(await registerDevice(env, wanted, 1, Date.now())).toEqual({ ok: true, value: 3 });
  for (const cell of [west, east]) await evictDurableObject(regionOf(cell));

  const known = await regionOf(west).departure(device);
  const late = await send(east, device, 1041, [
    ...temperatures(Date.now() - 20_000, 1),
    ...temperatures(Date.now(), 2),
  ]);
  expect(late).toMatchObject({ ok: true, value: { receipt: { readings: { accepted: 2 } } } });
  // Nonces that the old region has taken are used up here, too.
  expect(await send(east, device, 900, [])).toMatchObject({ error: { reason: 'nonce-too-old' } });
  expect(await entriesOf(east, 'inherit')).toMatchObject([
    { device, from: west, leftSeq: known?.seq, reputation: known?.reputation },
  ]);
  // It stays once: neither the same call nor the next change brings it again.
  expect(await registerDevice(env, wanted, 1, Date.now())).toEqual({ ok: true, value: 3 });
  const renamed = { ...wanted, membership: { ...wanted.membership, displayName: 'Roof' } };
  expect(await registerDevice(env, renamed, 3, Date.now())).toEqual({ ok: true, value: 4 });
  expect(await entriesOf(east, 'inherit')).toHaveLength(1);
  expect(await send(west, device, 1050, temperatures(Date.now()))).toMatchObject({
    error: { reason: 'retired-device' },
  });
});

test('a move that stopped halfway loses nothing: the old region notes what it has to hand over before the new one asks', async () => {
  const [west, east] = [await open(), await open()];
  const member = await claim(west);
  await send(west, member.device, 1, temperatures(Date.now() - 20_000));
  const wanted = { cell: east, membership: member };
  expect(await registerDevice(without(west), wanted, 1, Date.now())).toMatchObject({
    error: { reason: 'region-unavailable' },
  });
  expect(await regionOf(west).departure(member.device)).toBeNull();
  expect(await registerDevice(env, wanted, 2, Date.now())).toEqual({ ok: true, value: 3 });
  expect(await entriesOf(east, 'inherit')).toMatchObject([{ device: member.device, from: west }]);
});

test('a device that does not leave its old region does not come to the new one', async () => {
  const [west, east] = [await open(), await open()];
  const member = await claim(west);
  await send(west, member.device, 1, temperatures(Date.now() - 20_000));
  // Another version of the row was written by hand: the old region never heard of the move.
  const row = { cell: east, membership: { ...member, version: 2 } };
  expect(await replaceDevice(env.DB, row, 1, { ...NO_PAST, cameFrom: west })).toBe(true);
  expect(await send(east, member.device, 2, temperatures(Date.now()))).toMatchObject({ ok: true });
  expect(await entriesOf(east, 'inherit')).toEqual([]);
});

test('the old key’s row that is heard of first brings the successor along: nothing is logged of a retirement', async () => {
  const cell = await open();
  const { device } = await claim(cell);
  await send(cell, device, 900, temperatures(Date.now() - 20_000));
  const successor = keyOf('first');
  await rotate(device, successor);
  await tell(device);
  await tell(successor);
  await tell(device);
  expect(await entriesOf(cell, 'inherit')).toMatchObject([{ device: successor, from: device }]);
  expect((await entriesOf(cell, 'membership')).map((entry) => 'status' in entry && entry.status)).toEqual([
    'active',
    'active',
  ]);
  expect(await send(cell, successor, 1, temperatures(Date.now()))).toMatchObject({ ok: true });
});

test('an announced window is logged once, whatever was announced in between, and only for the row it was judged by', async () => {
  const cell = await open();
  const { device, version } = await claim(cell);
  const region = regionOf(cell);
  const from = Math.floor(Date.now() / 1000);
  const windowUntil = (until: number) => {
    const act = { kind: 'maintenance', device, from, until, issuedAt: from } as const;
    const signed: SignedAct = { act, domain: { chainId: 10, contract: '0x00' }, owners: [], devices: [] };
    return { kind: 'maintenance', device, fromMs: from * 1000, untilMs: until * 1000, act: signed } as const;
  };
  const [short, long] = [windowUntil(from + 3600), windowUntil(from + 7200)];
  for (const window of [short, long, short, long]) expect((await region.maintain(window, version)).ok).toBe(true);
  await evictDurableObject(region);
  expect((await region.maintain(short, version)).ok).toBe(true);
  expect((await entriesOf(cell, 'maintenance')).map((entry) => 'untilMs' in entry && entry.untilMs)).toEqual([
    short.untilMs,
    long.untilMs,
  ]);
  const conflict = { error: { reason: 'version-conflict', current: version } };
  expect(await region.maintain(windowUntil(from + 60), version + 1)).toMatchObject(conflict);
});

test('maintenance is noted once, and refused where it is over or too far ahead', async () => {
  const cell = await open();
  const { device } = await claim(cell);
  const region = regionOf(cell);
  const nowMs = Date.now();
  const body = { kind: 'maintenance', device, fromMs: nowMs - HOUR_MS, untilMs: nowMs + 3 * HOUR_MS } as const;
  const { seq } = await region.summary();
  for (let time = 0; time < 2; time += 1)
    expect(await region.maintain(body, null)).toMatchObject({ ok: true, value: { seq: seq + 1 } });
  expect(await region.maintain({ ...body, fromMs: nowMs - 2, untilMs: nowMs - 1 }, null)).toMatchObject({
    error: { reason: 'maintenance-over' },
  });
  const farMs = nowMs + 31 * 24 * HOUR_MS;
  expect(await region.maintain({ ...body, fromMs: farMs - 1, untilMs: farMs }, null)).toMatchObject({
    error: { reason: 'maintenance-too-far' },
  });
});
