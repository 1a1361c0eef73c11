/** Exports: bought with the stock client, made over kills, fetched in pieces, read by DuckDB. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExportManifest } from '../../core/export/manifest.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs, firstHourOf, rfc3339 } from '../../core/time.ts';
import type { ExportAnswer, ExportLinks, ExportQuote, ExportSold } from '../../schema/api/exports.ts';
import type { ObservationsAnswer } from '../../schema/api/observations.ts';
import { until } from '../support/until.ts';
import { createBuyer, type Buyer } from './support/buyer.ts';
import { addDay, addDevice, type Hour } from './support/seed-devices.ts';
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

const RULES = LOCAL_RULES.time;
const DISTRIBUTOR = `0x${'d1'.repeat(20)}` as const;
const FUNDS = 1_000_000_000n;
/** In another region; pm25 and rh of hours that differ, some of them flagged. */
const FAR = 'did:key:z6MkuBsxRsRu3PU1VzZ5xnqNtXWRwLtrGdxdMeMFuxP5xyVp';
const FAR_CELL = '839b4afffffffff';
const DATES = 40;

let chain: ShopChain;
let shop: Shop;
let seeded: Seeded;
let buyer: Buyer;
let contents: string;
let bindings: ShopBindings;
let folder: string;
/** First epoch of the long export, and the one after its last. */
let fromEpoch: number;
let untilEpoch: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exports-'));
  [chain, contents] = await Promise.all([startShopChain(), bundleShop()]);
  const key = generatePrivateKey();
  bindings = {
    RPC_URL: chain.proxyUrl,
    USDC_ADDRESS: chain.usdc,
    DISTRIBUTOR_ADDRESS: DISTRIBUTOR,
    SETTLER_PRIVATE_KEY: key,
  };
  await chain.fund(privateKeyToAccount(key), 0n);
  shop = await openShop(contents, bindings, join(folder, 'shop'));
  seeded = await seed(shop);
  untilEpoch = epochOf(seeded.untilMs, RULES);
  fromEpoch = untilEpoch - DATES * 180;
  const db = await shop.runtime.getD1Database('DB');
  await addDevice(db, {
    device: FAR,
    name: 'Far',
    cell: FAR_CELL,
    place: '879b4a8c1ffffff',
    latitudeE5: -1_670_000,
    longitudeE5: -17_990_000,
    closedThrough: firstHourOf(untilEpoch, RULES) - 1,
  });
  for (let epoch = fromEpoch; epoch < untilEpoch; epoch += 90) {
    const hours = (steps: number): Hour[] =>
      Array.from({ length: 24 }, (_, hour) => [
        1 + (hour % 3),
        (steps + hour + epoch) % 900,
        hour % 7 === 3 ? 3 : 1,
        0,
      ]);
    await addDay(db, FAR, epoch, [
      { quantity: 1, hours: hours(100) },
      { quantity: 4, hours: hours(400) },
    ]);
  }
  buyer = createBuyer(chain.usdc, '200000000');
  await chain.fund(buyer.account, FUNDS);
});

