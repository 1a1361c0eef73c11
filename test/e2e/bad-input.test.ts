/**
 * Bad input over real HTTP to the real runtime: each kind gets its own code with a remedy, and none of it costs the device
 * anything. How each refusal is decided, and what it may tell, is tested beside worker/routes/readings.ts.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import type { Problem } from '../../schema/api/public.ts';
import { createAdminClient, type DeviceRecord, orRefuse } from '../../scripts/admin-client.ts';
import { publicPlaceOf, regionBoundary } from '../../scripts/place.ts';
import { BERLIN, MADRID, upkeep } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';
import { altered, gzip, newDevice, type PostOptions, signedPost, type TestDevice } from '../support/signed-post.ts';

const place = publicPlaceOf(MADRID);
const elsewhere = publicPlaceOf(BERLIN);
const now = (): number => Math.floor(Date.now() / 1000);

let network: LocalRuntime;
let device: TestDevice;
let url: string;

beforeAll(async () => {
  network = await startLocalRuntime();
  for (const { cell } of [place, elsewhere]) {
    orRefuse(await client().putRegion(cell, { name: cell, boundary: regionBoundary(cell) }));
  }
  device = await newDevice();
  url = await register(device.did);
});
afterAll(() => network?.stop());

const client = () => createAdminClient(network.api, network.adminToken);

async function register(did: DeviceId, change: Partial<DeviceRecord> = {}): Promise<string> {
  const record: DeviceRecord = {
    version: 0,
    ...place,
    status: 'active',
    owner: `0x${'ab'.repeat(20)}`,
    displayName: 'Roof',
    elevationM: null,
    tier: 0,
    ...change,
  };
  return `${network.api}${orRefuse(await client().putDevice(did, record)).ingestPath}`;
}

const summaryOf = (cell: RegionCell) => upkeep(network, cell);

const pack = (celsius: number, secondsAgo = 60): string =>
  JSON.stringify([{ bt: now() - secondsAgo, n: 'temp', u: 'Cel', v: celsius }]);

/** The good batch that all the bad ones are made of. Its nonce is the one that they use up, if they use it up. */
const NONCE = '0000000000000100';
const GOOD = pack(21.4);

const sign = (options: Partial<PostOptions> = {}): Promise<Request> =>
  signedPost(url, device, { body: GOOD, nonce: NONCE, ...options });
const body = (text: string) => (): Promise<Request> => sign({ body: text });

const BAD: readonly (readonly [name: string, status: number, code: string, make: () => Promise<Request>])[] = [
  ['unsigned', 401, 'unsigned', async () => altered(await sign(), { headers: { signature: null } })],
  [
    'the wrong key',
    401,
    'signature-invalid',
    async () => signedPost(url, await newDevice(), { body: GOOD, keyid: device.did }),
  ],
  ['the wrong digest', 401, 'digest-mismatch', () => sign({ digestOf: Uint8Array.from([1]) })],
  ['an altered body', 401, 'digest-mismatch', async () => altered(await sign(), { body: pack(12.4) })],
  ['an old created', 401, 'clock-skew', () => sign({ createdSeconds: now() - 400 })],
  ['a created to come', 401, 'clock-skew', () => sign({ createdSeconds: now() + 90 })],
  ['a stranger’s tag', 404, 'unknown-ingest-address', async () => signedPost(url, await newDevice(), { body: GOOD })],
  [
    'another region',
    404,
    'unknown-ingest-address',
    () => signedPost(url.replace(place.cell, elsewhere.cell), device, { body: GOOD }),
  ],
  ['text', 400, 'not-json', body('21.4 degrees')],
  ['JSON that is no SenML', 400, 'not-senml', body('{"temp":21.4}')],
  ['an unknown unit', 422, 'unknown-unit', body('[{"n":"temp","u":"degF","v":70}]')],
  ['a number out of its type', 422, 'out-of-type', body('[{"n":"temp","u":"Cel","v":1e12}]')],
  ['an empty pack', 400, 'empty-pack', body('[]')],
  ['too large a body', 413, 'body-too-large', body(' '.repeat(256 * 1024) + GOOD)],
  [
    'a gzip bomb',
    413,
    'inflated-too-large',
    async () => sign({ body: await gzip(' '.repeat(60_000_000)), headers: { 'content-encoding': 'gzip' } }),
  ],
];

