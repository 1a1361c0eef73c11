/**
 * The API as its own document describes it: a client that a published generator made of it asks every route of a real network,
 * and every answer, refusals included, is held against the document by a schema validator.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs, rfc3339 } from '../../core/time.ts';
import type { EvidenceAnswer, EpochAnswer } from '../../schema/api/public.ts';
import type { DevicesAnswer, LatestAnswer } from '../../schema/api/places.ts';
import { LOCAL_CHAIN_ID } from '../../scripts/lib/chain.ts';
import { Folder } from '../../scripts/lib/folder.ts';
import { mintUsdc } from '../../scripts/lib/local-chain.ts';
import { type Network, startNetwork } from '../../scripts/lib/network.ts';
import { run } from '../../scripts/lib/run.ts';
import type { Measurement } from '../../sensors/client/senml.ts';
import { SENML_JSON, signUpload } from '../../sensors/client/sign.ts';
import { createJudge } from '../support/api-judge.ts';
import { BERLIN, type FieldDevice, MADRID, packBatch, registerField, sendBatch } from '../support/field.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { getJson, until } from '../support/until.ts';
import { authorizationOf } from '../support/wallet.ts';
import { createBuyer } from './support/buyer.ts';
import {
  askCredits,
  askExport,
  askProof,
  askQueries,
  askStream,
  askWebhooks,
  type Answer,
  type Session,
} from './support/ask-paid.ts';
import { askRegistry } from './support/ask-registry.ts';
import { generateClient, type Asked, type GeneratedClient } from './support/generated-client.ts';

const RULES = LOCAL_RULES.time;
const HOUR_MS = RULES.hourSeconds * 1000;
const STRANGER = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
const A_DAY = '2026-01-01T00:00:00Z';
const NO_EXPORT = '0'.repeat(32);
/** Its name is what a label and a table may stumble over. */
const HOSTILE = 'Roof "north", C:\\x\nsecond line';

const dir = mkdtempSync(join(tmpdir(), 'isobar-api-'));
let network: Network;
let client: GeneratedClient;
let madrid: FieldDevice;
let berlin: FieldDevice;
let receiver: Receiver;
let epoch: EpochAnswer;
const judge = createJudge();

beforeAll(async () => {
  // The documents are files of the page.
  expect((await run(['node', 'scripts/build-web.ts'])).exitCode).toBe(0);
  receiver = await startReceiver();
  network = await startNetwork({ folder: Folder.open(dir, false), port: 0, chainPort: 0, cronMs: 500 });
  const [first, second] = network.accounts.owners;
  const [one, other] = await registerField(network.api, network.adminToken, [
    { ...MADRID, name: HOSTILE, algorithm: 'ed25519', owner: first?.address ?? '', tier: 0 },
    { ...BERLIN, name: 'Yard', algorithm: 'ecdsa-p256-sha256', owner: second?.address ?? '', tier: 1 },
  ]);
  if (!one || !other) throw new Error('two devices were registered');
  [madrid, berlin] = [one, other];
  const past = epochOf(Date.now(), RULES) - 2;
  const startMs = epochStartMs(past, RULES);
  for (const device of [madrid, berlin]) {
    const hours = Array.from({ length: 24 }, (_, hour) => startMs + hour * HOUR_MS + HOUR_MS / 2);
    const readings = [...hours, Math.floor(Date.now() / 1000) * 1000].flatMap((measuredMs, hour): Measurement[] => [
      { quantity: 'temp', unit: 'Cel', value: 14 + (hour % 7) + hour / 100, measuredMs },
      { quantity: 'pm25', unit: 'ug/m3', value: 8 + (hour % 5), measuredMs },
    ]);
    await sendBatch(device, packBatch(device, 1, readings));
  }
  client = await generateClient(`${network.api}/v1/openapi.json`, join(dir, 'client'));
  epoch = await until('the epoch is closed, and the hours of both devices are public', 90_000, async () => {
    const response = await fetch(`${network.api}/v1/epochs/${past}`);
    const { latest } = await getJson<LatestAnswer>(`${network.api}/v1/latest`);
    return response.ok && latest.length === 4 ? await response.json<EpochAnswer>() : null;
  });
});
afterAll(async () => {
  await receiver?.stop();
  await network?.stop();
  rmSync(dir, { recursive: true });
});

