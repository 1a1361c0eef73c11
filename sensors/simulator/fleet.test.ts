import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json as readJson } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { hourOf } from '../../core/time.ts';
import { generateKeyPem, loadDeviceKey } from '../client/key.ts';
import type { FleetDevice } from './device.ts';
import { type FleetOptions, runFleet, UnsuitableStation } from './fleet.ts';
import { backfillStart } from './schedule.ts';
import { FAULT_NAMES } from './weather.ts';

type Post = { readonly device: string; readonly nonce: string; readonly records: readonly Record<string, unknown>[] };

const NOW = 1_795_000_015_000;
const STATIONS = ['28079018', '28079036', 'Dingling'];
const TIME = LOCAL_RULES.time;

let directory: string;
let posts: Post[];
let close: () => void;
let devices: readonly FleetDevice[];
/** Answers for the next posts, in turn; 201 after them. */
let answers: { readonly status: number; readonly body: object }[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isobar-fleet-'));
  posts = [];
  answers = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const records = await readJson(request);
      const input = String(request.headers['signature-input']);
      const device = /keyid="([^"]+)"/.exec(input)?.[1] ?? '';
      const { status, body } = answers.shift() ?? { status: 201, body: receiptOf(device, records as []) };
      posts.push({
        device,
        nonce: /nonce="(\w+)"/.exec(input)?.[1] ?? '',
        records: records as Post['records'],
      });
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    void answer();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  const ingestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/readings`;
  devices = await Promise.all(STATIONS.map((station) => newDevice(station, ingestUrl)));
});
afterEach(async () => {
  close();
  await rm(directory, { recursive: true });
});

async function newDevice(station: string, ingestUrl: string): Promise<FleetDevice> {
  const pem = await generateKeyPem('ed25519');
  const keyFile = join(directory, `${station}.pem`);
  await writeFile(keyFile, pem);
  const key = await loadDeviceKey(pem);
  return { did: key.ok ? key.value.did : '', ingestUrl, keyFile, station };
}

const receiptOf = (device: string, records: readonly unknown[]) => ({
  receipt: 'cell-1',
  device,
  readings: { accepted: records.length, duplicate: 0, late: 0, refused: [] },
  flags: [],
});

function start(nowMs: number, more: Partial<FleetOptions> = {}) {
  const lines: string[] = [];
  const options: FleetOptions = {
    devices,
    rules: LOCAL_RULES,
    stateDir: join(directory, 'state'),
    signal: new AbortController().signal,
    isBackfillOnly: true,
    transport: { nowMs: () => nowMs, wait: async () => undefined },
    ...more,
  };
  return runFleet(options, (line) => lines.push(line)).then((summary) => ({ ...summary, lines }));
}

/** Hours of the posts of a device, from the times in its packs, in the order sent. */
function hoursOf(device: FleetDevice | undefined): readonly number[] {
  const hours = posts
    .filter((post) => post.device === device?.did)
    .flatMap(({ records }) => {
      const base = Number(records[0]?.['bt']);
      return records.map((record) => hourOf((base + Number(record['t'] ?? 0)) * 1000, TIME));
    });
  return [...new Set(hours)];
}

test('the fleet catches up from four epochs ago, oldest first, without a hole', async () => {
  const { tally, lines } = await start(NOW);
  const first = backfillStart(NOW, TIME);
  const last = hourOf(NOW, TIME);
  for (const device of devices) {
    expect(hoursOf(device)).toEqual(Array.from({ length: last - first + 1 }, (_, offset) => first + offset));
  }
  expect(tally.accepted).toBe(posts.length);
  expect(tally.readings).toBe(posts.reduce((sum, { records }) => sum + records.length, 0));
  expect(lines).toContain('all 3 devices are up to date');
});

test('devices catch up side by side: none is two batches ahead of another', async () => {
  await start(NOW, { concurrency: 1 });
  const sent = new Map(devices.map(({ did }) => [did, 0]));
  const most = Math.ceil((hourOf(NOW, TIME) - backfillStart(NOW, TIME) + 1) / 24);
  for (const { device } of posts) {
    sent.set(device, (sent.get(device) ?? 0) + 1);
    if (Math.max(...sent.values()) < most)
      expect(Math.max(...sent.values()) - Math.min(...sent.values())).toBeLessThan(2);
  }
});

test('a second start sends only the hours missed in between', async () => {
  await start(NOW);
  posts = [];
  await start(NOW + 3 * TIME.hourSeconds * 1000);
  const last = hourOf(NOW, TIME);
  for (const device of devices) expect(hoursOf(device)).toEqual([last + 1, last + 2, last + 3]);
});

test('nonces of a device rise from batch to batch and over a restart', async () => {
  await start(NOW);
  await start(NOW + 40_000);
  for (const { did } of devices) {
    const nonces = posts.filter((post) => post.device === did).map(({ nonce }) => nonce);
    expect(nonces.length).toBeGreaterThan(5);
    expect(nonces).toEqual([...new Set(nonces)].toSorted((a, b) => (a < b ? -1 : 1)));
  }
});

test('a batch that the network could not take is sent again at the next start, with its nonce and bytes', async () => {
  devices = devices.slice(0, 1);
  answers = Array.from({ length: 6 }, () => ({ status: 503, body: {} }));
  const { tally, lines } = await start(NOW);
  expect(tally).toMatchObject({ accepted: 0, unreachable: 1 });
  expect(lines).toContain('1 of 1 devices are behind; the next start goes on from there');
  await start(NOW + 20_000);
  expect(new Set(posts.slice(0, 7).map((post) => JSON.stringify(post))).size).toBe(1);
});

test('a batch under a nonce that the network has passed goes on above it', async () => {
  devices = devices.slice(0, 1);
  answers = [{ status: 409, body: { code: 'nonce-too-old', highest: '7fffffffffff0000', detail: 'x' } }];
  const { tally } = await start(NOW);
  expect(tally.refused).toEqual(new Map([['nonce-too-old', 1]]));
  expect(posts[1]).toEqual({ ...posts[0], nonce: '7fffffffffff0001' });
});

test('a network that refuses every nonce is left alone after three', async () => {
  devices = devices.slice(0, 1);
  answers = Array.from({ length: 9 }, () => ({ status: 409, body: { code: 'nonce-reused', detail: 'x' } }));
  await start(NOW);
  expect(posts).toHaveLength(3);
  expect(new Set(posts.map(({ nonce }) => nonce)).size).toBe(3);
});

test('a pack that the network refuses for good is given up, and the next one goes out', async () => {
  devices = devices.slice(0, 1);
  answers = [{ status: 422, body: { code: 'out-of-type', detail: 'x' } }];
  const { tally } = await start(NOW);
  expect(tally.refused).toEqual(new Map([['out-of-type', 1]]));
  expect(posts[1]?.records).not.toEqual(posts[0]?.records);
  expect(tally.accepted).toBe(posts.length - 1);
});

test('two fleets do not run on one state', async () => {
  const controller = new AbortController();
  // Both would find the folder free if they came at once; who posts has it.
  const posting = Promise.withResolvers<void>();
  const send = (request: Request): Promise<Response> => {
    posting.resolve();
    return fetch(request);
  };
  const transport = { nowMs: () => NOW, fetch: send };
  const running = start(NOW, { isBackfillOnly: false, signal: controller.signal, transport });
  await posting.promise;
  await expect(start(NOW)).rejects.toThrow('already runs');
  controller.abort();
  await running;
  await start(NOW);
});

test('a device that cannot write its state stops the fleet before anything of it is sent', async () => {
  await mkdir(join(directory, 'state', '28079018.queue'), { recursive: true });
  await expect(start(NOW, { isBackfillOnly: false, transport: { nowMs: () => NOW } })).rejects.toThrow('EISDIR');
  expect(posts.some(({ device }) => device === devices[0]?.did)).toBe(false);
});

test('one station of the fleet cheats from its second day on, and no other', async () => {
  const nitrogen = () =>
    devices.map(({ did }) =>
      posts
        .filter(({ device }) => device === did)
        .flatMap(({ records }) => records.filter(({ n }) => n === 'no2').map(({ v }) => Number(v))),
    );
  await start(NOW);
  const [honest, , other] = nitrogen();
  posts = [];
  await start(NOW, { stateDir: join(directory, 'cheat'), attack: { name: 'constant', station: '28079018' } });
  const [told, , same] = nitrogen();
  expect(told?.slice(0, 24)).toEqual(honest?.slice(0, 24));
  expect(new Set(told?.slice(24)).size).toBe(1);
  expect(same).toEqual(other);
});

test('an attack that a station has no sensor for is refused before anything is sent', async () => {
  await expect(start(NOW, { attack: { name: 'heat-gun', station: 'Dingling' } })).rejects.toThrow(UnsuitableStation);
  expect(posts).toEqual([]);
});

test('the signal ends a live fleet at once, with its summary', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  const options: FleetOptions = {
    devices,
    rules: LOCAL_RULES,
    stateDir: join(directory, 'state'),
    signal: controller.signal,
    transport: { nowMs: () => NOW },
  };
  await runFleet(options, (line) => {
    lines.push(line);
    if (line.endsWith('up to date')) controller.abort();
  });
  expect(lines.at(-1)).toMatch(/^3 devices · \d+ batches accepted/);
});

const bodies = () =>
  posts.map(({ device, nonce, records }) => `${device} ${nonce} ${JSON.stringify(records)}`).toSorted();

test('faults with one seed send the same bytes, those of another seed others, and say what they injected', async () => {
  const weather = { faults: FAULT_NAMES.filter((name) => name !== 'lost' && name !== 'delayed'), rate: 1 };
  const one = await start(NOW, { weather, seed: 'a', stateDir: join(directory, 'one') });
  const first = bodies();
  posts = [];
  const again = await start(NOW, { weather, seed: 'a', stateDir: join(directory, 'again') });
  expect(bodies()).toEqual(first);
  expect(again.labels).toEqual(one.labels);
  expect(one.labels.length).toBeGreaterThan(0);
  posts = [];
  await start(NOW, { weather, seed: 'b', stateDir: join(directory, 'other') });
  expect(bodies()).not.toEqual(first);
});

test.each(['duplicated', 'reordered', 'lost', 'delayed'] as const)(
  'over a connection on which batches are %s, every hour arrives',
  async (fault) => {
    const weather = { faults: [fault], rate: 1 };
    const options = { weather, concurrency: 1 };
    const clock = { nowMs: NOW };
    const transport = { nowMs: () => clock.nowMs, wait: async () => undefined };
    for (let turn = 0; turn < 5; turn++) {
      await start(NOW, { ...options, transport });
      clock.nowMs += 7 * TIME.hourSeconds * 1000;
    }
    const last = hourOf(clock.nowMs, TIME) - 14;
    const first = backfillStart(NOW, TIME);
    for (const device of devices) {
      const hours = new Set(hoursOf(device));
      const missing = Array.from({ length: last - first + 1 }, (_, at) => first + at).filter(
        (hour) => !hours.has(hour),
      );
      expect(missing).toEqual([]);
    }
  },
  30_000,
);

test('each of the attacks asked for is on a station of its own, the same with the same seed', async () => {
  const { labels } = await start(NOW, { attacks: ['constant', 'replay'], seed: 'x' });
  const of = new Map(labels.map(({ name, station }) => [name, station]));
  expect([...of.keys()].toSorted()).toEqual(['constant', 'replay']);
  expect(new Set(of.values()).size).toBe(2);
  await expect(start(NOW, { attacks: ['constant', 'replay', 'jitter', 'noise'] })).rejects.toThrow(UnsuitableStation);
});
