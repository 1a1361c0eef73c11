import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { ingestUrlPath } from '../../core/ingest/tag.ts';
import { toDidKey } from '../../core/signature/did-key.ts';
import { CELL, edgeEnv, edgeStores, ORIGIN, OTHER_CELL, type EdgeEnv } from '../../test/support/edge-env.ts';
import { newDevice, type TestDevice } from '../../test/support/signed-post.ts';
import { TEST_BINDINGS } from '../../test/workerd/bindings.ts';
import { app } from '../app.ts';

let stores: Awaited<ReturnType<typeof edgeStores>>;
let edge: EdgeEnv;
let device: TestDevice;

beforeAll(async () => {
  stores = await edgeStores();
}, 60_000);
afterAll(() => stores.stop());
beforeEach(async () => {
  edge = edgeEnv(stores);
  device = await newDevice();
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  return () => log.mockRestore();
});

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

async function send(
  method: string,
  path: string,
  body?: unknown,
  token: string = TEST_BINDINGS.ADMIN_TOKEN,
): Promise<Answer> {
  const init = {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await app.request(`${ORIGIN}${path}`, init, edge.env);
  return { status: response.status, body: await response.json<Answer['body']>() };
}

const fields = {
  version: 0,
  cell: CELL,
  status: 'active',
  owner: '0xAbcdefabcdefabcdefabcdefabcdefabcdefabcd',
  displayName: 'Roof',
  place: '871fb4662ffffff',
  latitudeE5: 5_200_000,
  longitudeE5: 1_300_000,
  elevationM: 34,
  tier: 0,
};
const put = (change: Readonly<Record<string, unknown>> = {}) =>
  send('PUT', `/v1/admin/devices/${device.did}`, { ...fields, ...change });

test.each(['', 'wrong-token-of-some-length', `${TEST_BINDINGS.ADMIN_TOKEN}x`])(
  'the token "%s" opens nothing',
  async (token) => {
    const answers = await Promise.all([
      send('PUT', `/v1/admin/devices/${device.did}`, fields, token),
      send('POST', '/v1/admin/refold', undefined, token),
      send('GET', '/v1/admin/nothing', undefined, token),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  },
);

test('a region is opened in its object and listed in D1, and opening it again changes only its name', async () => {
  const boundary = [
    [1_300_000, 5_200_000],
    [1_310_000, 5_200_000],
    [1_310_000, 5_210_000],
  ];
  const rowOf = () =>
    stores.DB.prepare('SELECT name, rules, batches, boundary FROM region WHERE cell = ?').bind(CELL).first();
  expect((await send('PUT', `/v1/admin/regions/${CELL}`, { name: 'Berlin', boundary })).status).toBe(200);
  expect(edge.region(CELL).charters).toMatchObject([
    { kind: 'rule-set', rules: 'local', cell: CELL, regionName: 'Berlin', boundary },
  ]);
  await stores.DB.prepare('UPDATE region SET batches = 7 WHERE cell = ?').bind(CELL).run();
  await send('PUT', `/v1/admin/regions/${CELL}`, { name: 'Berlin and around', boundary });
  expect(await rowOf()).toEqual({
    name: 'Berlin and around',
    rules: 'local',
    batches: 7,
    boundary: JSON.stringify(boundary),
  });
});

test('a registered device gets its address, its row and its membership', async () => {
  const answer = await put();
  expect(answer).toEqual({
    status: 200,
    body: { device: device.did, version: 1, ingestPath: ingestUrlPath(CELL, device.did, TEST_BINDINGS.INGEST_TAG_KEY) },
  });
  expect(edge.region(CELL).memberships).toMatchObject([
    {
      version: 1,
      device: device.did,
      status: 'active',
      owner: fields.owner.toLowerCase(),
      elevationM: 30,
      displayName: 'Roof',
    },
  ]);
  expect(
    await stores.DB.prepare('SELECT version, cell, owner, elevation_m FROM device WHERE device = ?')
      .bind(device.did)
      .first(),
  ).toEqual({
    version: 1,
    cell: CELL,
    owner: fields.owner.toLowerCase(),
    elevation_m: 30,
  });
});

test('a change is made on the version it was based on, and on no other', async () => {
  await put();
  expect(await put({ version: 1, status: 'quarantined' })).toMatchObject({ status: 200, body: { version: 2 } });
  expect(await put({ version: 1, status: 'retired' })).toMatchObject({
    status: 409,
    body: { code: 'version-conflict', current: 2 },
  });
  expect(await put({ version: 0, status: 'retired' })).toMatchObject({ status: 409, body: { current: 2 } });
  expect(edge.region(CELL).memberships.map((membership) => membership.status)).toEqual(['active', 'quarantined']);
});

test('of two changes at once one is made', async () => {
  await put();
  const answers = await Promise.all([put({ version: 1, displayName: 'A' }), put({ version: 1, displayName: 'B' })]);
  expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 409]);
});

test('a region that missed its entry is told by the same call again', async () => {
  edge.region(CELL).failure = new Error('gone');
  expect((await put()).status).toBe(503);
  expect(edge.region(CELL).memberships).toEqual([]);
  expect(await put()).toMatchObject({ status: 200, body: { version: 1 } });
  expect(edge.region(CELL).memberships).toHaveLength(1);
});

test('a device that moves is retired in its old region before the new one takes it', async () => {
  await put();
  const claimedMs = edge.region(CELL).memberships[0]?.claimedMs;
  const moved = await put({ version: 1, cell: OTHER_CELL });
  expect(moved).toMatchObject({
    status: 200,
    body: { version: 3, ingestPath: ingestUrlPath(OTHER_CELL, device.did, TEST_BINDINGS.INGEST_TAG_KEY) },
  });
  expect(edge.region(CELL).memberships.at(-1)).toMatchObject({ version: 2, status: 'retired' });
  expect(edge.region(OTHER_CELL).memberships).toMatchObject([{ version: 3, status: 'active', claimedMs }]);
  expect(await put({ version: 1, cell: OTHER_CELL })).toMatchObject({ status: 200, body: { version: 3 } });
});

test('a weak key is refused, and nothing is written', async () => {
  const did = toDidKey({ algorithm: 'ed25519', publicKey: new Uint8Array(32) });
  expect(await send('PUT', `/v1/admin/devices/${did}`, fields)).toMatchObject({
    status: 422,
    body: { code: 'weak-key' },
  });
  expect(await stores.DB.prepare('SELECT 1 FROM device WHERE device = ?').bind(did).first()).toBeNull();
});

test.each([
  ['version', -1],
  ['version', undefined],
  ['cell', '871fb4662ffffff'],
  ['status', 'asleep'],
  ['owner', '0x1'],
  ['displayName', ''],
  ['place', CELL],
  ['latitudeE5', 52.5],
  ['longitudeE5', 18_000_001],
  ['elevationM', '34'],
  ['tier', 3],
])('a device whose %s is %j is refused by that name', async (name, value) => {
  expect(await put({ [name]: value })).toMatchObject({ status: 400, body: { code: 'bad-field', pointer: `/${name}` } });
});

test('a body that is no object and an id that is none are named', async () => {
  expect(await send('PUT', `/v1/admin/devices/${device.did}`, [])).toMatchObject({
    status: 400,
    body: { code: 'bad-field' },
  });
  expect(await send('PUT', '/v1/admin/devices/did:key:x', fields)).toMatchObject({
    status: 400,
    body: { code: 'invalid-device' },
  });
  expect(await send('PUT', '/v1/admin/regions/nowhere', {})).toMatchObject({
    status: 400,
    body: { code: 'invalid-region' },
  });
});

test('maintenance goes to the region that has the device', async () => {
  await put();
  const path = `/v1/admin/devices/${device.did}/maintenance`;
  const window = { from: '2026-11-22T10:00:00Z', until: '2026-11-22T11:00:00.5+00:00' };
  expect((await send('POST', path, window)).status).toBe(200);
  expect(edge.region(CELL).maintenances).toEqual([
    {
      kind: 'maintenance',
      device: device.did,
      fromMs: Date.UTC(2026, 10, 22, 10),
      untilMs: Date.UTC(2026, 10, 22, 11, 0, 0, 500),
    },
  ]);
  expect(await send('POST', path, { from: window.until, until: window.from })).toMatchObject({
    status: 400,
    body: { pointer: '/until' },
  });
  expect(await send('POST', path, { from: 'yesterday', until: window.from })).toMatchObject({
    status: 400,
    body: { pointer: '/from' },
  });
  const stranger = await newDevice();
  expect(await send('POST', `/v1/admin/devices/${stranger.did}/maintenance`, window)).toMatchObject({
    status: 404,
    body: { code: 'no-such-device' },
  });
});

test('refold reaches the regions of the archive even when D1 is empty, and says which failed', async () => {
  const archived = '831fa4fffffffff';
  await stores.DB.prepare('DELETE FROM region').run();
  await stores.ARCHIVE.put(`evidence/${archived}/000-abc.cbor`, 'x');
  await stores.ARCHIVE.put(`evidence/${CELL}/000-abc.cbor`, 'x');
  await stores.ARCHIVE.put('evidence/no-cell/x', 'x');
  expect(await send('POST', '/v1/admin/refold')).toMatchObject({
    status: 200,
    body: { regions: [{ cell: archived }, { cell: CELL }], failed: [] },
  });
  edge.region(archived).failure = new Error('gone');
  expect(await send('POST', '/v1/admin/refold')).toMatchObject({
    status: 503,
    body: { regions: [{ cell: CELL }], failed: [archived] },
  });
  expect([edge.region(archived).refolds, edge.region(CELL).refolds]).toEqual([1, 2]);
});

test('advance and refold of one region answer with its summary', async () => {
  for (const command of ['advance', 'refold']) {
    expect(await send('POST', `/v1/admin/regions/${CELL}/${command}`)).toMatchObject({
      status: 200,
      body: { cell: CELL },
    });
  }
  expect(await send('POST', `/v1/admin/regions/${CELL}/explode`)).toMatchObject({
    status: 404,
    body: { code: 'not-found' },
  });
});
