import { beforeEach, expect, test, vi } from 'vitest';
import { bytesToHex } from '@noble/hashes/utils.js';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import { unpackReadings } from '../../core/reading/pack.ts';
import { decodeEvidence } from '../../core/signature/evidence.ts';
import { evidenceBase } from '../../core/signature/verify.ts';
import { CELL, edgeEnv, ORIGIN, OTHER_CELL, type EdgeEnv } from '../../test/support/edge-env.ts';
import {
  altered,
  FIVE,
  gzip,
  newDevice,
  signedPost,
  type PostOptions,
  type TestDevice,
} from '../../test/support/signed-post.ts';
import { TEST_BINDINGS } from '../../test/workerd/bindings.ts';
import { createWebcryptoVerifier } from '../adapters/webcrypto-verifier.ts';
import { app } from '../app.ts';

const BODY = JSON.stringify([
  { bt: Math.floor(Date.now() / 1000), bver: 26, n: 'temp', u: 'Cel', v: 21.4 },
  { n: 'rh', u: '%RH', t: 60, v: 54 },
]);
const utf8 = new TextEncoder();

let edge: EdgeEnv;
let device: TestDevice;
let log: ReturnType<typeof vi.spyOn>;

beforeEach(async () => {
  edge = edgeEnv();
  device = await newDevice();
  log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  return () => log.mockRestore();
});

const urlOf = (of: TestDevice = device, cell = CELL): string =>
  `${ORIGIN}${ingestUrlPath(cell, of.did, TEST_BINDINGS.INGEST_TAG_KEY)}`;
const sign = (options: Partial<PostOptions> = {}): Promise<Request> =>
  signedPost(urlOf(), device, { body: BODY, ...options });

type Problem = { readonly code: string; readonly status: number } & Readonly<Record<string, unknown>>;

async function refused(request: Request): Promise<Problem> {
  const response = await app.request(request, undefined, edge.env);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = await response.json<Problem>();
  expect(problem.status).toBe(response.status);
  // Nothing reached the region, and the log has one line with the request's id.
  expect(edge.region(CELL).batches).toEqual([]);
  const line = JSON.parse(String(log.mock.calls.at(-1)?.[0])) as Record<string, unknown>;
  expect(line).toMatchObject({ requestId: response.headers.get('x-request-id'), code: problem.code });
  return problem;
}

for (const algorithm of ['ed25519', 'ecdsa-p256-sha256'] as const) {
  test(`a good ${algorithm} batch is handed to its region with readings, digest and evidence that verifies again`, async () => {
    device = await newDevice(algorithm);
    const response = await app.request(await sign({ nonce: '000000000000a3f1' }), undefined, edge.env);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ device: device.did, region: CELL });
    const [batch, ...others] = edge.region(CELL).batches;
    expect(others).toEqual([]);
    if (!batch) throw new Error('no batch');
    expect(batch).toMatchObject({ device: device.did, nonce: '000000000000a3f1' });
    expect(bytesToHex(batch.digest)).toBe(
      bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(BODY)))),
    );
    const readings = unpackReadings(batch.readings);
    expect(readings.ok && readings.value.map((reading) => reading.steps)).toEqual([2140, 540]);
    const evidence = decodeEvidence(batch.evidence);
    if (!evidence.ok) throw new Error(evidence.error.detail);
    expect(new TextDecoder().decode(evidence.value.body)).toBe(BODY);
    const base = evidenceBase(evidence.value, device.did);
    if (!base.ok) throw new Error(base.error.detail);
    expect(await createWebcryptoVerifier().verify(device.did, base.value, evidence.value.signature)).toEqual({
      ok: true,
      value: true,
    });
  });
}

test('a reading without a time of its own was measured when it was signed, not when it arrived', async () => {
  const createdSeconds = Math.floor(Date.now() / 1000) - 20;
  const body = '[{"n":"temp","u":"Cel","v":21.4},{"n":"rh","u":"%RH","t":-60,"v":54}]';
  await app.request(await sign({ body, createdSeconds }), undefined, edge.env);
  const readings = unpackReadings(edge.region(CELL).batches[0]?.readings ?? new Uint8Array());
  expect(readings.ok && readings.value.map(({ measuredMs }) => measuredMs / 1000 - createdSeconds)).toEqual([0, -60]);
});

