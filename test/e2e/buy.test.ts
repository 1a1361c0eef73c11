/**
 * The paid route with the stock x402 client, the real runtime and a real chain. What goes wrong with payments whatever is
 * bought is in hazards-*.test.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePaymentResponseHeader } from '@x402/fetch';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ObservationsAnswer, ObservationsQuote } from '../../schema/api/observations.ts';
import { until } from '../support/until.ts';
import { countChainRequests, countWithSlowBlock } from './support/chain-requests.ts';
import { createBuyer, send, sendUntilAnswered, type Buyer } from './support/buyer.ts';
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
const PRICE = 10_000n;
const FUNDS = 1_000_000n;

let chain: ShopChain;
let shop: Shop;
let seeded: Seeded;
let buyer: Buyer;
let contents: string;
let bindings: ShopBindings;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shop-'));
  [chain, contents] = await Promise.all([startShopChain(), bundleShop()]);
});

afterAll(async () => {
  await shop?.stop();
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  if (!shop) {
    const key = generatePrivateKey();
    bindings = {
      RPC_URL: chain.proxyUrl,
      USDC_ADDRESS: chain.usdc,
      DISTRIBUTOR_ADDRESS: DISTRIBUTOR,
      SETTLER_PRIVATE_KEY: key,
    };
    await chain.fund(privateKeyToAccount(key), 0n);
    shop = await openShop(contents, bindings, folder);
    seeded = await seed(shop);
  }
  buyer = createBuyer(chain.usdc);
  await chain.fund(buyer.account, FUNDS);
});

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

const spent = async () => FUNDS - (await chain.balanceOf(buyer.account.address));

test('the stock client pays the price once and gets the rows of the closed day', async () => {
  const earned = await chain.balanceOf(DISTRIBUTOR);
  const response = await buyer.fetch(queryUrl());
  expect(response.status).toBe(200);
  const answer = await response.json<ObservationsAnswer>();
  expect(answer.observations).toHaveLength(23);
  expect(answer.observations[0]).toEqual({
    device: DEVICES[0],
    quantity: 'pm25',
    series: 'raw',
    unit: 'ug/m3',
    start: new Date(seeded.fromMs).toISOString(),
    value: 10,
    count: 2,
    flag: 1,
    tests: [],
    final: true,
  });
  expect(answer.observations[2]).toMatchObject({ value: 13, flag: 3, tests: ['step'] });
  expect(answer.attribution.join()).toContain('Ayuntamiento de Madrid');
  const receipt = decodePaymentResponseHeader(response.headers.get('PAYMENT-RESPONSE') ?? '');
  expect(receipt).toMatchObject({ success: true, network: 'eip155:10', amount: String(PRICE) });
  const mined = await chain.client.getTransactionReceipt({ hash: receipt.transaction as `0x${string}` });
  expect(mined.status).toBe('success');
  expect(await spent()).toBe(PRICE);
  expect(await chain.balanceOf(DISTRIBUTOR)).toBe(earned + PRICE);
});

test('a dry run tells the price and charges nothing; the price of a whole region counts its devices', async () => {
  const response = await fetch(queryUrl({ 'dry-run': 'true' }).replace(/device=[^&]*/, `cell=${CELL}`));
  expect(response.status).toBe(200);
  const quote = await response.json<ObservationsQuote>();
  expect(quote).toMatchObject({
    devices: 2,
    deviceQuantityHours: 48,
    price: { amount: String(PRICE), usdc: '0.01', payTo: DISTRIBUTOR },
  });
});

test('csv comes with a header line', async () => {
  const response = await buyer.fetch(queryUrl({ format: 'csv' }));
  expect(response.headers.get('content-type')).toContain('text/csv');
  const lines = (await response.text()).trim().split('\r\n');
  expect(lines[0]).toBe('device,quantity,series,unit,start,value,count,flag,tests,final');
  expect(lines).toHaveLength(24);
});

test('a paid query of a known buyer asks the chain four times, and while it waits for a block at most ten', async () => {
  await buyer.fetch(queryUrl());
  const buy = async (limit: string) => expect((await buyer.fetch(queryUrl({ limit }))).status).toBe(200);
  const mined = await countChainRequests(chain.wire, () => buy('4999'));
  // The base fee is kept for ten seconds.
  const { eth_getBlockByNumber: fees = 0, ...rest } = mined.methods;
  expect(rest).toEqual({ eth_call: 1, eth_estimateGas: 1, eth_getTransactionReceipt: 1, eth_sendRawTransaction: 1 });
  expect(fees).toBeLessThanOrEqual(1);
  expect(mined.requests).toBe(4 + fees);

  // As OP makes blocks, at the worst moment.
  const slow = await countWithSlowBlock(chain, 2000, () => buy('4998'));
  expect(slow.requests).toBeLessThanOrEqual(10);
});

