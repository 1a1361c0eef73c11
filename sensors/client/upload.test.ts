import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { generateKeyPem, loadDeviceKey } from './key.ts';
import { type Batch, DEFAULT_RETRY, type DeviceClock, type Transport, uploadBatch } from './upload.ts';

type Seen = { readonly nonce: string; readonly created: number; readonly body: string };
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const BATCH: Batch = {
  nonce: '000000000000a3f1',
  contentType: 'application/senml+json',
  body: new TextEncoder().encode('[{"n":"temp","v":1}]'),
};
const KEY = await loadDeviceKey(await generateKeyPem('ed25519'));
if (!KEY.ok) throw new Error(KEY.error.detail);
const RECEIPT = {
  receipt: 'cell-1',
  device: KEY.value.did,
  readings: { accepted: 1, duplicate: 0, late: 0, refused: [] },
  flags: [],
};

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const cutTheLine: Answer = (_response, request) => request.socket.destroy();

/** A server on the loopback that gives the answers in turn, the last one for ever. */
async function serve(answers: readonly Answer[]): Promise<{ readonly url: string; readonly seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await buffer(request);
      const input = String(request.headers['signature-input']);
      seen.push({
        nonce: /nonce="(\w+)"/.exec(input)?.[1] ?? '',
        created: Number(/created=(\d+)/.exec(input)?.[1]),
        body: body.toString('utf8'),
      });
      (answers[seen.length - 1] ?? answers.at(-1))?.(response, request);
    };
    void answer();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(
    () =>
      new Promise<void>((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/x`, seen };
}

/** Real HTTP; time passes only where the client waits. */
function transportAt(startMs: number): Transport & { readonly waits: readonly number[] } {
  const waits: number[] = [];
  const waited = (): number => waits.reduce((sum, ms) => sum + ms, 0);
  return {
    waits,
    fetch: (request) => fetch(request),
    nowMs: () => startMs + waited(),
    wait: async (ms) => void waits.push(ms),
    jitter: () => 0.5,
    isStopping: () => false,
  };
}

async function upload(answers: readonly Answer[], clock?: DeviceClock) {
  if (!KEY.ok) throw new Error(KEY.error.detail);
  const { url, seen } = await serve(answers);
  const transport = transportAt(1_700_000_000_000);
  const result = await uploadBatch(KEY.value, url, BATCH, transport, clock, { ...DEFAULT_RETRY, attempts: 4 });
  return { result, seen, waits: transport.waits };
}

test('a 201 is an accepted batch with its receipt', async () => {
  const { result, seen } = await upload([json(201, RECEIPT)]);
  expect(result).toEqual({ ok: true, value: { status: 'accepted', receipt: RECEIPT } });
  expect(seen).toHaveLength(1);
});

test('when the line is cut the same nonce and bytes go again under a new created', async () => {
  const { result, seen } = await upload([cutTheLine, cutTheLine, cutTheLine, json(200, RECEIPT)]);
  expect(result).toEqual({ ok: true, value: { status: 'repeated', receipt: RECEIPT } });
  expect(new Set(seen.map(({ nonce, body }) => `${nonce} ${body}`)).size).toBe(1);
  expect(seen.at(-1)?.created).toBeGreaterThan(seen[0]?.created ?? Number.POSITIVE_INFINITY);
});

test('a 200 that is no receipt of this device is no receipt: the batch goes again', async () => {
  const portal: Answer = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>');
  const stranger = json(200, { ...RECEIPT, device: 'did:key:z6MkktzFbsVR4Zq9gWi2MN2ZuCaGpzVFVd1VEDPs2ZHqvJW5' });
  const { result, seen } = await upload([portal, stranger, json(201, RECEIPT)]);
  expect(result).toMatchObject({ ok: true, value: { status: 'accepted' } });
  expect(seen).toHaveLength(3);
});

test('Retry-After may be a date, and no server in trouble sends a device away for more than an hour', async () => {
  const at = (value: string): Answer => json(503, {}, { 'retry-after': value });
  const date = new Date(1_700_000_090_000).toUTCString();
  const { waits } = await upload([at(date), at('999999'), at('soon'), json(201, RECEIPT)]);
  expect(waits).toEqual([90_000, 3_600_000, 1000]);
});

test('an expired receipt counts as delivered', async () => {
  const { result } = await upload([json(200, { receipt: 'cell-9', expired: true })]);
  expect(result).toEqual({ ok: true, value: { status: 'expired', receipt: 'cell-9' } });
});

test('a busy network is asked again when it says, and otherwise with growing pauses', async () => {
  const busy = json(429, { code: 'too-many-requests' }, { 'retry-after': '7' });
  const { waits, result } = await upload([busy, json(503, {}), json(503, {}), json(201, RECEIPT)]);
  expect(waits).toEqual([7000, 500, 1000]);
  expect(result.ok).toBe(true);
});

test('after the last attempt the batch stays with the caller', async () => {
  const { result, seen } = await upload([json(500, { code: 'internal', detail: 'oops' })]);
  expect(result).toEqual({ ok: false, error: { reason: 'unreachable', attempts: 4, detail: '500 internal: oops' } });
  expect(seen).toHaveLength(4);
});

test('a refusal is not repeated and keeps code, remedy and the highest nonce', async () => {
  const problem = {
    code: 'nonce-too-old',
    detail: 'below the window',
    remedy: 'go on above',
    highest: '00000000000000ff',
  };
  const { result, seen } = await upload([json(409, problem)]);
  expect(result).toMatchObject({ ok: false, error: { reason: 'refused', problem: { status: 409, ...problem } } });
  expect(seen).toHaveLength(1);
});

test('a device with a wrong clock signs anew with the time of the server, and remembers it', async () => {
  const clock = { offsetMs: 0 };
  const skew = json(400, { code: 'clock-skew', detail: 'too old', 'server-time': 1_800_000_000 });
  const { result, seen } = await upload([skew, json(201, RECEIPT)], clock);
  expect(result.ok).toBe(true);
  expect(seen.map(({ created }) => created)).toEqual([1_700_000_000, 1_800_000_000]);
  expect(clock.offsetMs).toBe(100_000_000_000);
});

test('a clock that stays wrong after the correction is a refusal, not a loop', async () => {
  const { result, seen } = await upload([json(400, { code: 'clock-skew', 'server-time': 1_800_000_000 })]);
  expect(result).toMatchObject({ ok: false, error: { reason: 'refused', problem: { code: 'clock-skew' } } });
  expect(seen).toHaveLength(2);
});