test('a gzip batch is digested as posted and read as inflated', async () => {
  const body = await gzip(BODY);
  const response = await app.request(
    await sign({ body, headers: { 'content-encoding': 'gzip' } }),
    undefined,
    edge.env,
  );
  expect(response.status).toBe(201);
  const evidence = decodeEvidence(edge.region(CELL).batches[0]?.evidence ?? new Uint8Array());
  expect(evidence).toMatchObject({ ok: true, value: { contentEncoding: 'gzip', body } });
});

test('the same batch again is 200 with the same receipt, however it was signed', async () => {
  const first = await app.request(await sign(), undefined, edge.env);
  const again = await app.request(
    await sign({ createdSeconds: Math.floor(Date.now() / 1000) - 5 }),
    undefined,
    edge.env,
  );
  expect([first.status, again.status]).toEqual([201, 200]);
  expect(await again.json()).toEqual(await first.json());
  expect(edge.region(CELL).batches).toHaveLength(1);
});

test('the same nonce with other bytes is 409 nonce-reused', async () => {
  await app.request(await sign(), undefined, edge.env);
  const response = await app.request(await sign({ body: BODY.replace('21.4', '21.5') }), undefined, edge.env);
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: 'nonce-reused' });
});

test('a receipt that has expired is named', async () => {
  vi.spyOn(edge.region(CELL), 'ingest').mockResolvedValue({
    ok: true,
    value: { status: 'expired', receipt: `${CELL}-7` },
  });
  const response = await app.request(await sign(), undefined, edge.env);
  expect([response.status, await response.json()]).toEqual([200, { receipt: `${CELL}-7`, expired: true }]);
});

test.each(['signature', 'signature-input', 'content-digest'])('without %s a batch is unsigned', async (field) => {
  expect(await refused(await altered(await sign(), { headers: { [field]: null } }))).toMatchObject({
    status: 401,
    code: 'unsigned',
    missing: field,
  });
});

test('a batch signed with a key that is not the one it names is signature-invalid', async () => {
  const other = await newDevice();
  const problem = await refused(await signedPost(urlOf(), other, { body: BODY, keyid: device.did }));
  expect(problem).toMatchObject({ status: 401, code: 'signature-invalid' });
});

test('a changed signature looks from outside like a wrong key, and the log tells the reason', async () => {
  const problem = await refused(await altered(await sign(), { headers: { signature: `s=:${'A'.repeat(86)}==:` } }));
  expect(problem).toMatchObject({ status: 401, code: 'signature-invalid' });
  expect(String(log.mock.calls.at(-1)?.[0])).toContain('"reason":"wrong-signature"');
});

test('a P-256 key that is named for Ed25519 in alg does not verify', async () => {
  const request = await sign();
  const input = `${request.headers.get('signature-input')};alg="ecdsa-p256-sha256"`;
  expect(await refused(await altered(request, { headers: { 'signature-input': input } }))).toMatchObject({
    code: 'signature-invalid',
  });
});

test('a body that was altered on the way is digest-mismatch', async () => {
  expect(await refused(await altered(await sign(), { body: BODY.replace('21.4', '12.4') }))).toMatchObject({
    status: 401,
    code: 'digest-mismatch',
  });
});

test('a body signed with the digest of another is digest-mismatch', async () => {
  expect(await refused(await sign({ digestOf: Uint8Array.from([0x5b, 0x5d]) }))).toMatchObject({
    status: 401,
    code: 'digest-mismatch',
  });
});

test('a body altered together with its digest is signature-invalid', async () => {
  const body = BODY.replace('21.4', '12.4');
  const other = await sign({ body });
  const digest = other.headers.get('content-digest');
  expect(await refused(await altered(await sign(), { body, headers: { 'content-digest': digest } }))).toMatchObject({
    code: 'signature-invalid',
  });
});

