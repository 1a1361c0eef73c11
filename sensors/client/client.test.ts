/** The client against a model of the network: real signatures, real forms, the nonce rule; time passes where it waits. */
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readCoseBatch } from '../../core/cose/batch.ts';
import { startModelIngest, type ModelIngest } from '../../test/support/model-ingest.ts';
import { type ClientEvent, type ClientOptions, MemoryStorage, openClient } from './client.ts';
import { generateKeyPem, KEY_ALGORITHMS, loadDeviceKey, type SigningKey } from './key.ts';
import { Queue } from './queue.ts';
import type { World } from './world.ts';

const NOW_MS = Math.floor(Date.now() / 1000) * 1000;

async function newKey(algorithm: (typeof KEY_ALGORITHMS)[number] = 'ed25519'): Promise<SigningKey> {
  const key = await loadDeviceKey(await generateKeyPem(algorithm));
  if (!key.ok) throw new Error(key.error.detail);
  return key.value;
}

type Rig = {
  readonly network: ModelIngest;
  readonly storage: MemoryStorage;
  readonly events: ClientEvent[];
  readonly waits: number[];
  readonly open: (more?: Partial<ClientOptions>) => ReturnType<typeof openClient>;
};

/** A network of its own, and a clock that moves only while the client waits. */
async function rig(more: Partial<ClientOptions> = {}, world: Partial<World> = {}): Promise<Rig> {
  const network = await startModelIngest();
  onTestFinished(() => network.stop());
  const key = await newKey();
  const storage = new MemoryStorage();
  const events: ClientEvent[] = [];
  const waits: number[] = [];
  const passed = (): number => waits.reduce((sum, ms) => sum + ms, 0);
  const options: ClientOptions = {
    ingestUrl: network.ingestUrl,
    key,
    storage,
    onEvent: (event) => events.push(event),
    world: {
      nowMs: () => NOW_MS + passed(),
      monotonicMs: passed,
      random: () => 0.5,
      wait: async (ms) => void waits.push(ms),
      ...world,
    },
    ...more,
  };
  return { network, storage, events, waits, open: (extra) => openClient({ ...options, ...extra }) };
}

const readings = (count: number, firstMs = NOW_MS - 600_000) =>
  Array.from(
    { length: count },
    (_, n) => ({ quantity: 'temp', value: n / 100, measuredMs: firstMs + n * 10 }) as const,
  );

/** An answer in place of the network's. */
const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ code, detail: code, ...more }), { status, headers });

/** The given answers first, then the network's own. */
function answering(answers: (Response | 'lost')[]): Pick<World, 'fetch'> & { readonly sent: Request[] } {
  const sent: Request[] = [];
  return {
    sent,
    fetch: async (request) => {
      sent.push(request.clone());
      const answer = answers.shift();
      if (answer === undefined) return fetch(request);
      if (answer !== 'lost') return answer;
      await fetch(request);
      throw new TypeError('the line was cut');
    },
  };
}

const digestOf = (hash: Uint8Array): string => `sha-256=:${base64.encode(hash)}:`;
const nonceOf = (request: Request): string =>
  /nonce="(\w+)"/.exec(request.headers.get('signature-input') ?? '')?.[1] ?? '';

test.each(KEY_ALGORITHMS)(
  'readings recorded with a %s key arrive once, in batches of the size set',
  async (algorithm) => {
    const { network, open, events } = await rig({ key: await newKey(algorithm), batch: { maxReadings: 100 } });
    const client = await open();
    expect(await client.record(readings(250))).toEqual({ ok: true, value: 'kept' });
    expect(client.status()).toMatchObject({ waiting: 250, accepted: 0 });
    expect(await client.flush()).toMatchObject({ ok: true, value: { waiting: 0, accepted: 250 } });
    expect(new Set(network.counted.values())).toEqual(new Set([1]));
    expect(events.map((event) => event.kind === 'delivered' && event.measurements)).toEqual([100, 100, 50]);
    // Oldest first.
    expect([...network.values.keys()]).toEqual([...network.values.keys()].toSorted());
  },
);