/** Asks by the generated function; the judge has the last word on the answer. */
async function ask(operation: string, asked: Asked = {}): Promise<Answer> {
  const call = client[operation];
  if (call === undefined) throw new Error(`the client has no ${operation}`);
  const { response, data, error } = await call({ fetch: judge.fetch, ...asked });
  // The client catches what the judge throws.
  if (response === undefined) throw error;
  return { status: response.status, data, error: error ?? {} };
}

async function signedAsk(device: FieldDevice, url: string, nonce: number): Promise<Asked> {
  const { body, nonce: text } = packBatch(device, nonce, [
    { quantity: 'temp', unit: 'Cel', value: 15.5, measuredMs: Math.floor(Date.now() / 1000) * 1000 },
  ]);
  const createdSeconds = Math.floor(Date.now() / 1000);
  const headers = await signUpload(device.key, { url, contentType: SENML_JSON, body, createdSeconds, nonce: text });
  return { headers, body: new TextDecoder().decode(body), bodySerializer: null };
}

test('the generated client asks every route, and every answer is as described', async () => {
  const { cell, key, record } = madrid;
  const device = { path: { device: key.did } };
  for (const name of [
    'getHealth',
    'getStatus',
    'getStatistics',
    'getQuantities',
    'getRegions',
    'getEvidenceRegions',
    'getOpenapi',
  ])
    expect(await ask(name), name).toMatchObject({ status: 200 });
  expect(await ask('getRegion', { path: { cell } })).toMatchObject({ status: 200 });
  // A WebSocket: by plain HTTP it says so. test/workerd/live.test.ts connects.
  expect(await ask('getLive', { path: { cell } })).toMatchObject({ status: 426, error: { code: 'not-a-websocket' } });
  expect(await ask('getEpochs', { query: { limit: 1 } })).toMatchObject({ status: 200 });
  expect(await ask('getEpoch', { path: { epoch: epoch.epoch } })).toMatchObject({ status: 200 });
  expect(await ask('getUsage', { path: { epoch: epoch.epoch } })).toMatchObject({ status: 200, data: { sales: [] } });
  expect(await ask('getReport', { path: { hash: epoch.reportHash } })).toMatchObject({ status: 200 });
  const evidence = await ask('getEvidence', { path: { cell } });
  const { segments } = evidence.data as EvidenceAnswer;
  const file = segments[0]?.key.split('/').at(-1) ?? '';
  expect(await ask('getSegment', { path: { cell, file } })).toMatchObject({ status: 200 });

  expect(await ask('getDevices', { query: { quantity: ['temp', 'rh'], cell: [cell] } })).toMatchObject({
    status: 200,
    data: { devices: [{ device: key.did, name: HOSTILE, quantities: ['pm25', 'temp'] }] },
  });
  expect(await ask('getDevice', device)).toMatchObject({ status: 200, data: { latest: [{}, {}] } });
  expect(await ask('getMetrics', device)).toMatchObject({ status: 200 });
  expect(await ask('getForks', device)).toMatchObject({ status: 200, data: { forks: [] } });
  // It has none; test/e2e/clone.test.ts makes one.
  expect(await ask('getFork', { path: { ...device.path, fork: 'x' } })).toMatchObject({ status: 404 });
  for (const format of ['json', 'csv', 'geojson']) {
    expect(await ask('getLatest', { query: { format } }), format).toMatchObject({ status: 200 });
    expect(await ask('getDevices', { query: { format } }), format).toMatchObject({ status: 200 });
  }

  for (const name of ['ogcLandingPage', 'ogcConformance', 'ogcCollections', 'ogcApi'])
    expect(await ask(name), name).toMatchObject({ status: 200 });
  const features = { Devices: key.did, Latest: `${key.did}.temp`, Regions: cell };
  for (const [name, feature] of Object.entries(features)) {
    expect(await ask(`ogc${name}Collection`), name).toMatchObject({ status: 200 });
    expect(await ask(`ogc${name}Items`, { query: { limit: 1 } }), name).toMatchObject({ status: 200 });
    expect(await ask(`ogc${name}Item`, { path: { feature } }), name).toMatchObject({
      status: 200,
      data: { id: feature },
    });
  }

  const [, , , , , tag] = new URL(madrid.ingestUrl).pathname.split('/');
  const batch = { ...(await signedAsk(madrid, madrid.ingestUrl, 2)), path: { cell, tag } };
  expect(await ask('postReadings', batch)).toMatchObject({ status: 201 });
  expect(await ask('postReadings', batch)).toMatchObject({ status: 200 });
  expect(await ask('postCheck', await signedAsk(madrid, `${network.api}/v1/check`, 1))).toMatchObject({ status: 200 });

  const [owner] = network.accounts.owners;
  if (!owner) throw new Error('the network has owners');
  const account = privateKeyToAccount(owner.privateKey);
  const wallet = { address: account.address, signMessage: (message: string) => account.signMessage({ message }) };
  const address = record.owner;
  const authorization = await authorizationOf(wallet, new URL(`${network.api}/v1/owners/${address}/statement`), 10);
  const statement = { path: { address }, query: { epoch: epoch.epoch }, headers: { authorization } };
  expect(await ask('getStatement', statement)).toMatchObject({ status: 200 });

  const session = await openSession();
  await askStream(session);
  await askQueries(session);
  await askProof(session);
  await askExport(session);
  await askCredits(session);
  await askWebhooks(session, receiver);
  await askAsOperator();
  const domain = { chainId: LOCAL_CHAIN_ID, contract: network.contracts.distributor };
  await askRegistry(session, domain, network.adminToken);
  expect(await ask('getRecalls', { query: { device: berlin.key.did } })).toMatchObject({
    status: 200,
    data: { recalls: [{ device: berlin.key.did, quantities: ['temp'] }] },
  });
  const called = new Set([...judge.seen].map((one) => one.split(' ')[0]));
  expect(judge.operations.filter((operation) => !called.has(operation))).toEqual([]);
});

