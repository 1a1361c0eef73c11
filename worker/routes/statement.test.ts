/** A real wallet client signs; D1 and R2 are Miniflare's. */
import { createSiweMessage } from 'viem/siwe';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { computeEpoch, type EpochResult } from '../../core/reward/compute-epoch.ts';
import { reportKey } from '../../core/reward/report.ts';
import { NO_CARRY } from '../../core/reward/reserve.ts';
import type { DeviceDay } from '../../core/reward/weight.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { StatementAnswer } from '../../schema/api/owners.ts';
import { CELL, edgeEnv, edgeStores, ORIGIN } from '../../test/support/edge-env.ts';
import { authorizationOf, headerOf, newWallet, signedHeader } from '../../test/support/wallet.ts';
import { writeEpoch } from '../adapters/d1/epochs.ts';
import { app } from '../app.ts';
import { NO_USAGE } from '../../core/reward/usage.ts';

const CHAIN_ID = 10;
const EPOCH = 77;

const owner = newWallet();
const stranger = newWallet();
let stores: Awaited<ReturnType<typeof edgeStores>>;
let result: EpochResult;

const day = (n: number, more: Partial<DeviceDay> = {}): DeviceDay => ({
  device: `did:key:z6Mk${n}`,
  cell: CELL,
  owner: owner.address.toLowerCase(),
  status: 'active',
  tier: 1,
  density: 'd',
  claimedMs: n,
  scoreBps: 9000,
  score30Bps: 9000,
  eligible: true,
  ...more,
});
const days = [day(1), day(2, { status: 'quarantined' }), day(3, { owner: stranger.address.toLowerCase() }), day(4)];

beforeAll(async () => {
  stores = await edgeStores();
  const inputs = {
    epoch: EPOCH,
    firstEpoch: EPOCH,
    burned: 10n ** 21n,
    days,
    usage: NO_USAGE,
    predecessors: new Map(),
    segments: [],
    missing: [],
    late: [],
  };
  result = computeEpoch({ ...inputs, regions: [{ cell: CELL }], carry: NO_CARRY }, LOCAL_RULES);
  await writeEpoch(stores.DB, result, 0);
  await stores.ARCHIVE.put(reportKey(result.reportHash), result.reportText);
  const parts = {
    costs: [
      ['missing', 300],
      ['spike', 700],
    ],
  };
  const insert = stores.DB.prepare(
    `INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
       weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
     VALUES (?1, ?2, ?3, '', 'active', 1, 'd', 0, 9000, 9000, 9000, 1, ?4, '[{}]', 0, '[]', 0, 0)`,
  );
  await stores.DB.batch(days.map(({ device }) => insert.bind(device, EPOCH, CELL, JSON.stringify(parts))));
}, 60_000);
afterAll(() => stores.stop());
beforeEach(() => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  return () => log.mockRestore();
});

const urlOf = (address: string): URL => new URL(`${ORIGIN}/v1/owners/${address}/statement`);

async function ask(url: URL, authorization: string | null, epoch: number | string = EPOCH) {
  const asked = new URL(`?epoch=${epoch}`, url);
  const headers = authorization === null ? {} : { authorization };
  const response = await app.request(asked.href, { headers }, edgeEnv(stores).env);
  return {
    status: response.status,
    headers: response.headers,
    body: await response.json<StatementAnswer & { code?: string }>(),
  };
}

test('the owner reads what each device earned and what each flag cost, to the last unit', async () => {
  const url = urlOf(owner.address);
  const { status, headers, body } = await ask(url, await authorizationOf(owner, url, CHAIN_ID));
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('private, no-store');
  const [payout] = result.payouts.filter((one) => one.owner === owner.address.toLowerCase());
  expect(body.amount).toBe(String(payout?.amount));
  expect(BigInt(body.base) + BigInt(body.demand)).toBe(payout?.amount);
  expect(BigInt(body.demand)).toBeGreaterThan(0n);
  expect(BigInt(body.withheld)).toBeGreaterThan(0n);
  expect(body.devices.map(({ device }) => device)).toEqual(['did:key:z6Mk1', 'did:key:z6Mk2', 'did:key:z6Mk4']);
  expect(body.devices[0]?.costs.map(({ cause, bps }) => [cause, bps])).toEqual([
    ['missing', 300],
    ['spike', 700],
    ['tier', null],
  ]);
  for (const { full, costs, earned } of body.devices) {
    expect(costs.reduce((sum, { amount }) => sum + BigInt(amount), BigInt(earned))).toBe(BigInt(full));
  }
  expect(body.payment).toMatchObject({ batch: 0, commitTransaction: null });
});