test('a clock that is set back by hours delays nothing', async () => {
  const machine = { nowMs: NOW_MS };
  const paused: number[] = [];
  const stop = new AbortController();
  const world: Partial<World> = {
    nowMs: () => machine.nowMs,
    wait: async (ms, signal) => {
      if (!Number.isFinite(ms)) return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
      paused.push(ms);
      machine.nowMs += ms;
    },
    fetch: async (request) => {
      stop.abort();
      return fetch(request);
    },
  };
  const { open } = await rig({ batch: { maxWaitMs: 60_000 } }, world);
  const client = await open();
  await client.record(readings(1));
  machine.nowMs -= 3 * 3_600_000;
  await client.run({ signal: stop.signal });
  expect(paused).toEqual([60_000]);
});

test('a large body goes compressed, a small one as it is', async () => {
  const wire = answering([]);
  const { network, open } = await rig({}, wire);
  const client = await open();
  await client.record(readings(500));
  await client.flush();
  await client.record(readings(2, NOW_MS));
  await client.flush();
  expect(network.counted.size).toBe(502);
  expect(wire.sent.map(({ headers }) => headers.get('content-encoding'))).toEqual(['gzip', null]);
  expect((await wire.sent[0]?.arrayBuffer())?.byteLength).toBeLessThan(8_000);
});

test('what got no answer goes again under its nonce, and counts once; pauses grow with full jitter', async () => {
  const wire = answering(['lost', problem(503, 'region-unavailable', {}, { 'retry-after': '7' }), 'lost']);
  const { network, open, waits, events } = await rig({}, wire);
  const client = await open();
  await client.record(readings(3));
  expect(await client.flush()).toMatchObject({ ok: true });
  expect(waits).toEqual([500, 7_000, 2_000]);
  expect(new Set(wire.sent.map(nonceOf)).size).toBe(1);
  const created = wire.sent.map(({ headers }) =>
    Number(/created=(\d+)/.exec(headers.get('signature-input') ?? '')?.[1]),
  );
  expect(new Set(created).size).toBe(3);
  expect([...network.counted.values()]).toEqual([1, 1, 1]);
  expect(events.map(({ kind }) => kind)).toContain('unreachable');
});

test('flush gives up after its attempts, says why, and the next program goes on with the same nonce and bytes', async () => {
  const wire = answering([]);
  const { network, open } = await rig({ retry: { attempts: 3 } }, wire);
  const client = await open();
  await client.record(readings(3));
  network.isAway = true;
  expect(await client.flush()).toMatchObject({ ok: false, error: { reason: 'unreachable' } });
  expect(client.status()).toMatchObject({ waiting: 3, failures: 2 });
  network.isAway = false;
  const next = await open();
  expect(await next.flush()).toMatchObject({ ok: true, value: { accepted: 3 } });
  const bodies = await Promise.all(wire.sent.map((request) => request.text()));
  expect([new Set(wire.sent.map(nonceOf)).size, new Set(bodies).size]).toEqual([1, 1]);
});

test('a reading that the network refuses is set aside with its problem, alone; all others arrive', async () => {
  const wire: Pick<World, 'fetch'> = {
    fetch: async (request) => {
      const records = JSON.parse(await request.clone().text()) as { v: number }[];
      const record = records.findIndex(({ v }) => v === 1.37);
      return record < 0 ? fetch(request) : problem(422, 'out-of-type', { record });
    },
  };
  const { network, open, storage, events } = await rig({ gzipAboveBytes: Number.POSITIVE_INFINITY }, wire);
  const client = await open();
  await client.record(readings(300));
  expect(await client.flush()).toMatchObject({ ok: true, value: { waiting: 0, accepted: 299 } });
  expect([...network.counted.values()]).toEqual(Array.from({ length: 299 }, () => 1));
  expect(storage.aside.map((line) => JSON.parse(line) as object)).toMatchObject([
    { what: 'refused', code: 'out-of-type', measurements: [{ quantity: 'temp', value: 1.37 }] },
  ]);
  expect(events.filter((event) => event.kind === 'refused' && event.remedy === 'set-aside')).toHaveLength(1);
});