/** A buyer with some USDC. */
async function openSession(): Promise<Session> {
  const { api, chain, accounts, contracts } = network;
  const buyer = createBuyer(contracts.usdc);
  await mintUsdc(chain, accounts, contracts, buyer.account.address, 2_000_000n);
  const { address } = buyer.account;
  return {
    api,
    client,
    judge,
    ask,
    paying: createJudge(buyer.fetch).fetch,
    wallet: { address, signMessage: (message) => buyer.account.signMessage({ message }) },
    device: madrid.key.did,
    cell: madrid.cell,
    epoch,
    hourMs: HOUR_MS,
  };
}

async function askAsOperator(): Promise<void> {
  const { cell, key, record } = berlin;
  const auth = network.adminToken;
  const did = { auth, path: { did: key.did } };
  expect(await ask('getRegisteredDevice', did)).toMatchObject({ status: 200 });
  expect(await ask('putDevice', { ...did, body: { ...record, displayName: 'Garden' } })).toMatchObject({ status: 200 });
  const span = { from: rfc3339(Date.now()), until: rfc3339(Date.now() + HOUR_MS) };
  expect(await ask('postMaintenance', { ...did, body: span })).toMatchObject({ status: 200 });
  const corners = [0, 1, 2].map((corner) => [1_300_000 + corner, 5_200_000 + corner * corner]);
  expect(await ask('putRegion', { auth, path: { cell }, body: { name: cell, boundary: corners } })).toMatchObject({
    status: 200,
  });
  const operator = { auth, path: { cell }, body: { operator: record.owner } };
  expect(await ask('putOperator', operator)).toMatchObject({
    status: 200,
    data: { operator: record.owner.toLowerCase() },
  });
  expect(await ask('putOperator', { ...operator, body: { operator: 'x' } })).toMatchObject({ status: 400 });
  const recall = { ...did, body: { ...span, reason: 'Painted over.', quantities: ['temp'] } };
  expect(await ask('postRecall', recall)).toMatchObject({ status: 201, data: { reason: 'Painted over.' } });
  expect(await ask('postRecall', { ...recall, body: span })).toMatchObject({ status: 400 });
  const advance = { auth, path: { cell, command: 'advance' } };
  expect(await ask('postRegionCommand', advance)).toMatchObject({ status: 200 });
  expect(await ask('postRefold', { auth })).toMatchObject({ status: 200 });
  expect(await ask('postResume', { auth })).toMatchObject({ status: 200 });
}

