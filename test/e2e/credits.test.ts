/** Credits with the stock x402 client, real wallets, the real runtime and a real chain. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hashApiKey, keyIdOf } from '../../core/credits/api-key.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { Wallet } from '../../scripts/lib/sign-in.ts';
import type { CreditsAnswer, KeysAnswer, NewKeyAnswer, TopUpAnswer, UsageAnswer } from '../../schema/api/credits.ts';
import type { ObservationsAnswer, ObservationsQuote } from '../../schema/api/observations.ts';
import { until } from '../support/until.ts';
import { authorizationOf } from '../support/wallet.ts';
import { createBuyer, post, type Buyer } from './support/buyer.ts';
import { startShopChain, type ShopChain } from './support/shop-chain.ts';
import {
  bundleShop,
  CELL,
  DEVICES,
  openShop,
  seed,
  type Seeded,
  type Shop,
  type ShopBindings,
} from './support/shop-worker.ts';

const DISTRIBUTOR = `0x${'d1'.repeat(20)}` as const;
const FUNDS = 5_000_000n;
const TOP_UP = 1_000_000n;
const PRICE = 10_000n;
const CHAIN_ID = 10;

let chain: ShopChain;
let shop: Shop;
let seeded: Seeded;
let buyer: Buyer;
let contents: string;
let bindings: ShopBindings;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credits-'));
  [chain, contents] = await Promise.all([startShopChain(), bundleShop()]);
  const key = generatePrivateKey();
  await chain.fund(privateKeyToAccount(key), 0n);
  bindings = {
    RPC_URL: chain.proxyUrl,
    USDC_ADDRESS: chain.usdc,
    DISTRIBUTOR_ADDRESS: DISTRIBUTOR,
    SETTLER_PRIVATE_KEY: key,
  };
  shop = await openShop(contents, bindings, folder);
  seeded = await seed(shop);
});

afterAll(async () => {
  await shop?.stop();
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  buyer = createBuyer(chain.usdc);
  await chain.fund(buyer.account, FUNDS);
});

const restart = async () => {
  await shop.stop();
  shop = await openShop(contents, bindings, folder);
};

function queryUrl(extra: Record<string, string> = {}): string {
  const parameters = {
    device: DEVICES[0],
    quantity: 'pm25',
    from: new Date(seeded.fromMs).toISOString(),
    until: new Date(seeded.untilMs).toISOString(),
    ...extra,
  };
  return `${shop.url}/v1/observations?${new URLSearchParams(parameters).toString()}`;
}

const spentOnChain = async () => FUNDS - (await chain.balanceOf(buyer.account.address));
const topUps = () => `${shop.url}/v1/credits/top-ups`;
const walletOf = ({ account }: Buyer): Wallet => ({
  address: account.address,
  signMessage: (message) => account.signMessage({ message }),
});
const codeOf = async (response: Response) => [response.status, (await response.json<{ code: string }>()).code];

/** As the wallet, signed for this path. */
async function asWallet(path: string, method: 'GET' | 'POST' | 'DELETE' = 'GET', body?: object): Promise<Response> {
  const url = new URL(`http://localhost${path}`);
  const authorization = await authorizationOf(walletOf(buyer), url, CHAIN_ID, method === 'GET' ? undefined : method);
  return fetch(shop.url + path, {
    method,
    headers: { authorization },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

async function balance(): Promise<string> {
  return (await (await asWallet('/v1/credits')).json<CreditsAnswer>()).balance.amount;
}

/** Tops up and gives the first key. */
async function topUp(): Promise<string> {
  const response = await buyer.fetch(topUps(), post({ amount: '1', key: { name: 'script' } }));
  expect(response.status).toBe(200);
  return (await response.json<TopUpAnswer>()).key?.secret ?? '';
}

const asKey = (key: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${key}`, ...more },
});

/** Spends all of a top-up but 14,000 base units, in two long queries of 4,930 device-quantity-hours. */
async function spendMost(key: string): Promise<void> {
  const fromMs = seeded.untilMs - 4930 * LOCAL_RULES.time.hourSeconds * 1000;
  for (const limit of ['4999', '5000']) {
    const response = await fetch(queryUrl({ from: new Date(fromMs).toISOString(), limit }), asKey(key));
    expect(response.headers.get('credits-charged')).toBe('493000');
  }
}

test('a script tops up, gets a key, and a resend of the payment brings the same key and is credited once', async () => {
  const body = { amount: '1.0', key: { name: 'script', scopes: ['read', 'export'] } };
  const response = await buyer.fetch(topUps(), post(body));
  expect(response.status).toBe(200);
  const answer = await response.json<TopUpAnswer>();
  expect(answer).toMatchObject({
    account: buyer.account.address.toLowerCase(),
    credited: { amount: String(TOP_UP), usdc: '1' },
    key: { secret: expect.stringMatching(/^isk_[0-9a-f]{88}$/) as string },
  });
  const header = { 'PAYMENT-SIGNATURE': buyer.headers[0] ?? '' };
  await restart();
  expect(await (await fetch(topUps(), post(body, header))).json()).toEqual(answer);
  expect(await codeOf(await fetch(topUps(), post({ amount: '2' }, header)))).toEqual([
    409,
    'payment-for-another-query',
  ]);
  expect(await spentOnChain()).toBe(TOP_UP);
  const seen = await (await fetch(`${shop.url}/v1/credits`, asKey(answer.key?.secret ?? ''))).json<CreditsAnswer>();
  expect(seen).toMatchObject({
    account: answer.account,
    balance: answer.credited,
    toppedUp: answer.credited,
    key: { id: answer.key?.id, name: 'script', scopes: ['export', 'read'] },
  });
  for (const name of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const stored = await readFile(join(name.parentPath, name.name), 'latin1');
    expect(stored.includes(answer.key?.secret ?? 'none'), name.name).toBe(false);
  }
});

test('an amount outside of the limits, or a wish that cannot be met, is refused by name and free', async () => {
  for (const [body, pointer] of [
    [{ amount: '0.99' }, '/amount'],
    [{ amount: '1000.000001' }, '/amount'],
    [{ amount: 5 }, '/amount'],
    [{ amount: '5', key: { name: '' } }, '/key/name'],
    [{ amount: '5', key: { name: 'x', scopes: ['all'] } }, '/key/scopes'],
    [{ amount: '5', key: { name: 'x', expires: '2020-01-01T00:00:00Z' } }, '/key/expires'],
    [{ amount: '5', keys: {} }, '/keys'],
  ] as const) {
    const response = await fetch(topUps(), post(body));
    expect(await response.json()).toMatchObject({ status: 400, code: 'bad-field', pointer });
  }
  const offered = await fetch(topUps(), post({ amount: '5' }));
  expect(await offered.json()).toMatchObject({ status: 402, minimum: { usdc: '1' }, maximum: { usdc: '1000' } });
});

test('a query with a key costs its price, says so in its headers, and asks the chain nothing', async () => {
  const key = await topUp();
  chain.takeAsked();
  const response = await fetch(queryUrl(), asKey(key));
  expect(response.status).toBe(200);
  expect((await response.json<ObservationsAnswer>()).observations).toHaveLength(23);
  expect(response.headers.get('credits-charged')).toBe(String(PRICE));
  expect(response.headers.get('credits-left')).toBe(String(TOP_UP - PRICE));
  expect(chain.takeAsked()).toEqual([]);
  const usage = await (await fetch(`${shop.url}/v1/credits/usage`, asKey(key))).json<UsageAnswer>();
  // The suspect hour of the series is answered and not counted.
  expect(usage.usage).toMatchObject([{ queries: 1, units: 22, spent: { amount: String(PRICE) } }]);
});

test('an answer that cannot be given costs nothing and holds nothing', async () => {
  const key = await topUp();
  expect(await codeOf(await fetch(queryUrl({ quantity: 'co2' }), asKey(key)))).toEqual([404, 'nothing-measured']);
  const seen = await (await fetch(`${shop.url}/v1/credits`, asKey(key))).json<CreditsAnswer>();
  expect(seen).toMatchObject({ balance: { amount: String(TOP_UP) }, held: { amount: '0' } });
});

test('with an Idempotency-Key a resend is identical and free, also in parallel and after a restart', async () => {
  const key = await topUp();
  const init = asKey(key, { 'idempotency-key': '"7f3c"' });
  const five = await Promise.all(Array.from({ length: 5 }, () => fetch(queryUrl(), init)));
  expect(five.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
  const first = five.find(({ status }) => status === 200);
  const text = await first?.text();
  await restart();
  const again = await fetch(queryUrl(), asKey(key, { 'idempotency-key': '7f3c' }));
  expect(await again.text()).toBe(text);
  expect(again.headers.get('credits-charged')).toBe('0');
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await codeOf(await fetch(queryUrl({ limit: '100' }), init))).toEqual([422, 'idempotency-key-reused']);
  expect(await codeOf(await fetch(queryUrl(), asKey(key, { 'idempotency-key': '' })))).toEqual([
    400,
    'bad-idempotency-key',
  ]);
  expect(await balance()).toBe(String(TOP_UP - PRICE));
});

test('a spend id is an idempotency key, so that a buyer who sent none can repeat what it has seen begin', async () => {
  const key = await topUp();
  const first = await fetch(queryUrl(), asKey(key));
  const again = await fetch(queryUrl(), asKey(key, { 'idempotency-key': first.headers.get('credits-spend') ?? '' }));
  expect([again.status, again.headers.get('credits-charged')]).toEqual([200, '0']);
});

test('with a balance for one, two queries at once bring one answer and one 402 that can be paid directly', async () => {
  const key = await topUp();
  await spendMost(key);
  const urls = [queryUrl({ limit: '100' }), queryUrl({ limit: '200' })];
  const both = await Promise.all(urls.map((url) => fetch(url, asKey(key))));
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 402]));
  const refused = both.find(({ status }) => status === 402);
  expect(refused?.headers.get('PAYMENT-REQUIRED')).not.toBeNull();
  expect(await refused?.json()).toMatchObject({
    code: 'credits-exhausted',
    balance: { amount: '4000' },
    price: { amount: String(PRICE) },
    missing: { amount: '6000', usdc: '0.006' },
  });
  const paid = await buyer.fetch(queryUrl({ limit: '300' }), asKey(key));
  expect([paid.status, paid.headers.get('PAYMENT-RESPONSE') !== null]).toEqual([200, true]);
  expect(await spentOnChain()).toBe(TOP_UP + PRICE);
  expect(await balance()).toBe('4000');
});

test('the wallet makes, lists and revokes keys; a signature changes one thing once, and reading none', async () => {
  expect(await codeOf(await asWallet('/v1/credits/keys', 'POST', { name: 'early' }))).toEqual([409, 'no-account']);
  await topUp();
  const path = '/v1/credits/keys';
  const made = await asWallet(path, 'POST', { name: 'lab', scopes: ['read'], monthlyLimit: '0.015' });
  expect(made.status).toBe(201);
  const { secret, id } = await made.json<NewKeyAnswer>();
  const url = new URL(`http://localhost${path}`);
  const reading = await authorizationOf(walletOf(buyer), url, CHAIN_ID);
  expect(await codeOf(await fetch(shop.url + path, post({ name: 'x' }, { authorization: reading })))).toEqual([
    401,
    'bad-sign-in',
  ]);
  const once = await authorizationOf(walletOf(buyer), url, CHAIN_ID, 'POST');
  expect((await fetch(shop.url + path, post({ name: 'y' }, { authorization: once }))).status).toBe(201);
  expect(await codeOf(await fetch(shop.url + path, post({ name: 'z' }, { authorization: once })))).toEqual([
    401,
    'sign-in-used',
  ]);
  expect((await fetch(queryUrl(), asKey(secret))).status).toBe(200);
  expect(await codeOf(await fetch(queryUrl(), asKey(secret)))).toEqual([403, 'key-limit-reached']);
  const { keys } = await (await asWallet(path)).json<KeysAnswer>();
  expect(keys.map(({ name }) => name).toSorted()).toEqual(['lab', 'script', 'y']);
  expect(keys.find((key) => key.id === id)).toMatchObject({ monthlyLimit: { usdc: '0.015' }, revoked: null });
  expect(JSON.stringify(keys)).not.toContain('isk_');
  expect((await asWallet(`${path}/${id}`, 'DELETE')).status).toBe(200);
  expect(await codeOf(await fetch(queryUrl(), asKey(secret)))).toEqual([401, 'key-revoked']);
  expect(await codeOf(await asWallet(`${path}/0000000000000000`, 'DELETE'))).toEqual([404, 'no-such-key']);
});

test('what is no key, or one that nobody made, is refused', async () => {
  const key = await topUp();
  const other = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
  for (const text of ['', 'x', other])
    expect(await codeOf(await fetch(queryUrl(), asKey(text)))).toEqual([401, 'unknown-key']);
});

test('a top-up that is killed between broadcast and credit is credited once, though nobody asks again', async () => {
  const header = await buyer.sign(topUps(), post({ amount: '1' }));
  await chain.client.setAutomine(false);
  const slow = await fetch(topUps(), post({ amount: '1' }, { 'PAYMENT-SIGNATURE': header }));
  expect(slow.status).toBe(503);
  await shop.stop();
  await chain.client.mine({ blocks: 1 });
  await chain.client.setAutomine(true);
  shop = await openShop(contents, bindings, folder);
  // An alarm that is overdue comes when its object is first asked for anything.
  await fetch(queryUrl(), { headers: { 'PAYMENT-SIGNATURE': await buyer.sign(queryUrl()) } });
  await until('the alarm has credited it', 30_000, async () => ((await balance()) === String(TOP_UP) ? true : null));
  expect((await fetch(topUps(), post({ amount: '1' }, { 'PAYMENT-SIGNATURE': header }))).status).toBe(200);
  expect(await balance()).toBe(String(TOP_UP));
  expect(await spentOnChain()).toBe(TOP_UP + PRICE);
});

test('a top-up and what was bought with it are one sale each in the database, once the chain is final', async () => {
  const key = await topUp();
  expect((await fetch(queryUrl(), asKey(key))).status).toBe(200);
  const payer = buyer.account.address.toLowerCase();
  const db = await shop.runtime.getD1Database('DB');
  const sales = async () => {
    const { results } = await db
      .prepare('SELECT kind, usdc, sold_ms AS soldMs FROM sale WHERE instr(id, ?) > 0 ORDER BY sold_ms')
      .bind(payer)
      .all<{ kind: string; usdc: string; soldMs: number }>();
    return results;
  };
  await chain.client.mine({ blocks: 200 });
  const found = await until('both are there', 90_000, async () => ((await sales()).length === 2 ? sales() : null));
  expect(found).toMatchObject([
    { kind: 'top-up', usdc: String(TOP_UP) },
    { kind: 'credit', usdc: String(PRICE) },
  ]);
});

test('an owner reads its own devices free, and is told which are not its own and what they cost', async () => {
  const db = await shop.runtime.getD1Database('DB');
  const setOwner = (address: string) =>
    db.prepare('UPDATE device SET owner = ? WHERE device = ?').bind(address.toLowerCase(), DEVICES[0]).run();
  await setOwner(buyer.account.address);
  const own = new URL('http://localhost/v1/observations');
  const authorization = await authorizationOf(walletOf(buyer), own, CHAIN_ID);
  const asOwner = { headers: { authorization } };
  const quoted = await (await fetch(queryUrl({ 'dry-run': 'true' }), asOwner)).json<ObservationsQuote>();
  expect(quoted).toMatchObject({ deviceQuantityHours: 0, own: { devices: 1, notOwn: [] }, price: { amount: '0' } });
  const free = await fetch(queryUrl(), asOwner);
  expect([free.status, free.headers.get('PAYMENT-RESPONSE')]).toEqual([200, null]);
  expect((await free.json<ObservationsAnswer>()).observations).toHaveLength(23);
  expect((await fetch(queryUrl())).status).toBe(402);

  const exportUrl = new URL('http://localhost/v1/exports');
  const signed = { authorization: await authorizationOf(walletOf(buyer), exportUrl, CHAIN_ID) };
  const question = Object.fromEntries(new URL(queryUrl()).searchParams);
  const body = JSON.stringify({ ...question, device: [question['device']], quantity: ['pm25'], format: 'csv' });
  const asked = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
  expect((await fetch(`${shop.url}/v1/exports`, asked)).status).toBe(402);
  const exported = await fetch(`${shop.url}/v1/exports`, { ...asked, headers: { ...asked.headers, ...signed } });
  expect([exported.status, await exported.json()]).toMatchObject([
    200,
    { quote: { deviceQuantityHours: 0, own: { devices: 1, notOwn: [] }, price: { amount: '0' } } },
  ]);

  const mixed = queryUrl({}).replace(/device=[^&]*/, `cell=${CELL}`);
  const demanded = await fetch(mixed, asOwner);
  expect(await demanded.json()).toMatchObject({
    status: 402,
    deviceQuantityHours: 24,
    own: { devices: 1, notOwn: [DEVICES[1]] },
  });
  // What the owner was offered for less does not answer those who have to pay for all of it.
  const header = await buyer.sign(mixed, asOwner);
  expect(await codeOf(await fetch(mixed, { headers: { 'PAYMENT-SIGNATURE': header } }))).toEqual([
    409,
    'payment-for-another-query',
  ]);
  expect(await spentOnChain()).toBe(0n);
  await setOwner(`0x${'aa'.repeat(20)}`);
});

test('npm run credits tops up, makes a key, buys with it, shows usage and revokes it', async () => {
  const privateKey = generatePrivateKey();
  const account = privateKeyToAccount(privateKey);
  await chain.fund(account, FUNDS);
  const accounts = { buyer: { address: account.address, privateKey } };
  const local = {
    api: shop.url,
    rpc: chain.proxyUrl,
    chainId: CHAIN_ID,
    devices: [],
    accounts,
    contracts: { usdc: chain.usdc },
  };
  await writeFile(join(folder, 'local.json'), JSON.stringify(local));
  const run = async (script: string, ...options: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...options, '--dir', folder]);
    return stdout;
  };
  expect(await run('scripts/credits.ts', 'top-up', '1.5')).toContain('1.5 USDC of credits');
  expect(await run('scripts/credits.ts', 'top-up', '1.5', '--key-name', 'first')).toContain('isk_');
  expect(await chain.balanceOf(account.address)).toBe(FUNDS - 3_000_000n);
  const [key = ''] =
    /isk_[0-9a-f]+/.exec(await run('scripts/credits.ts', 'keys', '--make', 'lab', '--limit', '1')) ?? [];
  const span = ['--from', new Date(seeded.fromMs).toISOString(), '--until', new Date(seeded.untilMs).toISOString()];
  expect(await run('scripts/buy.ts', ...span, '--key', key)).toContain('paid 0.01 USDC of credits; 2.99 USDC are left');
  const id = keyIdOf(hashApiKey(key));
  const usage = await run('scripts/credits.ts', 'usage');
  expect(usage).toContain('2.99 USDC of 3 are left');
  expect(usage).toContain(id);
  expect(await run('scripts/credits.ts', 'keys')).toContain('lab');
  expect(await run('scripts/credits.ts', 'keys', '--revoke', id)).toContain('revoked lab');
  await expect(run('scripts/buy.ts', ...span, '--key', key)).rejects.toThrow('key-revoked');
  expect(await chain.balanceOf(account.address)).toBe(FUNDS - 3_000_000n);
});