afterAll(async () => {
  await shop?.stop();
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

const spent = async () => FUNDS - (await chain.balanceOf(buyer.account.address));
const asked = (body: Record<string, unknown>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const day = () => ({ from: rfc3339(seeded.fromMs), until: rfc3339(seeded.untilMs) });
const longTime = () => ({
  from: rfc3339(epochStartMs(fromEpoch, RULES)),
  until: rfc3339(epochStartMs(untilEpoch, RULES)),
});

async function order(body: Record<string, unknown>): Promise<ExportSold> {
  const response = await buyer.fetch(`${shop.url}/v1/exports`, asked(body));
  expect(response.status).toBe(200);
  return response.json<ExportSold>();
}

/** The address as it is now: the port changes when the runtime comes back. */
const at = (address: string): string => address.replace(/^http:\/\/127\.0\.0\.1:\d+/, shop.url);

async function look(sold: ExportSold): Promise<ExportAnswer> {
  const response = await fetch(at(sold.statusUrl));
  expect([200, 202]).toContain(response.status);
  return response.json<ExportAnswer>();
}

async function linksOf(sold: ExportSold): Promise<ExportLinks> {
  return until('the export is done', 60_000, async () => (await look(sold)).links);
}

/** All files below a folder, under the paths of the manifest. */
async function download(links: ExportLinks, into: string): Promise<ExportManifest> {
  const manifest = await (await fetch(links.manifest)).json<ExportManifest>();
  for (const { path, bytes, sha256 } of manifest.files) {
    const content = Buffer.from(await (await fetch(new URL(path, links.manifest))).arrayBuffer());
    expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    await mkdir(dirname(join(into, path)), { recursive: true });
    await writeFile(join(into, path), content);
  }
  return manifest;
}

async function sql(query: string): Promise<readonly unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    return (await connection.runAndReadAll(query)).getRows();
  } finally {
    connection.closeSync();
  }
}

test('a dry run and the 402 tell the price; what is refused says why and costs nothing', async () => {
  const body = { cell: [CELL, FAR_CELL], quantity: ['pm25', 'rh'], ...day() };
  const dry = await fetch(`${shop.url}/v1/exports`, asked({ ...body, 'dry-run': true }));
  const quote = await dry.json<ExportQuote>();
  // Two devices of one quantity, one of two; what the others do not measure costs nothing.
  expect(quote).toMatchObject({ devices: 3, deviceQuantityHours: 96, format: 'parquet', price: { amount: '10000' } });
  const unpaid = await fetch(`${shop.url}/v1/exports?dry-run=false`, asked(body));
  expect([unpaid.status, await unpaid.json()]).toMatchObject([402, { ...quote, code: 'payment-required' }]);
  const refused = async (change: Record<string, unknown>) => {
    const response = await fetch(`${shop.url}/v1/exports`, asked({ ...body, ...change }));
    const problem = await response.json<{ code: string; parameter?: string; closedUntil?: string }>();
    return [response.status, problem.code, problem.closedUntil ?? problem.parameter];
  };
  const closed = rfc3339(seeded.untilMs);
  expect(await refused({ until: rfc3339(seeded.untilMs + 1) })).toEqual([422, 'not-closed-yet', closed]);
  expect(await refused({ format: 'geojson' })).toEqual([400, 'bad-parameter', 'format']);
  expect(await refused({ resolution: 'raw' })).toEqual([400, 'bad-parameter', 'resolution']);
  expect(await refused({ limit: '5' })).toEqual([400, 'unknown-parameter', 'limit']);
  expect(await refused({ quantity: {} })).toEqual([400, 'bad-body', undefined]);
  const old = { ...longTime(), from: rfc3339(epochStartMs(fromEpoch - 20_000, RULES)) };
  expect(await refused(old)).toEqual([422, 'export-too-large', undefined]);
  expect(await spent()).toBe(0n);
});

test('Parquet by region and date: DuckDB sums what the API answers', async () => {
  const body = { device: [...DEVICES, FAR], quantity: ['pm25', 'rh'], ...day() };
  const answered = await buyer.fetch(
    `${shop.url}/v1/observations?${new URLSearchParams({ ...body, device: body.device.join(','), quantity: 'pm25,rh' }).toString()}`,
  );
  const { observations } = await answered.json<ObservationsAnswer>();
  const sold = await order(body);
  expect(sold.goodHours).toBe(observations.filter(({ flag }) => flag === 1).length);
  const into = join(folder, 'day');
  const manifest = await download(await linksOf(sold), into);
  expect(
    manifest.files.every(({ path }) => /^cell=83[0-9a-f]{13}\/date=\d{4}-\d\d-\d\d\/part-0\.parquet$/.test(path)),
  ).toBe(true);
  const all = `read_parquet('${into}/**/*.parquet', hive_partitioning = true)`;
  const rows = await sql(`
    SELECT cell, device, quantity, count(*)::INTEGER, round(sum(value), 6), sum(count)::INTEGER, sum(CASE WHEN flag = 1 THEN 1 ELSE 0 END)::INTEGER
    FROM ${all} GROUP BY ALL ORDER BY device, quantity`);
  const groups = Map.groupBy(observations, ({ device, quantity }) => `${device} ${quantity}`);
  const expected = [...groups.values()].map((group) => [
    group[0]?.device === FAR ? FAR_CELL : CELL,
    group[0]?.device,
    group[0]?.quantity,
    group.length,
    Math.round(group.reduce((sum, { value }) => sum + value, 0) * 1e6) / 1e6,
    group.reduce((sum, { count }) => sum + count, 0),
    group.filter(({ flag }) => flag === 1).length,
  ]);
  const key = (row: readonly unknown[]) => `${String(row[1])} ${String(row[2])}`;
  expect(rows).toEqual(expected.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)));
  const [times] = await sql(`SELECT epoch_ms(min(start)), epoch_ms(max(start)) FROM ${all}`);
  const starts = observations.map(({ start }) => Date.parse(start));
  expect(times).toEqual([BigInt(Math.min(...starts)), BigInt(Math.max(...starts))]);
});