test('a device whose every reading is refused asks once a reading, not ten times', async () => {
  let posts = 0;
  const wire: Pick<World, 'fetch'> = { fetch: async () => (posts++, problem(422, 'unknown-unit')) };
  const { open, storage } = await rig({}, wire);
  const client = await open();
  await client.record(readings(200));
  await client.flush();
  expect(storage.aside).toHaveLength(200);
  expect(posts).toBeLessThan(200 + 10);
});

test('too large for the network is split, and the size that fits is remembered', async () => {
  const sizes: number[] = [];
  const wire: Pick<World, 'fetch'> = {
    fetch: async (request) => {
      const { length } = JSON.parse(await request.clone().text()) as unknown[];
      sizes.push(length);
      return length > 60 ? problem(413, 'too-many-records', { limit: 60 }) : fetch(request);
    },
  };
  const { network, open } = await rig({ gzipAboveBytes: Number.POSITIVE_INFINITY }, wire);
  const client = await open();
  await client.record(readings(200));
  expect(await client.flush()).toMatchObject({ ok: true });
  expect(sizes).toEqual([200, 100, 50, 50, 50, 50]);
  expect(network.counted.size).toBe(200);
});

test('a device with a wrong clock takes the time of the server for signatures and readings, and keeps its own', async () => {
  const wire = answering([problem(401, 'clock-skew', { 'server-time': NOW_MS / 1000 })]);
  const dead = 1_000_000;
  const { network, open, events } = await rig({}, { ...wire, nowMs: () => dead });
  const client = await open();
  await client.record(readings(1));
  expect(await client.flush()).toMatchObject({ ok: true, value: { clockOffsetMs: NOW_MS - dead } });
  await client.record({ quantity: 'rh', value: 50 });
  expect(await client.flush()).toMatchObject({ ok: true });
  expect([...network.values.keys()].at(-1)).toBe(`rh ${new Date(NOW_MS).toISOString()}`);
  expect(wire.sent).toHaveLength(3);
  expect(events).toContainEqual({ kind: 'clock', offsetMs: NOW_MS - dead });
});

test('a network that always finds the clock wrong is waited for, not asked in a loop', async () => {
  let posts = 0;
  const skew = () => problem(401, 'clock-skew', { 'server-time': NOW_MS / 1000 });
  const { open } = await rig({ retry: { attempts: 2 } }, { fetch: async () => (posts++, skew()) });
  const client = await open();
  await client.record(readings(1));
  expect(await client.flush()).toMatchObject({ ok: false, error: { reason: 'refused' } });
  expect(posts).toBe(4);
});

test('a key that another program used goes on above the highest nonce, and nothing counts twice', async () => {
  const wire = answering([problem(409, 'nonce-too-old', { highest: '0fffffffffffff00' })]);
  const { network, open } = await rig({}, wire);
  const client = await open();
  await client.record(readings(2));
  expect(await client.flush()).toMatchObject({ ok: true });
  expect(wire.sent.map(nonceOf).at(-1)).toBe('0fffffffffffff01');
  expect([...network.counted.values()]).toEqual([1, 1]);
});

test('an old copy of a queue whose nonce was used for other bytes sends again under a new one', async () => {
  const { network, open, storage } = await rig();
  const first = await open();
  const copy = storage.bytes;
  await first.record(readings(1));
  await first.flush();
  storage.bytes = copy;
  const second = await open();
  await second.record(readings(1, NOW_MS - 1_000));
  expect(await second.flush()).toMatchObject({ ok: true });
  expect([...network.counted.values()]).toEqual([1, 1]);
});

test('a batch of one reading on its way is made anew under a new key', async () => {
  const { network, open, storage, events } = await rig({ retry: { attempts: 1 } });
  network.isAway = true;
  const before = await open();
  await before.record(readings(1));
  expect(await before.flush()).toMatchObject({ ok: false });
  network.isAway = false;
  const key = await newKey();
  const after = await open({ key });
  expect(await after.flush()).toMatchObject({ ok: true, value: { waiting: 0, accepted: 1 } });
  expect([...network.counted.keys()]).toEqual([expect.stringContaining(key.did)]);
  expect(storage.aside).toEqual([]);
  expect(events.filter((event) => event.kind === 'refused').map(({ remedy }) => remedy)).toEqual(['remake']);
});