test('the same header again brings the answer that was bought, not a new one, and is charged once', async () => {
  const first = await (await buyer.fetch(queryUrl())).text();
  const db = await shop.runtime.getD1Database('DB');
  await db
    .prepare("UPDATE device_day SET late = late + 1, series = replace(series, '[2,200,1,0]', '[2,999,1,0]')")
    .run();
  const again = await send(queryUrl(), buyer.headers[0] ?? '');
  expect(again.status).toBe(200);
  expect(await again.text()).toBe(first);
  expect(again.headers.get('PAYMENT-RESPONSE')).not.toBeNull();
  await db.prepare("UPDATE device_day SET series = replace(series, '[2,999,1,0]', '[2,200,1,0]')").run();
  expect(await spent()).toBe(PRICE);
});

test('a header bought for one query is refused on another', async () => {
  const header = await buyer.sign(queryUrl());
  const refused = await send(queryUrl({ limit: '10' }), header);
  expect([refused.status, (await refused.json<{ code: string }>()).code]).toEqual([409, 'payment-for-another-query']);
  expect(await spent()).toBe(0n);
});

test('an empty wallet is refused, and the same header works after a top-up', async () => {
  const poor = createBuyer(chain.usdc);
  const header = await poor.sign(queryUrl());
  const refused = await send(queryUrl(), header);
  expect(refused.status).toBe(402);
  expect(refused.headers.get('PAYMENT-REQUIRED')).not.toBeNull();
  await chain.fund(poor.account, PRICE);
  expect((await send(queryUrl(), header)).status).toBe(200);
  expect(await chain.balanceOf(poor.account.address)).toBe(0n);
});

test('a query that cannot be answered is free', async () => {
  const cases: [string, number, string][] = [
    [queryUrl({ quantity: 'pm2.5' }), 400, 'bad-parameter'],
    [queryUrl({ quantities: 'pm25' }), 400, 'unknown-parameter'],
    [queryUrl({ cell: CELL }), 400, 'one-of'],
    [queryUrl({ device: 'did:key:z6Mkf5rGMoatrSj1f4CyvuHBeXJELe9RPdzo2PKGNCKVtZxP' }), 404, 'no-such-device'],
    [queryUrl({ from: new Date(seeded.fromMs - 400 * 86_400_000).toISOString() }), 422, 'query-too-large'],
  ];
  for (const [url, status, code] of cases) {
    const response = await fetch(url);
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([status, code]);
  }
  const nothing = await buyer.fetch(queryUrl({ quantity: 'co2' }));
  expect([nothing.status, (await nothing.json<{ code: string }>()).code]).toEqual([404, 'nothing-measured']);
  expect(await spent()).toBe(0n);
});

test('a settlement that the base fee left behind is replaced at its nonce, and the receipt names what was mined', async () => {
  const setBaseFee = async (wei: bigint) => {
    await chain.client.setNextBlockBaseFeePerGas({ baseFeePerGas: wei });
    await chain.client.mine({ blocks: 1 });
  };
  await setBaseFee(10_000_000n);
  // The settler remembers a base fee for a while; a new one asks.
  await shop.stop();
  shop = await openShop(contents, bindings, folder);
  const header = await buyer.sign(queryUrl());
  await chain.client.setAutomine(false);
  const isSent = async () => chain.takeAsked().includes('eth_sendRawTransaction') || null;
  try {
    chain.takeAsked();
    const answering = send(queryUrl(), header);
    await until('it is sent', 5000, isSent);
    await setBaseFee(100_000_000n);
    expect(await spent()).toBe(0n);
    await until('it is sent again', 6000, isSent);
    await chain.client.mine({ blocks: 1 });
    const response = await answering;
    expect(response.status).toBe(200);
    const { transaction } = decodePaymentResponseHeader(response.headers.get('PAYMENT-RESPONSE') ?? '');
    const mined = await chain.client.getTransaction({ hash: transaction as `0x${string}` });
    expect(mined.maxFeePerGas).toBeGreaterThan(100_000_000n);
    expect(await spent()).toBe(PRICE);
  } finally {
    await chain.client.setAutomine(true);
  }
});

test('a payment that is not mined in time is answered 503, survives a restart, and is charged once', async () => {
  const header = await buyer.sign(queryUrl());
  await chain.client.setAutomine(false);
  const slow = await send(queryUrl(), header);
  expect(slow.status).toBe(503);
  expect(slow.headers.get('retry-after')).not.toBeNull();
  expect((await slow.json<{ code: string }>()).code).toBe('settlement-pending');

  await shop.stop();
  shop = await openShop(contents, bindings, folder);
  await chain.client.mine({ blocks: 1 });
  await chain.client.setAutomine(true);
  const answered = await sendUntilAnswered(queryUrl(), header);
  expect(answered.status).toBe(200);
  expect((await answered.json<ObservationsAnswer>()).observations).toHaveLength(23);
  expect(await spent()).toBe(PRICE);
});