test.each([
  ['getRegion', { path: { cell: 'x' } }, 400, 'invalid-region'],
  ['getRegion', { path: { cell: '833901fffffffff' } }, 404, 'no-such-region'],
  ['getEpochs', { query: { limit: 0 } }, 400, 'bad-parameter'],
  ['getEpochs', { query: { cursor: 'x' } }, 400, 'bad-cursor'],
  ['getEpoch', { path: { epoch: 1 } }, 404, 'no-such-epoch'],
  ['getReport', { path: { hash: 'x' } }, 404, 'no-such-report'],
  ['getSegment', { path: { cell: '833901fffffffff', file: 'x' } }, 404, 'no-such-segment'],
  ['getDevices', { query: { bbox: '1,2,3' } }, 400, 'bad-parameter'],
  ['getDevices', { query: { bbox: '0,0,1,1', cell: ['833901fffffffff'] } }, 400, 'bad-combination'],
  ['getDevices', { query: { status: ['gone'] } }, 400, 'bad-parameter'],
  ['getDevices', { query: { color: 'red' } }, 400, 'unknown-parameter'],
  ['getDevices', { headers: { accept: 'text/html' } }, 406, 'not-acceptable'],
  ['getDevice', { path: { device: 'x' } }, 400, 'invalid-device'],
  ['getDevice', { path: { device: STRANGER } }, 404, 'no-such-device'],
  ['getMetrics', { path: { device: STRANGER } }, 404, 'no-such-device'],
  ['getForks', { path: { device: 'x' } }, 400, 'invalid-device'],
  ['getEvents', { path: { device: STRANGER } }, 404, 'no-such-device'],
  ['getClaim', { path: { device: STRANGER } }, 401, 'unsigned'],
  ['postRetire', { path: { device: STRANGER }, body: {} }, 400, 'bad-field'],
  ['getFork', { path: { device: STRANGER, fork: 'x' } }, 404, 'no-such-fork'],
  ['getLatest', { query: { quantity: ['dust'] } }, 400, 'bad-parameter'],
  ['getLatest', { query: { cell: ['x'] } }, 400, 'bad-parameter'],
  ['getLatest', { query: { device: ['x'] } }, 400, 'bad-parameter'],
  ['getLatest', { query: { cursor: 'eyJ9.00' } }, 400, 'bad-cursor'],
  ['getLatest', { query: { limit: 1001 } }, 400, 'bad-parameter'],
  ['ogcLandingPage', { query: { f: 'html' } }, 400, 'bad-parameter'],
  ['ogcDevicesItems', { query: { bbox: [1, 2, 3] } }, 400, 'bad-parameter'],
  ['ogcLatestItems', { query: { datetime: 'yesterday' } }, 400, 'bad-parameter'],
  ['ogcRegionsItems', { query: { limit: 0 } }, 400, 'bad-parameter'],
  ['ogcRegionsItems', { query: { crs: 'x' } }, 400, 'unknown-parameter'],
  ['ogcRegionsItem', { path: { feature: 'x' } }, 404, 'no-such-feature'],
  ['getUsage', { path: { epoch: 'x' } }, 400, 'invalid-epoch'],
  ['getUsage', { path: { epoch: 1 } }, 404, 'no-such-epoch'],
  ['getRecalls', { query: { device: 'x' } }, 400, 'invalid-device'],
  ['getObservations', { query: { from: 'x', until: 'y' } }, 400, 'one-of'],
  ['getObservations', { query: { from: 'x', until: 'y', device: [STRANGER] } }, 400, 'bad-parameter'],
  ['getProof', { query: { device: STRANGER, quantity: 'temp' } }, 400, 'one-of'],
  ['getProof', { query: { device: STRANGER, quantity: 'temp', start: A_DAY } }, 404, 'no-such-device'],
  ['postExport', { body: {} }, 400, 'one-of'],
  ['postExport', { body: { device: {} } }, 400, 'bad-body'],
  ['getExport', { path: { id: NO_EXPORT } }, 403, 'bad-token'],
  ['postExportRestart', { path: { id: NO_EXPORT }, query: { token: 'x' } }, 403, 'bad-token'],
  ['getExportFile', { path: { id: NO_EXPORT, pass: '1.x', path: 'links.txt' } }, 403, 'bad-token'],
  ['postStream', { body: { device: [STRANGER] } }, 400, 'missing-parameter'],
  ['postStream', { body: { device: [STRANGER], quantity: ['temp'] } }, 404, 'no-such-device'],
  ['postTopUp', { body: { amount: '0.5' } }, 400, 'bad-field'],
  ['getCredits', {}, 401, 'bad-sign-in'],
  ['getCredits', { headers: { authorization: 'Bearer isk_x' } }, 401, 'unknown-key'],
  ['getCreditsUsage', {}, 401, 'bad-sign-in'],
  ['getKeys', {}, 401, 'bad-sign-in'],
  ['postKey', { body: { name: 'x' } }, 401, 'bad-sign-in'],
  ['deleteKey', { path: { id: 'x' } }, 401, 'bad-sign-in'],
  ['postWebhook', { body: {} }, 401, 'bad-sign-in'],
  ['getWebhooks', {}, 401, 'bad-sign-in'],
  ['deleteWebhook', { path: { id: 'x' } }, 401, 'bad-sign-in'],
  ['getStatement', { path: { address: 'x' }, query: { epoch: 1 } }, 400, 'invalid-owner'],
  ['getStatement', { path: { address: `0x${'1'.repeat(40)}` }, query: { epoch: 1 } }, 401, 'bad-sign-in'],
  ['postCheck', { body: '[]', bodySerializer: null, headers: { 'content-type': SENML_JSON } }, 401, 'unsigned'],
  ['postRefold', { auth: 'x' }, 401, 'unauthorized'],
  ['putOperator', { auth: 'x', path: { cell: 'x' }, body: {} }, 401, 'unauthorized'],
  ['postRecall', { auth: 'x', path: { did: 'x' }, body: {} }, 401, 'unauthorized'],
] as const)('%s refuses %j with %i %s', async (operation, asked, status, code) => {
  expect(await ask(operation, asked as Asked)).toMatchObject({ status, error: { code } });
});

