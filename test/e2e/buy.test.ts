/** The paid route with the stock x402 client, the real runtime and a real chain. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePaymentResponseHeader } from '@x402/fetch';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ObservationsAnswer, ObservationsQuote } from '../../schema/api/observations.ts';
import { until } from '../support/until.ts';
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

test('a warm paid query asks the chain at most seven times', async () => {
  await buyer.fetch(queryUrl());
  chain.takeAsked();
  expect((await buyer.fetch(queryUrl({ limit: '4999' }))).status).toBe(200);
  const asked = chain.takeAsked();
  expect(asked.filter((method) => method === 'eth_sendRawTransaction')).toHaveLength(1);
  expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(7);
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

test('the same header five times at once is worked on once and charged once, and all get the same answer', async () => {
  const header = await buyer.sign(queryUrl());
  chain.takeAsked();
  const responses = await Promise.all(Array.from({ length: 5 }, () => send(queryUrl(), header)));
  const statuses = responses.map((response) => response.status);
  expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
  expect(statuses).toContain(200);
  const asked = chain.takeAsked();
  expect(asked.filter((method) => method === 'eth_sendRawTransaction')).toHaveLength(1);
  // One simulation: only one of the five was verified, answered and settled.
  expect(asked.filter((method) => method === 'eth_call')).toHaveLength(1);
  const bodies = await Promise.all(
    Array.from({ length: 5 }, async () => (await sendUntilAnswered(queryUrl(), header)).text()),
  );
  expect(new Set(bodies).size).toBe(1);
  expect(await spent()).toBe(PRICE);
});

test('ten payments at once share the settler without losing a nonce', async () => {
  const responses = await Promise.all(
    Array.from({ length: 10 }, (_, index) => buyer.fetch(queryUrl({ limit: String(4000 + index) }))),
  );
  expect(responses.map((response) => response.status)).toEqual(Array.from({ length: 10 }, () => 200));
  expect(await spent()).toBe(10n * PRICE);
});

test('a header bought for one query is refused on another, before and after it is used', async () => {
  const header = await buyer.sign(queryUrl());
  const other = queryUrl({ resolution: 'hour', limit: '10' });
  const early = await send(other, header);
  expect(early.status).toBe(409);
  expect(await early.json()).toMatchObject({ code: 'payment-for-another-query' });

  // Rewritten to name the other query: the offer's digest no longer fits.
  const payload = JSON.parse(atob(header)) as { accepted: { extra: { q: string } } };
  const wanted = JSON.parse(atob((await fetch(other)).headers.get('PAYMENT-REQUIRED') ?? '')) as {
    accepts: { extra: { q: string; offer: string } }[];
  };
  const q = wanted.accepts[0]?.extra.q ?? '';
  const forged = btoa(
    JSON.stringify({ ...payload, accepted: { ...payload.accepted, extra: { ...payload.accepted.extra, q } } }),
  );
  expect((await send(other, forged)).status).toBe(402);
  expect(await spent()).toBe(0n);

  expect((await send(queryUrl(), header)).status).toBe(200);
  // With a true offer for the other query around a used authorization.
  const reused = btoa(JSON.stringify({ ...payload, accepted: wanted.accepts[0] }));
  expect((await send(other, reused)).status).toBe(409);
  expect(await spent()).toBe(PRICE);
});

test('what the chain shows of a payment does not fetch its answer', async () => {
  const header = await buyer.sign(queryUrl());
  expect((await send(queryUrl(), header)).status).toBe(200);
  const stranger = JSON.parse(atob(header)) as { accepted: unknown };
  const required = (await fetch(queryUrl())).headers.get('PAYMENT-REQUIRED') ?? '';
  const [accepted] = (JSON.parse(atob(required)) as { accepts: unknown[] }).accepts;
  const copied = await send(queryUrl(), btoa(JSON.stringify({ ...stranger, accepted })));
  expect(copied.status).toBe(409);
  expect(await spent()).toBe(PRICE);
});

test('a payment signed for another chain is refused and charges nothing', async () => {
  const required = JSON.parse(atob((await fetch(queryUrl())).headers.get('PAYMENT-REQUIRED') ?? '')) as {
    accepts: Record<string, unknown>[];
  };
  const offered = required.accepts[0] ?? {};
  const { extra } = offered as { extra: { name: string; version: string } };
  const now = Math.floor(Date.now() / 1000);
  const authorization = {
    from: buyer.account.address,
    to: DISTRIBUTOR,
    value: String(PRICE),
    validAfter: String(now - 60),
    validBefore: String(now + 120),
    nonce: `0x${'5a'.repeat(32)}`,
  };
  const signature = await buyer.account.signTypedData({
    domain: { name: extra.name, version: extra.version, chainId: 8453, verifyingContract: chain.usdc },
    types: {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'TransferWithAuthorization',
    message: {
      ...authorization,
      value: PRICE,
      validAfter: BigInt(now - 60),
      validBefore: BigInt(now + 120),
      nonce: authorization.nonce as `0x${string}`,
    },
  });
  const payload = (accepted: object) =>
    btoa(JSON.stringify({ x402Version: 2, accepted, payload: { signature, authorization } }));
  const wrongSignature = await send(queryUrl(), payload(offered));
  expect(wrongSignature.status).toBe(402);
  expect((await wrongSignature.json<{ detail: string }>()).detail).toContain('invalid');
  expect((await send(queryUrl(), payload({ ...offered, network: 'eip155:8453' }))).status).toBe(402);
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

test('a buyer who hangs up after paying fetches the answer with the same header', async () => {
  const header = await buyer.sign(queryUrl());
  await chain.client.setAutomine(false);
  const hangUp = new AbortController();
  const request = send(queryUrl(), header, hangUp.signal).catch((error: Error) => error.name);
  await broadcast();
  hangUp.abort();
  expect(await request).toBe('AbortError');
  await chain.client.mine({ blocks: 1 });
  await chain.client.setAutomine(true);
  expect((await sendUntilAnswered(queryUrl(), header)).status).toBe(200);
  expect(await spent()).toBe(PRICE);
});

/** Until the settler's transaction is with the node. */
async function broadcast(): Promise<void> {
  chain.takeAsked();
  for (let asked: string[] = []; !asked.includes('eth_sendRawTransaction'); asked = asked.concat(chain.takeAsked())) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
