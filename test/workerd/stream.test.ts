/** Streams of a region on real workerd: nothing lost, nothing twice, over evictions and reconnections. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { passText, type StreamPass } from '../../core/stream/pass.ts';
import type { StreamReadings } from '../../schema/api/stream.ts';
import { sealOf } from '../../worker/adapters/seal.ts';
import { app } from '../../worker/app.ts';
import { checkEdgeConfig } from '../../worker/env.ts';
import { charterOf, memberOf, reading } from '../support/region-log.ts';
import { SseReader } from '../support/sse-reader.ts';
import { TEST_BINDINGS } from './bindings.ts';

const HOUR_MS = LOCAL_RULES.time.hourSeconds * 1000;

async function openRegion(cell: string, devices: number) {
  const { boundary } = charterOf(LOCAL_RULES);
  const body = JSON.stringify({ name: cell, boundary });
  const headers = { authorization: `Bearer ${TEST_BINDINGS.ADMIN_TOKEN}` };
  const address = `https://isobar.test/v1/admin/regions/${cell}`;
  expect((await app.request(address, { method: 'PUT', headers, body }, env)).status).toBe(200);
  const stub = env.REGION.getByName(cell);
  for (let slot = 0; slot < devices; slot += 1) await stub.applyMembership(memberOf(slot));
  return stub;
}

/** No other region has a say in its hours: they close at once. */
async function alone(cell: string): Promise<void> {
  await env.DB.prepare('DELETE FROM region WHERE cell <> ?').bind(cell).run();
}

let nonce = 0;
async function post(cell: string, slot: number, readings: readonly Reading[]): Promise<number> {
  nonce += 1;
  const reply = await env.REGION.getByName(cell).ingest({
    device: memberOf(slot).device,
    nonce: nonce.toString(16).padStart(16, '0'),
    digest: sha256(utf8ToBytes(String(nonce))),
    readings: packReadings([...readings].sort((a, b) => a.quantity - b.quantity || a.measuredMs - b.measuredMs)),
    evidence: new Uint8Array(),
  });
  if (!reply.ok || reply.value.status !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(reply)}`);
  return Number(reply.value.receipt.receipt.split('-')[1]);
}

async function passFor(cells: readonly string[], change: Partial<StreamPass> = {}): Promise<string> {
  const config = checkEdgeConfig(env);
  if (!config.ok) throw new Error('bad configuration');
  const begin = new Map<RegionCell, number>();
  for (const cell of cells) begin.set(cell as RegionCell, (await env.REGION.getByName(cell).summary()).seq);
  const pass = { id: 'aa', devices: null, quantities: ['temp'], begin, untilMs: Date.now() + 3_600_000, ...change };
  const text = passText(pass);
  return `${text}.${await sealOf(config.value, 'isobar stream pass v1', text)}`;
}

async function listen(pass: string, lastEventId?: string): Promise<SseReader> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await app.request(`https://isobar.test/v1/stream?pass=${pass}`, { headers }, env);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  return new SseReader(response);
}

const seqOf = (data: unknown): number => (data as StreamReadings).seq;
const deviceOf = (slot: number): DeviceId => memberOf(slot).device;