test('the same payment again is the same job, paid once; another payment is another job', async () => {
  const before = await spent();
  const body = asked({ device: DEVICES[0], quantity: 'pm25', ...day(), format: 'ndjson' });
  const header = await buyer.sign(`${shop.url}/v1/exports`, body);
  const pay = async () => {
    const headers = { 'content-type': 'application/json', 'PAYMENT-SIGNATURE': header };
    return fetch(`${shop.url}/v1/exports`, { ...body, headers });
  };
  const parallel = await Promise.all([pay(), pay(), pay()]);
  const first = parallel.find(({ status }) => status === 200);
  expect(parallel.every(({ status }) => status === 200 || status === 409)).toBe(true);
  const sold = await first?.json<ExportSold>();
  expect(await (await pay()).json()).toEqual(sold);
  expect(await spent()).toBe(before + 10_000n);
  const other = await order({ device: DEVICES[0], quantity: 'pm25', ...day(), format: 'ndjson' });
  expect(other.id).not.toBe(sold?.id);
  expect(await spent()).toBe(before + 20_000n);
});

test('a single file is fetched whole, in parts, and resumed; wrong links and ranges are refused', async () => {
  const sold = await order({ device: DEVICES, quantity: 'pm25', ...day(), format: 'csv' });
  const links = await linksOf(sold);
  const file = links.file ?? '';
  const whole = await fetch(file);
  expect([whole.status, whole.headers.get('accept-ranges'), whole.headers.get('content-type')]).toEqual([
    200,
    'bytes',
    'text/csv; charset=utf-8; header=present',
  ]);
  const etag = whole.headers.get('etag') ?? '';
  const text = await whole.text();
  expect(Number(whole.headers.get('content-length'))).toBe(text.length);
  expect(parse(text, { columns: true, bom: false })).toHaveLength(47);

  const get = async (headers: Record<string, string>, method = 'GET') => fetch(file, { method, headers });
  const tail = await get({ range: 'bytes=1000-', 'if-range': etag });
  expect([tail.status, tail.headers.get('content-range')]).toEqual([
    206,
    `bytes 1000-${text.length - 1}/${text.length}`,
  ]);
  expect(text.slice(0, 1000) + (await tail.text())).toBe(text);
  const stale = await get({ range: 'bytes=1000-', 'if-range': '"other"' });
  expect([stale.status, await stale.text()]).toEqual([200, text]);
  const beyond = await get({ range: `bytes=${text.length}-` });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${text.length}`]);
  expect((await get({ 'if-none-match': etag })).status).toBe(304);
  const head = await get({}, 'HEAD');
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(text.length), '']);

  const status = async (address: string) => (await fetch(address)).status;
  expect(await status(file.replace(/\/files\/(\d)/, '/files/9$1'))).toBe(403);
  expect(await status(`${file}.gz`)).toBe(404);
  expect(await status(file.replace('observations.csv', '..%2F..%2Freports'))).toBe(404);
  expect(await status(sold.statusUrl.replace(/token=../, 'token=00'))).toBe(403);
  const list = (await (await fetch(links.list)).text()).trim().split('\n');
  expect(list).toEqual([file]);
});

test('killed in the middle, an export goes on where it was and holds every row once', async () => {
  const sold = await order({ device: [DEVICES[0], FAR], quantity: ['pm25', 'rh'], ...longTime() });
  const kills: number[] = [];
  for (let kill = 0; kill < 3; kill += 1) {
    const reached = kills.at(-1) ?? 0;
    const running = await until('it has come further', 30_000, async () => {
      const answer = await look(sold);
      return answer.parts.done > reached || answer.status === 'done' ? answer : null;
    });
    if (running.status === 'done') break;
    kills.push(running.parts.done);
    await shop.stop();
    shop = await openShop(contents, bindings, join(folder, 'shop'));
  }
  expect(kills.length).toBeGreaterThan(0);
  expect(kills[0]).toBeLessThan(2 * DATES);
  const into = join(folder, 'long');
  const manifest = await download(await linksOf(sold), into);
  const [[counted, distinct] = []] = await sql(`
    SELECT count(*)::INTEGER, count(DISTINCT (device, quantity, start))::INTEGER
    FROM read_parquet('${into}/**/*.parquet', hive_partitioning = true)`);
  const expected = 23 + DATES * 2 * 48;
  expect([manifest.rows, counted, distinct]).toEqual([expected, expected, expected]);
}, 120_000);
