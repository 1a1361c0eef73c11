/**
 * What is paid becomes a row in the database, once, after it is final: on a real chain whose blocks are taken back, and
 * under a runtime that is killed between answer, settlement and delivery.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authorizedTransfers } from '../../scripts/verify/usdc-transfers.ts';
import type { StatisticsAnswer } from '../../schema/api/public.ts';
import { until } from '../support/until.ts';
import { createBuyer, send, sendUntilAnswered, type Buyer } from './support/buyer.ts';
import { startShopChain, type ShopChain } from './support/shop-chain.ts';
import {
  bundleShop,
  DEVICES,
  openShop,
  seed,
  type Seeded,
  type Shop,
  type ShopBindings,
} from './support/shop-worker.ts';

const DISTRIBUTOR = `0x${'d2'.repeat(20)}` as const;
const PRICE = 10_000n;
/** As many blocks as anvil takes until one is final, and some more. */
const FINAL_BLOCKS = 70;
/** The settler looks at the chain ten seconds after a sale, and then every twenty. */
const DELIVERED_WITHIN_MS = 45_000;

let chain: ShopChain;
let shop: Shop;
let seeded: Seeded;
let contents: string;
let bindings: ShopBindings;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sales-'));
  [chain, contents] = await Promise.all([startShopChain(), bundleShop()]);
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
});
afterAll(async () => {
  await shop?.stop();
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

const queryUrl = (): string =>
  `${shop.url}/v1/observations?${new URLSearchParams({
    device: DEVICES[0],
    quantity: 'pm25',
    from: new Date(seeded.fromMs).toISOString(),
    until: new Date(seeded.untilMs).toISOString(),
  }).toString()}`;

async function newBuyer(): Promise<Buyer> {
  const buyer = createBuyer(chain.usdc);
  await chain.fund(buyer.account, 10n * PRICE);
  return buyer;
}

type Row = {
  readonly id: string;
  readonly usdc: string;
  readonly served: string;
  readonly hash: string;
  readonly at: number;
};

async function rowsOf(buyers: readonly Buyer[]): Promise<readonly Row[]> {
  const db = await shop.runtime.getD1Database('DB');
  const { results } = await db
    .prepare('SELECT id, usdc, served, transaction_hash AS hash, sold_ms AS at FROM sale ORDER BY id')
    .all<Row>();
  const payers = buyers.map(({ account }) => account.address.toLowerCase());
  return results.filter(({ id }) => payers.includes(id.split(':')[1] ?? ''));
}

const delivered = (buyers: readonly Buyer[]) =>
  until('every sale is in the database', DELIVERED_WITHIN_MS, async () => {
    const rows = await rowsOf(buyers);
    return rows.length === buyers.length ? rows : null;
  });

test('a settlement that a reorganization took away is sent again, and is a sale only where it ended up for good', async () => {
  const buyer = await newBuyer();
  const answered = await buyer.fetch(queryUrl());
  expect(answered.status).toBe(200);
  const before = await chain.client.getBlock();
  await chain.client.request({ method: 'anvil_reorg', params: [1, []] } as never);
  expect(await chain.balanceOf(DISTRIBUTOR)).toBe(0n);
  // The settler sees another block at that height, and sends it again: the same bytes, or the same call for more.
  await until(
    'it is settled again',
    DELIVERED_WITHIN_MS,
    async () => (await chain.balanceOf(DISTRIBUTOR)) === PRICE || null,
  );
  await chain.client.mine({ blocks: FINAL_BLOCKS });
  const [row] = await delivered([buyer]);
  expect(row).toMatchObject({ usdc: String(PRICE), served: JSON.stringify([[DEVICES[0], 22]]) });

  const receipt = await chain.client.getTransactionReceipt({ hash: row?.hash as `0x${string}` });
  expect(receipt.blockHash).not.toBe(before.hash);
  const { timestamp } = await chain.client.getBlock({ blockNumber: receipt.blockNumber });
  expect(row?.at).toBe(Number(timestamp) * 1000);
  const [, payer, nonce] = row?.id.split(':') ?? [];
  expect(authorizedTransfers(receipt.logs, chain.usdc)).toEqual([
    { payer, nonce, to: DISTRIBUTOR, amount: String(PRICE) },
  ]);
});

/** What the runtime asks of the chain when its power is cut: while it verifies, settles, and waits for the block. */
const MOMENTS = ['eth_call', 'eth_estimateGas', 'eth_sendRawTransaction', 'eth_getTransactionReceipt'];

async function asked(method: string): Promise<void> {
  while (!chain.takeAsked().includes(method)) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('the statistics count sales and their USDC, and a top-up is none yet', async () => {
  const db = await shop.runtime.getD1Database('DB');
  const add = (id: string, kind: string, usdc: string) =>
    db
      .prepare(`INSERT INTO sale (id, kind, usdc, served, sold_ms) VALUES (?, ?, ?, '[]', 0)`)
      .bind(id, kind, usdc)
      .run();
  await add('x402:0x1:0x1', 'top-up', '5000000');
  // Beyond what a double holds.
  await add('credit:0x1:1', 'credit', '9007199254740993');
  const { sales } = await (await fetch(`${shop.url}/v1/statistics`)).json<StatisticsAnswer>();
  expect(sales).toEqual({ count: 2, usdc: String(PRICE + 9_007_199_254_740_993n) });
  await db.prepare(`DELETE FROM sale WHERE id IN ('x402:0x1:0x1', 'credit:0x1:1')`).run();
});

test('whatever the runtime was doing when it was killed, what buyers paid and what the devices are owed are the same', async () => {
  const earned = await chain.balanceOf(DISTRIBUTOR);
  const buyers: Buyer[] = [];
  const headers: string[] = [];
  for (const moment of MOMENTS) {
    // Those of the moments before ask again, too.
    for (let n = 0; n < 2; n++) {
      const buyer = await newBuyer();
      buyers.push(buyer);
      headers.push(await buyer.sign(queryUrl()));
    }
    chain.takeAsked();
    const sending = headers.map((header) => send(queryUrl(), header).catch(() => null));
    await asked(moment);
    await shop.stop();
    await Promise.all(sending);
    shop = await openShop(contents, bindings, folder);
  }
  for (const header of headers) expect((await sendUntilAnswered(queryUrl(), header)).status).toBe(200);
  await chain.client.mine({ blocks: FINAL_BLOCKS });
  await shop.stop();
  shop = await openShop(contents, bindings, folder);
  const rows = await delivered(buyers);
  expect(rows.reduce((sum, { usdc }) => sum + BigInt(usdc), 0n)).toBe((await chain.balanceOf(DISTRIBUTOR)) - earned);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(buyers.length);
  expect(rows.map(({ served }) => served)).toEqual(rows.map(() => JSON.stringify([[DEVICES[0], 22]])));
});