test.each([-400, 60])('created %d seconds from now is clock-skew with the time of the server', async (offset) => {
  const now = Math.floor(Date.now() / 1000);
  const problem = await refused(await sign({ createdSeconds: now + offset }));
  expect(problem).toMatchObject({ status: 401, code: 'clock-skew' });
  expect(Math.abs(Number(problem['server-seconds']) - now)).toBeLessThanOrEqual(5);
  expect(Date.parse(String(problem['server-time']))).toBe(Number(problem['server-seconds']) * 1000);
});

test('a device that was given no such address wakes no object', async () => {
  const stranger = await newDevice();
  const asked = vi.spyOn(edge.env.REGION, 'getByName');
  const addresses: readonly (readonly [TestDevice, string])[] = [
    [stranger, urlOf(device)],
    [device, `${ORIGIN}/v1/regions/${CELL}/readings/0000000000000000`],
    [device, urlOf().slice(0, -1)],
    [device, urlOf().replace(CELL, OTHER_CELL)],
    [device, urlOf().replace(CELL, 'nonsense')],
    [device, urlOf().replace(CELL, CELL.toUpperCase())],
    // The same address in another spelling is another address: evidence must name one.
    [device, urlOf().replace('831', '%3831')],
  ];
  for (const [sender, url] of addresses) {
    const response = await app.request(await signedPost(url, sender, { body: BODY }), undefined, edge.env);
    expect([url, response.status, await response.json()]).toMatchObject([url, 404, { code: 'unknown-ingest-address' }]);
  }
  expect(asked).not.toHaveBeenCalled();
});

test.each([
  [{ reason: 'unknown-device', device: 'x' }, 403, 'unknown-device'],
  [{ reason: 'retired-device', device: 'x' }, 403, 'retired-device'],
  [{ reason: 'wrong-region', owner: OTHER_CELL }, 409, 'wrong-region'],
  [{ reason: 'region-not-open', cell: CELL }, 409, 'region-not-open'],
  [{ reason: 'nonce-too-old', nonce: '0000000000000001', highest: '000000000000ffff' }, 409, 'nonce-too-old'],
] as const)("the region's refusal %j is told to the device", async (refusal, status, code) => {
  edge.region(CELL).refusal = refusal;
  const problem = await refused(await sign());
  expect(problem).toMatchObject({ status, code });
  if (refusal.reason === 'nonce-too-old') expect(problem['highest']).toBe('000000000000ffff');
  if (refusal.reason === 'wrong-region') expect(problem['region']).toBe(OTHER_CELL);
});

test.each([
  ['text', 'not JSON at all', 400, 'not-json'],
  ['bytes that are not UTF-8', Uint8Array.from([0x5b, 0xff, 0x5d]), 400, 'not-json'],
  ['an object', '{"n":"temp"}', 400, 'not-senml'],
  ['an empty pack', '[]', 400, 'empty-pack'],
  ['an unknown quantity', '[{"n":"radon","u":"Bq","v":1}]', 422, 'unknown-quantity'],
  ['an unknown unit', '[{"n":"temp","u":"degF","v":70}]', 422, 'unknown-unit'],
  ['a number out of its type', '[{"n":"temp","u":"Cel","v":1e12}]', 422, 'out-of-type'],
  ['an endless number', '[{"n":"temp","u":"Cel","v":1e999}]', 422, 'out-of-type'],
  ['text for a number', '[{"n":"temp","u":"Cel","v":"21"}]', 422, 'not-a-number'],
  ['the name of another device', '[{"n":"kitchen:temp","u":"Cel","v":21}]', 422, 'wrong-base-name'],
  [
    'too many records',
    JSON.stringify(Array.from({ length: 5001 }, () => ({ n: 'temp', u: 'Cel', v: 1 }))),
    413,
    'too-many-records',
  ],
])('a signed body with %s is refused with its own code', async (_name, body, status, code) => {
  expect(await refused(await sign({ body }))).toMatchObject({ status, code });
});