test.each([
  ['', 400, 'missing-parameter'],
  ['?cell=x', 400, 'invalid-region'],
  ['?cell=833901fffffffff', 404, 'no-such-region'],
  ['?pass=x.y', 403, 'bad-token'],
] as const)('the stream%s is refused with %i %s', async (query, status, code) => {
  // The client's reader of events would only ask again.
  const response = await judge.fetch(`${network.api}/v1/stream${query}`);
  expect([response.status, await response.json()]).toMatchObject([status, { code }]);
});

test('pages of one item each give every device and value once, in the order of a single page', async () => {
  // Not what they say: an hour that becomes public between two pages changes that.
  const namesOf = (items: readonly (DevicesAnswer['devices'][number] | LatestAnswer['latest'][number])[]) =>
    items.map((item) => `${item.device} ${'quantity' in item ? item.quantity : ''}`);
  for (const [operation, name] of [
    ['getDevices', 'devices'],
    ['getLatest', 'latest'],
  ] as const) {
    const { data } = await ask(operation);
    const whole = (data as DevicesAnswer & LatestAnswer)[name];
    const paged: string[] = [];
    let next: string | null = `${network.api}/v1/${name}?limit=1`;
    while (next !== null) {
      const response: Response = await judge.fetch(next);
      const page: DevicesAnswer & LatestAnswer = await response.json();
      paged.push(...namesOf(page[name]));
      expect(response.headers.get('link')?.includes(`<${page.next}>; rel="next"`) ?? false).toBe(page.next !== null);
      next = page.next;
    }
    expect(paged).toEqual(namesOf(whole));
    expect(paged.length).toBeGreaterThan(1);
  }
});

