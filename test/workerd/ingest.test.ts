/** From signed HTTP to the region's log, on real workerd with the real region object and D1. */
import { env } from 'cloudflare:workers';
import { beforeAll, expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import { app } from '../../worker/app.ts';
import { altered, gzip, newDevice, signedPost, type PostOptions, type TestDevice } from '../support/signed-post.ts';
import { TEST_BINDINGS } from './bindings.ts';

const ORIGIN = 'https://isobar.test';
const CELL = '831fb4fffffffff' as RegionCell;
const OTHER_CELL = '831fb0fffffffff';
const PLACE = '871fb4662ffffff';
const BOUNDARY = [
  [1_300_000, 5_200_000],
  [1_310_000, 5_200_000],
  [1_310_000, 5_210_000],
];

async function admin(method: string, path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const headers = { authorization: `Bearer ${TEST_BINDINGS.ADMIN_TOKEN}` };
  const response = await app.request(
    `${ORIGIN}/v1/admin/${path}`,
    { method, headers, body: JSON.stringify(body) },
    env,
  );
  const answer = await response.json<Readonly<Record<string, unknown>>>();
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  return answer;
}

async function register(device: TestDevice, version: number, cell: string): Promise<string> {
  const answer = await admin('PUT', `devices/${device.did}`, {
    version,
    cell,
    status: 'active',
    owner: `0x${'ab'.repeat(20)}`,
    displayName: 'Roof',
    place: PLACE,
    latitudeE5: 5_205_000,
    longitudeE5: 1_305_000,
    elevationM: 30,
    tier: 0,
    density: PLACE,
  });
  return `${ORIGIN}${String(answer['ingestPath'])}`;
}

async function post(
  request: Request,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const response = await app.request(request, undefined, env);
  return { status: response.status, body: await response.json() };
}

const pack = (celsius: number): string =>
  JSON.stringify([
    { n: 'temp', u: 'Cel', v: celsius },
    { n: 'rh', u: '%RH', v: 54 },
  ]);

beforeAll(async () => {
  for (const cell of [CELL, OTHER_CELL]) await admin('PUT', `regions/${cell}`, { name: cell, boundary: BOUNDARY });
});

test.each<KeyAlgorithm>(['ed25519', 'ecdsa-p256-sha256'])(
  'a registered %s device posts, repeats, and cannot replay',
  async (algorithm) => {
    const device = await newDevice(algorithm);
    const url = await register(device, 0, CELL);
    const body = pack(21.4);
    const sign = (options: Partial<PostOptions> = {}) => signedPost(url, device, { body, ...options });
    const first = await post(await sign());
    expect(first).toMatchObject({
      status: 201,
      body: { device: device.did, region: CELL, readings: { accepted: 2, refused: [] } },
    });
    expect(await post(await sign({ createdSeconds: Math.floor(Date.now() / 1000) - 3 }))).toEqual({
      status: 200,
      body: first.body,
    });
    expect(await post(await sign({ body: pack(21.5) }))).toMatchObject({ status: 409, body: { code: 'nonce-reused' } });
    expect(await post(await altered(await sign({ nonce: '0000000000000002' }), { body: pack(1) }))).toMatchObject({
      status: 401,
      body: { code: 'digest-mismatch' },
    });
    expect((await post(await sign({ nonce: '00000000000000ff', body: pack(21.6) }))).status).toBe(201);
    expect(await post(await sign({ nonce: '0000000000000003', body: pack(21.7) }))).toMatchObject({
      status: 409,
      body: { code: 'nonce-too-old', highest: '00000000000000ff' },
    });
  },
);

test('a gzip batch is taken, and a bomb is not', async () => {
  const device = await newDevice();
  const url = await register(device, 0, CELL);
  const headers = { 'content-encoding': 'gzip' };
  expect((await post(await signedPost(url, device, { body: await gzip(pack(20)), headers }))).status).toBe(201);
  const bomb = await gzip(' '.repeat(30_000_000));
  expect(await post(await signedPost(url, device, { nonce: '0000000000000002', body: bomb, headers }))).toMatchObject({
    status: 413,
    body: { code: 'inflated-too-large' },
  });
});

test('with a right address, a device that is not registered or belongs elsewhere is told so by the region', async () => {
  const [stranger, neighbour] = [await newDevice(), await newDevice()];
  const addressOf = (device: TestDevice) => `${ORIGIN}${ingestUrlPath(CELL, device.did, TEST_BINDINGS.INGEST_TAG_KEY)}`;
  await register(neighbour, 0, OTHER_CELL);
  expect(await post(await signedPost(addressOf(stranger), stranger, { body: pack(20) }))).toMatchObject({
    status: 403,
    body: { code: 'unknown-device' },
  });
  expect(await post(await signedPost(addressOf(neighbour), neighbour, { body: pack(20) }))).toMatchObject({
    status: 409,
    body: { code: 'wrong-region', region: OTHER_CELL },
  });
});

test('a device that moved posts to its new region and no more to its old one', async () => {
  const device = await newDevice();
  const oldUrl = await register(device, 0, CELL);
  const newUrl = await register(device, 1, OTHER_CELL);
  expect(await post(await signedPost(oldUrl, device, { body: pack(20) }))).toMatchObject({
    status: 403,
    body: { code: 'retired-device' },
  });
  expect(await post(await signedPost(newUrl, device, { body: pack(20) }))).toMatchObject({
    status: 201,
    body: { region: OTHER_CELL },
  });
});

test('POST /v1/check works for a stranger', async () => {
  const device = await newDevice('ecdsa-p256-sha256');
  expect(await post(await signedPost(`${ORIGIN}/v1/check`, device, { body: pack(20) }))).toMatchObject({
    status: 200,
    body: { verdict: 'would-be-accepted', algorithm: 'ecdsa-p256-sha256' },
  });
});