test('a network that always finds the name wrong is not asked for ever', async () => {
  let posts = 0;
  const { open, storage } = await rig({}, { fetch: async () => (posts++, problem(422, 'wrong-base-name')) });
  const client = await open();
  await client.record(readings(1));
  expect(await client.flush()).toMatchObject({ ok: true, value: { waiting: 0 } });
  expect([posts, storage.aside.length]).toEqual([2, 1]);
});

test('what an operator has to mend waits; nothing is given up', async () => {
  const wire = answering([problem(403, 'unknown-device'), problem(404, 'unknown-ingest-address')]);
  const { network, open, storage, events, waits } = await rig({}, wire);
  const client = await open();
  await client.record(readings(2));
  expect(await client.flush()).toMatchObject({ ok: true });
  expect([network.counted.size, storage.aside.length, waits.length]).toEqual([2, 0, 2]);
  expect(events.filter((event) => event.kind === 'refused').map(({ remedy }) => remedy)).toEqual(['wait', 'wait']);
});

test('a second reading of the same quantity and time is known, also after a restart', async () => {
  const { network, open } = await rig();
  const client = await open();
  const [reading] = readings(1);
  if (!reading) throw new Error('one reading');
  const both = await Promise.all([client.record(reading), client.record({ ...reading, value: 3 })]);
  expect(both.map((kept) => kept.ok && kept.value)).toEqual(['kept', 'known']);
  const again = await open();
  expect(await again.record(reading)).toEqual({ ok: true, value: 'known' });
  await again.flush();
  expect([...network.values.values()]).toEqual([0]);
});

test('a reading that JSON or the catalogue cannot carry is refused at once, and so is one too many', async () => {
  const { open } = await rig();
  const client = await open({ maxQueueBytes: 2_000 });
  for (const wrong of [
    { quantity: 'tmp' as 'temp', value: 1 },
    { quantity: 'temp', value: Number.NaN },
    { quantity: 'temp', value: 1, measuredMs: 1.5 },
  ] as const)
    expect(await client.record(wrong)).toMatchObject({ ok: false, error: { reason: 'bad-reading' } });
  expect(await client.record(readings(20))).toMatchObject({ ok: true });
  expect(await client.record(readings(100, NOW_MS))).toMatchObject({ ok: false, error: { reason: 'full' } });
  expect(client.status().waiting).toBe(20);
});

test('a disk that takes nothing is told to whoever records, and the same reading can be recorded later', async () => {
  const { open, storage, network } = await rig();
  const client = await open();
  const append = storage.append.bind(storage);
  storage.append = () => Promise.reject(new Error('ENOSPC: no space left on device'));
  const [reading] = readings(1);
  if (!reading) throw new Error('one reading');
  const told = await Promise.all([client.record(reading), client.record(reading)]);
  for (const kept of told) expect(kept).toMatchObject({ ok: false, error: { reason: 'not-stored' } });
  storage.append = append;
  expect(await client.record(reading)).toEqual({ ok: true, value: 'kept' });
  storage.append = () => Promise.reject(new Error('ENOSPC: no space left on device'));
  expect(await client.flush()).toMatchObject({ ok: false, error: { reason: 'not-stored' } });
  expect(network.counted.size).toBe(0);
  storage.append = append;
  expect(await client.flush()).toMatchObject({ ok: true, value: { accepted: 1 } });
});

test('a batch is stored with its nonce and bytes before the first of it is sent', async () => {
  const { storage, open } = await rig({}, { fetch: (request) => Promise.resolve(check(request)) });
  const stored: boolean[] = [];
  function check(request: Request): Response {
    const { pending } = Queue.peek(storage.bytes);
    stored.push(pending?.nonce === nonceOf(request));
    return problem(403, 'unknown-device');
  }
  const client = await open({ retry: { attempts: 1 } });
  await client.record(readings(1));
  await client.flush();
  expect(stored).toEqual([true]);
});