test('devices and values are found by where they are, what they measure and who they are', async () => {
  const devices = async (query: Readonly<Record<string, unknown>>) =>
    ((await ask('getDevices', { query })).data as DevicesAnswer).devices.map(({ device }) => device);
  const spain = '-10,35,5,44';
  expect(await devices({ bbox: spain })).toEqual([madrid.key.did]);
  expect(await devices({ bbox: '5,35,-10,60' })).toEqual([berlin.key.did]);
  expect(await devices({ cell: [berlin.cell] })).toEqual([berlin.key.did]);
  expect(await devices({ cell: [berlin.record.place] })).toEqual([berlin.key.did]);
  expect(await devices({ quantity: ['rh'] })).toEqual([]);
  expect(await devices({ cell: [berlin.cell], status: ['quarantined', 'retired'] })).toEqual([]);
  const { data } = await ask('getLatest', { query: { device: [madrid.key.did], quantity: ['temp'] } });
  expect((data as LatestAnswer).latest).toMatchObject([
    { device: madrid.key.did, quantity: 'temp', unit: 'Cel', flag: 1 },
  ]);
});

test('no value is younger than the publication delay', async () => {
  const { latest } = await getJson<LatestAnswer>(`${network.api}/v1/latest`);
  const newest = Math.max(...latest.map(({ start }) => Date.parse(start)));
  expect(newest + HOUR_MS + RULES.publicationDelaySeconds * 1000).toBeLessThanOrEqual(Date.now());
});

test('an answer that has not changed is not sent again, and pages of anyone may read it', async () => {
  const origin = 'https://map.example';
  for (const path of ['/v1/quantities', '/v1/statistics', '/v1/devices', '/ogc', '/ogc/collections/devices/items']) {
    const first = await judge.fetch(network.api + path, { headers: { origin } });
    const etag = first.headers.get('etag') ?? '';
    expect(first.headers.get('cache-control'), path).toMatch(/^public, max-age=\d+$/);
    const again = await judge.fetch(network.api + path, { headers: { origin, 'if-none-match': etag } });
    expect(again.headers.get('access-control-allow-origin'), path).toBe('*');
    // The network goes on: what comes again has changed in between. The catalogue does not.
    if (again.status === 304 || path === '/v1/quantities') expect(again.status).toBe(304);
    else expect(await again.text(), path).not.toBe(await first.text());
  }
  const preflight = await fetch(`${network.api}/v1/observations`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'payment-signature' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('PAYMENT-SIGNATURE');
  const offer = await fetch(`${network.api}/v1/status`, { headers: { origin } });
  expect(offer.headers.get('access-control-expose-headers')).toContain('PAYMENT-REQUIRED');
  const closed = await fetch(`${network.api}/v1/admin/refold`, { method: 'OPTIONS', headers: { origin } });
  expect(closed.headers.get('access-control-allow-origin')).toBeNull();
});
