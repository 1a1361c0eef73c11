/** Live subscribers of a region on real workerd: through the edge, over hibernation, within limits. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { packReadings } from '../../core/reading/pack.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { LiveMessage } from '../../schema/api/live.ts';
import { app } from '../../worker/app.ts';
import { charterOf, memberOf, reading } from '../support/region-log.ts';
import { TEST_BINDINGS } from './bindings.ts';

const HOUR_MS = LOCAL_RULES.time.hourSeconds * 1000;

async function openRegion(cell: string): Promise<DurableObjectStub> {
  const { boundary } = charterOf(LOCAL_RULES);
  const body = JSON.stringify({ name: cell, boundary });
  const headers = { authorization: `Bearer ${TEST_BINDINGS.ADMIN_TOKEN}` };
  const opened = await app.request(
    `https://isobar.test/v1/admin/regions/${cell}`,
    { method: 'PUT', headers, body },
    env,
  );
  expect(opened.status).toBe(200);
  return env.REGION.getByName(cell);
}

async function connect(cell: string, address = '192.0.2.1'): Promise<Response> {
  const headers = { upgrade: 'websocket', 'cf-connecting-ip': address };
  return app.request(`https://isobar.test/v1/regions/${cell}/live`, { headers }, env);
}

type Listener = { readonly next: () => Promise<LiveMessage>; readonly socket: WebSocket };

function listen(response: Response): Listener {
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket, status ${response.status}`);
  const arrived: LiveMessage[] = [];
  const waiting: ((message: LiveMessage) => void)[] = [];
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as LiveMessage;
    const resolve = waiting.shift();
    if (resolve === undefined) arrived.push(message);
    else resolve(message);
  });
  socket.accept();
  return {
    socket,
    next: () => {
      const message = arrived.shift();
      return message === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(message);
    },
  };
}

test('a subscriber hears of a close that comes after the object was evicted: counts and events, no values', async () => {
  const cell = '83390dfffffffff' as RegionCell;
  await openRegion(cell);
  const stub = env.REGION.getByName(cell);
  await stub.applyMembership(memberOf(0));
  const { next, socket } = listen(await connect(cell));
  expect(await next()).toMatchObject({ type: 'hello', cell, devices: 1, readings: 0, closedUntil: null, events: [] });

  await evictDurableObject(stub);
  const now = Date.now();
  const measuredMs = (Math.floor(now / HOUR_MS) - 3) * HOUR_MS;
  const readings = [
    reading('temp', measuredMs, 99.25),
    reading('temp', measuredMs + HOUR_MS, 15),
    reading('rh', now, 50),
  ];
  const reply = await stub.ingest({
    device: memberOf(0).device,
    nonce: '0000000000000001',
    digest: sha256(utf8ToBytes('one')),
    readings: packReadings(readings.toSorted((a, b) => a.quantity - b.quantity || a.measuredMs - b.measuredMs)),
    evidence: new Uint8Array(),
  });
  expect(reply.ok).toBe(true);
  await evictDurableObject(stub);
  const summary = await stub.advance();
  expect(summary.closedThrough).toBeGreaterThan(measuredMs / HOUR_MS);

  // The backfill closes an epoch at a time.
  const events: LiveMessage['events'][number][] = [];
  for (;;) {
    const message = await next();
    expect(message.type).toBe('closed');
    events.push(...message.events);
    expect(JSON.stringify(message)).not.toContain('99.25');
    if (message.closedUntil === new Date(((summary.closedThrough ?? 0) + 1) * HOUR_MS).toISOString()) break;
  }
  const start = new Date(measuredMs).toISOString();
  const end = new Date(measuredMs + HOUR_MS).toISOString();
  const facts = { device: memberOf(0).device, name: 'Station 0', quantity: 'temp', test: 'range', flag: 4, start };
  expect(events.filter((event) => event.test === 'range')).toMatchObject([
    { ...facts, change: 'begin', end: null },
    { ...facts, change: 'end', end },
  ]);
  socket.close();
});

test('who speaks on the stream is hung up on; a ping is answered', async () => {
  const cell = '83390efffffffff';
  await openRegion(cell);
  const response = await connect(cell);
  const socket = response.webSocket;
  if (socket === null) throw new Error('no socket');
  const heard: string[] = [];
  const pong = new Promise<void>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      heard.push(String(data));
      if (data === 'pong') resolve();
    });
  });
  const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
  socket.accept();
  socket.send('ping');
  await pong;
  socket.send('hello?');
  expect(await closed).toBe(1008);
  expect(heard).toHaveLength(2);
});

test('one address may hold eight subscriptions, also over an eviction; others are still taken', async () => {
  const cell = '83390afffffffff';
  const stub = await openRegion(cell);
  const held = await Promise.all(Array.from({ length: 8 }, () => connect(cell)));
  expect(held.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 101));
  for (const { next } of held.map(listen)) expect((await next()).type).toBe('hello');
  await evictDurableObject(stub);
  const refused = await connect(cell);
  expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'live-full' }]);
  const other = listen(await connect(cell, '192.0.2.2'));
  expect((await other.next()).type).toBe('hello');
  await runInDurableObject(stub, (_, state) => expect(state.getWebSockets()).toHaveLength(9));
});

test('plain HTTP and unknown regions are told so, and wake no object', async () => {
  const plain = await app.request('https://isobar.test/v1/regions/83390dfffffffff/live', {}, env);
  expect([plain.status, plain.headers.get('upgrade'), await plain.json()]).toMatchObject([
    426,
    'websocket',
    { code: 'not-a-websocket' },
  ]);
  const unknown = await connect('831fb0fffffffff');
  expect([unknown.status, await unknown.json()]).toMatchObject([404, { code: 'no-such-region' }]);
});