test.each(['json', 'cose'] as const)(
  'each batch in %s names the one accepted before it, also over a restart',
  async (form) => {
    const named: (string | null)[] = [];
    const bodies: Uint8Array[] = [];
    const { open, network, storage } = await rig(
      { form, gzipAboveBytes: 0 },
      {
        fetch: async (request) => {
          const body = new Uint8Array(await request.clone().arrayBuffer());
          const cose =
            form === 'cose' ? readCoseBatch(body, new URL(request.url).host, new URL(request.url).pathname) : null;
          if (cose !== null && !cose.ok) throw new Error(cose.error.reason);
          const previous = cose?.value.previous ?? null;
          named.push(form === 'json' ? request.headers.get('previous-digest') : previous && digestOf(previous));
          bodies.push(cose === null ? body : cose.value.payload);
          if (bodies.length === 2) return problem(503, 'region-unavailable');
          const told = { accepted: 1, duplicate: 0, late: 0, refused: [] };
          const receipt = {
            receipt: `r-${bodies.length}`,
            device: cose?.value.device ?? device,
            readings: told,
            flags: [],
          };
          return new Response(JSON.stringify(receipt), { status: 201 });
        },
      },
    );
    const key = await newKey();
    const device = key.did;
    for (let batch = 0; batch < 3; batch++) {
      const client = await open({ key });
      await client.record(readings(3, NOW_MS - batch * 1000));
      expect(await client.flush()).toMatchObject({ ok: true });
    }
    const hashes = bodies.map((body) => digestOf(sha256(body)));
    expect(named).toEqual([null, hashes[0], hashes[0], hashes[2]]);
    expect([network.counted.size, Queue.peek(storage.bytes).waiting.length]).toEqual([0, 0]);
  },
);

test('run sends a batch when it is full or its oldest reading is old enough, and stops at the signal', async () => {
  const stopping = new AbortController();
  let sent = 0;
  const untilSent = (count: number) => vi.waitFor(() => expect(sent).toBe(count), { timeout: 20_000 });
  const { open, network } = await rig({
    batch: { maxReadings: 10, maxWaitMs: 60 },
    world: {},
    onEvent: (event) => {
      if (event.kind === 'delivered') sent += event.measurements;
    },
  });
  const client = await open();
  await client.record(readings(3));
  const startedMs = performance.now();
  const running = client.run({ signal: stopping.signal });
  await client.record(readings(2, NOW_MS - 5_000));
  expect(await client.record(readings(5, NOW_MS - 4_000))).toMatchObject({ ok: true });
  // Full: at once, unless the machine is so slow that some were old enough before. The rest: by age, one after the other.
  await untilSent(10);
  await client.record(readings(7, NOW_MS - 3_000));
  await untilSent(17);
  await client.record(readings(1, NOW_MS - 2_000));
  await untilSent(18);
  stopping.abort();
  await running;
  expect(performance.now() - startedMs).toBeGreaterThan(100);
  expect([network.counted.size, sent]).toEqual([18, 18]);
  await client.close();
});

test('run goes on when the key store does not answer, and the batch goes under its nonce once it does', async () => {
  const stopping = new AbortController();
  const { open, network, storage, events } = await rig({
    batch: { maxWaitMs: 0 },
    onEvent: (event) => {
      events.push(event);
      if (event.kind === 'delivered') stopping.abort();
    },
  });
  const key = await newKey();
  const nonces: (string | undefined)[] = [];
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    nonces.push(Queue.peek(storage.bytes).pending?.nonce);
    if (nonces.length < 3) throw new Error('the TPM is busy');
    return key.sign(message);
  };
  const client = await open({ key: { ...key, sign } });
  await client.record(readings(1));
  await client.run({ signal: stopping.signal });
  expect(events.map(({ kind }) => kind)).toEqual(['unreachable', 'waiting', 'unreachable', 'waiting', 'delivered']);
  expect(events[0]).toEqual({ kind: 'unreachable', detail: 'the TPM is busy' });
  expect([nonces.length, new Set(nonces).size, network.counted.size]).toEqual([3, 1, 1]);
});