test('one signature serves several epochs, and an owner without devices has an empty statement', async () => {
  const nobody = newWallet();
  const url = urlOf(nobody.address.toLowerCase());
  const header = await authorizationOf(nobody, url, CHAIN_ID);
  expect((await ask(url, header)).body).toMatchObject({ amount: '0', devices: [], payment: null });
  expect(await ask(url, header, EPOCH + 1)).toMatchObject({ status: 404, body: { code: 'no-such-epoch' } });
  expect(await ask(url, header, 'x')).toMatchObject({ status: 400, body: { code: 'bad-query' } });
});

test('another wallet cannot read it', async () => {
  const url = urlOf(owner.address);
  const header = await authorizationOf(stranger, url, CHAIN_ID);
  expect(await ask(url, header)).toMatchObject({ status: 403, body: { code: 'not-the-owner' } });
});

const now = Date.now();
const MESSAGE = {
  address: owner.address,
  chainId: CHAIN_ID,
  domain: 'isobar.test',
  uri: urlOf(owner.address).href,
  version: '1',
  nonce: 'abcdefgh12345678',
  issuedAt: new Date(now),
  expirationTime: new Date(now + 300_000),
} as const;
const signed = (change: Partial<Parameters<typeof createSiweMessage>[0]>, by = owner): Promise<string> =>
  signedHeader(by, createSiweMessage({ ...MESSAGE, ...change }));

test('a message as the standard writes it, from any library, is taken', async () => {
  const text = [
    'isobar.test wants you to sign in with your Ethereum account:',
    owner.address,
    '',
    'Any words.',
    '',
    `URI: ${MESSAGE.uri}`,
    'Version: 1',
    'Chain ID: 10',
    'Nonce: 32891756abcd',
    `Issued At: ${new Date(now).toISOString().slice(0, 19)}Z`,
    `Expiration Time: ${new Date(now + 300_000).toISOString().slice(0, 19)}Z`,
  ].join('\n');
  expect((await ask(urlOf(owner.address), await signedHeader(owner, text))).status).toBe(200);
});

test.each<[string, () => Promise<string | null>]>([
  ['no header', async () => null],
  ['a bearer token', async () => 'Bearer test-only-admin-token'],
  ['a message that is no base64url text', async () => `SIWE ${'_'.repeat(5)}.0x${'11'.repeat(65)}`],
  ['a message of something else', async () => signedHeader(owner, 'hello')],
  ['another host', () => signed({ domain: 'evil.test', uri: MESSAGE.uri })],
  ['a URI on another host', () => signed({ uri: MESSAGE.uri.replace('isobar.test', 'evil.test') })],
  ["another owner's address", () => signed({ uri: urlOf(stranger.address).href })],
  ['another chain', () => signed({ chainId: 1 })],
  ['an end that is past', () => signed({ issuedAt: new Date(now - 400_000), expirationTime: new Date(now - 1000) })],
  ['no end', () => signed({ expirationTime: undefined })],
  ['an end in a day', () => signed({ expirationTime: new Date(now + 86_400_000) })],
  [
    'a beginning in an hour',
    () => signed({ issuedAt: new Date(now + 3_600_000), expirationTime: new Date(now + 3_700_000) }),
  ],
  ['a time before which it is not valid', () => signed({ notBefore: new Date(now + 200_000) })],
  ["a stranger's signature under the owner's address", () => signed({}, stranger)],
  ['a signature that is no point', async () => headerOf(createSiweMessage(MESSAGE), `0x${'ff'.repeat(65)}`)],
  ['a header of 100 kB', async () => `SIWE ${'a'.repeat(100_000)}.0x${'11'.repeat(65)}`],
])('%s opens nothing', async (_name, headerOf) => {
  const answer = await ask(urlOf(owner.address), await headerOf());
  expect(answer).toMatchObject({ status: 401, body: { code: 'bad-sign-in' } });
  expect(answer.headers.get('www-authenticate')).toBe('SIWE');
});

test('a signed message that was altered afterwards opens nothing', async () => {
  const text = createSiweMessage(MESSAGE);
  const signature = await owner.signMessage(text);
  const later = new Date(now + 301_000).toISOString();
  const altered = text.replace(MESSAGE.expirationTime.toISOString(), later);
  expect(altered).not.toBe(text);
  expect((await ask(urlOf(owner.address), headerOf(altered, signature))).status).toBe(401);
});