async function expectRefused(request: Request, status: number, code: string): Promise<void> {
  const response = await fetch(request);
  expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  const { type, title, detail, remedy, ...problem } = await response.json<Problem>();
  expect(problem).toMatchObject({ status, code });
  expect(type).toMatch(new RegExp(`/${code}$`));
  for (const text of [title, detail, remedy]) expect(text.length).toBeGreaterThan(10);
}

test.each(BAD)('%s is refused with %i %s and a remedy', async (_name, status, code, make) => {
  await expectRefused(await make(), status, code);
});

test('after all of it the region knows nothing, and the good batch is taken under the same nonce and counted once', async () => {
  expect(await summaryOf(place.cell)).toMatchObject({ batches: 0, readings: 0 });
  const first = await fetch(await sign());
  expect(first.status).toBe(201);
  const again = await fetch(await sign({ createdSeconds: now() - 2 }));
  expect(again.status).toBe(200);
  expect(await again.text()).toBe(await first.text());
  expect(await summaryOf(place.cell)).toMatchObject({ batches: 1, readings: 1 });
});

test('a replay with other bytes and a nonce below the window are refused, and the next good batch is taken', async () => {
  await expectRefused(await sign({ body: pack(21.5) }), 409, 'nonce-reused');
  await expectRefused(await sign({ nonce: '0000000000000001' }), 409, 'nonce-too-old');
  expect((await fetch(await sign({ nonce: '0000000000000101', body: pack(21.6, 30) }))).status).toBe(201);
  expect(await summaryOf(place.cell)).toMatchObject({ batches: 2, readings: 2 });
});

test('devices that are unknown, of another region, retired or moved cost the others nothing', async () => {
  const [unknown, foreign, retired, moved] = await Promise.all([
    newDevice(),
    newDevice(),
    newDevice('ecdsa-p256-sha256'),
    newDevice(),
  ]);
  const addressOf = ({ did }: TestDevice) => `${network.api}${ingestUrlPath(place.cell, did, network.ingestTagKey)}`;
  await expectRefused(await signedPost(addressOf(unknown), unknown, { body: GOOD }), 403, 'unknown-device');
  await register(foreign.did, elsewhere);
  await expectRefused(await signedPost(addressOf(foreign), foreign, { body: GOOD }), 409, 'wrong-region');
  const retiredUrl = await register(retired.did, { status: 'retired' });
  await expectRefused(await signedPost(retiredUrl, retired, { body: GOOD }), 403, 'retired-device');
  const oldUrl = await register(moved.did);
  const newUrl = await register(moved.did, { version: 1, ...elsewhere });
  await expectRefused(await signedPost(oldUrl, moved, { body: GOOD }), 403, 'retired-device');
  expect((await fetch(await signedPost(newUrl, moved, { body: GOOD }))).status).toBe(201);
  expect(await summaryOf(place.cell)).toMatchObject({ batches: 2, readings: 2 });
});

test('a quarantined device is accepted and logged, and its data is not for sale', async () => {
  const quarantined = await newDevice();
  const itsUrl = await register(quarantined.did);
  expect((await fetch(await signedPost(itsUrl, quarantined, { body: pack(20, 40) }))).status).toBe(201);
  const span = {
    quantity: 'temp',
    from: new Date((now() - 600) * 1000).toISOString(),
    until: new Date((now() + 60) * 1000).toISOString(),
  };
  const offer = (scope: Record<string, string>) =>
    fetch(`${network.api}/v1/observations?${new URLSearchParams({ ...scope, ...span, 'dry-run': 'true' }).toString()}`);
  const devicesSold = async () =>
    (await (await offer({ cell: place.cell })).json<{ readonly devices: number }>()).devices;
  expect((await offer({ device: quarantined.did })).status).toBe(200);
  const soldBefore = await devicesSold();

  await register(quarantined.did, { version: 1, status: 'quarantined' });
  const posted = await fetch(await signedPost(itsUrl, quarantined, { body: pack(21, 20), nonce: '0000000000000002' }));
  expect([posted.status, await posted.json()]).toMatchObject([201, { readings: { accepted: 1 } }]);
  expect(await summaryOf(place.cell)).toMatchObject({ batches: 4, readings: 4 });
  const refused = await offer({ device: quarantined.did });
  expect([refused.status >= 400, await refused.json()]).toMatchObject([true, { code: 'device-not-sold' }]);
  expect(await devicesSold()).toBe(soldBefore - 1);
});