test('an unknown unit is answered with the accepted ones', async () => {
  expect(await refused(await sign({ body: '[{"n":"temp","u":"degF","v":70}]' }))).toMatchObject({
    record: 0,
    accepted: ['Cel', 'K'],
  });
});

test('a body over 256 KiB is too large, declared or not', async () => {
  const body = ' '.repeat(256 * 1024 + 1);
  expect(await refused(await sign({ body }))).toMatchObject({ status: 413, code: 'body-too-large' });
  expect(await refused(await sign({ body, headers: { 'content-length': String(body.length) } }))).toMatchObject({
    status: 413,
    code: 'body-too-large',
  });
});

test('a gzip bomb is stopped', async () => {
  const body = await gzip(' '.repeat(60_000_000));
  expect(await refused(await sign({ body, headers: { 'content-encoding': 'gzip' } }))).toMatchObject({
    status: 413,
    code: 'inflated-too-large',
  });
});

test('a body that only says it is gzip is refused', async () => {
  expect(await refused(await sign({ headers: { 'content-encoding': 'gzip' } }))).toMatchObject({
    status: 400,
    code: 'bad-gzip',
  });
});

test('other content types and encodings are refused', async () => {
  expect(await refused(await sign({ headers: { 'content-type': 'application/json' } }))).toMatchObject({
    status: 415,
    code: 'wrong-content-type',
  });
  expect(await refused(await sign({ headers: { 'content-encoding': 'br' } }))).toMatchObject({
    status: 415,
    code: 'unsupported-encoding',
  });
});

test('a content type with parameters is accepted as it was signed', async () => {
  const response = await app.request(
    await sign({ headers: { 'content-type': 'application/senml+json; charset=utf-8' } }),
    undefined,
    edge.env,
  );
  expect(response.status).toBe(201);
});

test('a signature for another host is refused, whatever a forwarding header says', async () => {
  const url = urlOf().replace('isobar.test', 'evil.test');
  const request = await signedPost(url, device, {
    body: BODY,
    headers: { 'x-forwarded-host': 'isobar.test', forwarded: 'host=isobar.test' },
  });
  expect(await refused(request)).toMatchObject({ status: 421, code: 'wrong-authority' });
});

test.each(FIVE)('a signature that leaves out %s covers too little', async (left) => {
  expect(await refused(await sign({ components: FIVE.filter((name) => name !== left) }))).toMatchObject({
    status: 401,
    code: 'weak-coverage',
    missing: left,
  });
});

test('a nonce that is no counter and a keyid that is no device are named', async () => {
  expect(await refused(await sign({ nonce: '1' }))).toMatchObject({ status: 400, code: 'bad-nonce' });
  expect(await refused(await sign({ keyid: 'device-7' }))).toMatchObject({ status: 400, code: 'invalid-device' });
});

test('a call that broke in transit is made once more; if it breaks again the device is told to wait', async () => {
  edge.region(CELL).failure = Object.assign(new Error('network'), { retryable: true });
  expect((await app.request(await sign(), undefined, edge.env)).status).toBe(201);
  edge.region(CELL).failure = new Error('overloaded');
  const response = await app.request(await sign({ nonce: '0000000000000002' }), undefined, edge.env);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
});

test('keys, signatures and bodies never reach the log', async () => {
  const request = await altered(await sign(), { body: '[{"n":"temp","u":"Cel","v":12.4}]' });
  await app.request(request, undefined, edge.env);
  const text = log.mock.calls.map((call: readonly unknown[]) => String(call[0])).join('\n');
  expect(text).not.toContain('12.4');
  expect(text).not.toContain(request.headers.get('signature') ?? 'none');
  expect(text).not.toContain(device.did);
});

test('another method or path is a problem, too', async () => {
  expect(await refused(new Request(urlOf()))).toMatchObject({ status: 404, code: 'not-found' });
  expect(await refused(new Request(`${ORIGIN}/v2/x`))).toMatchObject({ status: 404, code: 'not-found' });
});