// First, while no other region is there.
test('what the region no longer holds is told as a gap, and the stream goes on after it', async () => {
  const cell = '833906fffffffff';
  const stub = await openRegion(cell, 1);
  const pass = await passFor([cell]);
  await alone(cell);
  const hour = (Math.floor(Date.now() / HOUR_MS) - 4) * HOUR_MS;
  await post(cell, 0, [reading('temp', hour, 1), reading('temp', Date.now(), 2)]);
  // Closes hours, and with that stores a checkpoint: the log before it may go.
  await stub.advance();
  // No hour closes by itself from here on: what is not in the checkpoint yet must not go.
  await runInDurableObject(stub, (_, { storage }) => storage.deleteAlarm());
  const { seq } = await stub.summary();
  await runInDurableObject(stub, (_, state) => {
    const [table] = state.storage.sql.exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE name GLOB 'log_*'`);
    state.storage.sql.exec(`DELETE FROM ${table?.name} WHERE seq < ?`, seq);
  });
  await evictDurableObject(stub);
  const reader = await listen(pass);
  await reader.next();
  const gap = await reader.next();
  expect(gap).toMatchObject({ event: 'gap', data: { region: cell, next: seq } });
  const told = await post(cell, 0, [reading('temp', Date.now(), 3)]);
  expect(seqOf((await reader.next()).data)).toBe(told);
  await reader.cancel();
  const ahead = await listen(pass, `${cell}.${told + 1000}`);
  await ahead.next();
  expect(await ahead.next()).toMatchObject({ event: 'gap', data: { after: told + 1000 } });
  await ahead.cancel();
});

test('without a pass there are counts, flags and values that are an hour old, and the hours that were missed', async () => {
  const cell = '833909fffffffff';
  const stub = await openRegion(cell, 1);
  await alone(cell);
  const now = Date.now();
  const measured = (Math.floor(now / HOUR_MS) - 4) * HOUR_MS;
  const listenPublic = async (id = '') => {
    const headers = { 'last-event-id': id, 'cf-connecting-ip': '192.0.2.7' };
    return new SseReader(await app.request(`https://isobar.test/v1/stream?cell=${cell}`, { headers }, env));
  };
  const reader = await listenPublic(String(measured / HOUR_MS - 1));
  expect(await reader.next()).toMatchObject({ event: 'hello', data: { devices: 1 } });
  await post(cell, 0, [
    reading('temp', measured, 99.25),
    reading('temp', measured + HOUR_MS, 15),
    reading('temp', now, 16),
  ]);
  await evictDurableObject(stub);
  await stub.advance();
  const events: Awaited<ReturnType<SseReader['next']>>[] = [];
  while (events.filter(({ event }) => event === 'values').length < 2) events.push(await reader.next());
  const values = events.filter(({ event }) => event === 'values');
  expect(values.map(({ id }) => Number(id))).toEqual([measured / HOUR_MS, measured / HOUR_MS + 1]);
  expect(values[1]?.data).toMatchObject({
    region: cell,
    hour: new Date(measured + HOUR_MS).toISOString(),
    values: [{ device: deviceOf(0), quantity: 'temp', unit: 'Cel', value: 15 }],
  });
  expect(events.some(({ event }) => event === 'closed')).toBe(true);
  expect(JSON.stringify(events)).not.toContain('"value":16');
  await reader.cancel();
  const later = await listenPublic(String(measured / HOUR_MS));
  const seen = [await later.next(), await later.next()];
  expect(seen.filter(({ event }) => event === 'values').map(({ id }) => Number(id))).toEqual([measured / HOUR_MS + 1]);
  await later.cancel();
});

test('a reader hears each batch once, over evictions of the region and lost connections', async () => {
  const cell = '833901fffffffff';
  const stub = await openRegion(cell, 2);
  const pass = await passFor([cell]);
  const sent: number[] = [];
  const send = async (value: number) => void sent.push(await post(cell, 0, [reading('temp', Date.now(), value)]));

  const heard: number[] = [];
  let reader = await listen(pass);
  expect(await reader.next()).toMatchObject({ event: 'hello', data: { regions: [cell] } });
  let lastId = '';
  for (let round = 0; round < 3; round += 1) {
    for (let more = 0; more < 2; more += 1) await send(round + more / 10);
    while (heard.length < sent.length) {
      const event = await reader.next();
      expect(event.event).toBe('readings');
      heard.push(seqOf(event.data));
      lastId = event.id ?? '';
    }
    // The bell is a hibernating socket: it rings also in an object that was evicted meanwhile.
    await evictDurableObject(stub);
    await send(round);
    heard.push(seqOf((await reader.next()).data));
    lastId = reader.lastId;
    await reader.cancel();
    await send(round + 0.5);
    await evictDurableObject(stub);
    reader = await listen(pass, lastId);
    expect((await reader.next()).event).toBe('hello');
  }
  while (heard.length < sent.length) heard.push(seqOf((await reader.next()).data));
  expect(heard).toEqual(sent);
  await reader.cancel();
});

test('only what was bought is told: devices, quantities, nothing refused, nothing sent twice, nothing of before', async () => {
  const cell = '833902fffffffff';
  const stub = await openRegion(cell, 3);
  await post(cell, 0, [reading('temp', Date.now() - 1000, 1)]);
  const pass = await passFor([cell], { devices: [deviceOf(0), deviceOf(2)] });
  await stub.applyMembership(memberOf(2, { status: 'quarantined', version: 2 }));
  const now = Date.now();
  await post(cell, 1, [reading('temp', now, 2)]);
  await post(cell, 2, [reading('temp', now, 3)]);
  await post(cell, 0, [reading('rh', now, 40)]);
  const first = await post(cell, 0, [reading('temp', now, 4)]);
  await post(cell, 0, [reading('temp', now, 4)]);
  await post(cell, 0, [reading('temp', now, 5)]);
  const last = await post(cell, 0, [reading('temp', now + 1, 99)]);
  const reader = await listen(pass, `${cell}.0`);
  expect((await reader.next()).event).toBe('hello');
  const events = [await reader.next(), await reader.next()];
  expect(events.map(({ data }) => data)).toMatchObject([
    { seq: first, device: deviceOf(0), readings: [{ quantity: 'temp', value: 4, flag: 1, tests: [] }] },
    { seq: last, readings: [{ value: 99, flag: 4, tests: ['range'] }] },
  ]);
  await reader.cancel();
});

test('several regions have one position, and each goes on where it was', async () => {
  const cells = ['833903fffffffff', '833905fffffffff'];
  for (const cell of cells) await openRegion(cell, 1);
  const pass = await passFor(cells);
  const reader = await listen(pass);
  const hello = await reader.next();
  await post(cells[1] ?? '', 0, [reading('temp', Date.now(), 1)]);
  const event = await reader.next();
  await reader.cancel();
  await post(cells[0] ?? '', 0, [reading('temp', Date.now(), 2)]);
  await post(cells[1] ?? '', 0, [reading('temp', Date.now() + 1, 3)]);
  const again = await listen(pass, event.id ?? '');
  await again.next();
  const values = [await again.next(), await again.next()].map(
    ({ data }) => (data as StreamReadings).readings[0]?.value,
  );
  expect(new Set(values)).toEqual(new Set([2, 3]));
  await again.cancel();
  expect(hello.id).toMatch(/^833903fffffffff\.\d+-833905fffffffff\.\d+$/);
});

test('a pass ends the stream in time and is refused afterwards; a forged, a foreign and a fifth one are refused', async () => {
  const cell = '833908fffffffff';
  await openRegion(cell, 1);
  const ask = async (pass: string, id = '') => {
    const headers = { 'last-event-id': id };
    const response = await app.request(`https://isobar.test/v1/stream?pass=${pass}`, { headers }, env);
    const { code } = await response.json<{ code: string }>();
    return [response.status, code];
  };
  const short = await passFor([cell], { untilMs: Date.now() + 1500 });
  const reader = await listen(short);
  expect((await reader.next()).event).toBe('hello');
  expect((await reader.next()).event).toBe('end');
  expect(await reader.isOver()).toBe(true);
  expect(await ask(short)).toEqual([410, 'pass-over']);

  const pass = await passFor([cell], { id: 'bb' });
  expect(
    await ask(
      `${passText({ id: 'bb', devices: null, quantities: ['temp'], begin: new Map(), untilMs: 9e15 })}.${pass.split('.')[1]}`,
    ),
  ).toEqual([403, 'bad-token']);
  expect(await ask(pass, 'nonsense')).toEqual([400, 'bad-position']);
  const readers = [await listen(pass), await listen(pass), await listen(pass), await listen(pass)];
  expect(await ask(pass)).toEqual([429, 'pass-in-use']);
  for (const one of readers) await one.cancel();
});

test('strangers are told what is missing, and wake no object', async () => {
  const ask = async (query: string) => {
    const response = await app.request(`https://isobar.test/v1/stream${query}`, {}, env);
    return [response.status, (await response.json<{ code: string }>()).code];
  };
  expect(await ask('')).toEqual([400, 'missing-parameter']);
  expect(await ask('?cell=831fb0fffffffff')).toEqual([404, 'no-such-region']);
  expect(await ask('?pass=abc.def')).toEqual([403, 'bad-token']);
});
