/** What the paid queries answer: formats read by foreign readers, pages, entity tags, areas, derived series, limits. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { check } from '@placemarkio/check-geojson';
import { parse } from 'csv-parse/sync';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type { AnomaliesAnswer, AnomaliesQuote } from '../../schema/api/anomalies.ts';
import type { ObservationsAnswer, ObservationsQuote } from '../../schema/api/observations.ts';
import { createBuyer, type Buyer } from './support/buyer.ts';
import { addDay, addDevice, hoursAlike } from './support/seed-devices.ts';
import { startShopChain, type ShopChain } from './support/shop-chain.ts';
import { bundleShop, CELL, DEVICES, openShop, seed, type Seeded, type Shop } from './support/shop-worker.ts';

const DISTRIBUTOR = `0x${'d1'.repeat(20)}` as const;
const FUNDS = 1_000_000n;
const HOUR_MS = LOCAL_RULES.time.hourSeconds * 1000;
/** Measures pm25 20 ug/m3 and 50 %RH all day. Stands in Fiji, east of the antimeridian. */
const FIJI = 'did:key:z6MkuBsxRsRu3PU1VzZ5xnqNtXWRwLtrGdxdMeMFuxP5xyVp';
const FIJI_PLACE = {
  cell: '839b4afffffffff',
  place: '879b4a8c1ffffff',
  latitudeE5: -1_670_000,
  longitudeE5: -17_990_000,
};

let chain: ShopChain;
let shop: Shop;
let seeded: Seeded;
let buyer: Buyer;
let folder: string;
let db: Awaited<ReturnType<Shop['runtime']['getD1Database']>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'query-'));
  const [started, contents] = await Promise.all([startShopChain(), bundleShop()]);
  chain = started;
  const key = generatePrivateKey();
  await chain.fund(privateKeyToAccount(key), 0n);
  const bindings = {
    RPC_URL: chain.proxyUrl,
    USDC_ADDRESS: chain.usdc,
    DISTRIBUTOR_ADDRESS: DISTRIBUTOR,
    SETTLER_PRIVATE_KEY: key,
  };
  shop = await openShop(contents, bindings, folder);
  seeded = await seed(shop);
  db = await shop.runtime.getD1Database('DB');
  await addDevice(db, { device: FIJI, name: 'Rabi, "east"', ...FIJI_PLACE, closedThrough: seeded.firstHour + 23 });
  await addDay(db, FIJI, seeded.firstHour / 24, [
    { quantity: 1, hours: hoursAlike(200) },
    { quantity: 4, hours: hoursAlike(500) },
  ]);
  buyer = createBuyer(chain.usdc);
  await chain.fund(buyer.account, FUNDS);
});

afterAll(async () => {
  await shop?.stop();
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

function queryUrl(extra: Record<string, string> = {}, path = '/v1/observations'): string {
  const { device = DEVICES[0], ...rest } = extra;
  const isArea = 'cell' in rest || 'bbox' in rest;
  const parameters = {
    ...(isArea ? {} : { device }),
    ...(path.endsWith('observations') && !('index' in rest) ? { quantity: 'pm25' } : {}),
    from: new Date(seeded.fromMs).toISOString(),
    until: new Date(seeded.untilMs).toISOString(),
    ...rest,
  };
  return `${shop.url}${path}?${new URLSearchParams(parameters).toString()}`;
}

const spent = async () => FUNDS - (await chain.balanceOf(buyer.account.address));

async function buyJson(url: string): Promise<ObservationsAnswer> {
  const response = await buyer.fetch(url);
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json<ObservationsAnswer>();
}

async function quoteOf(extra: Record<string, string>): Promise<ObservationsQuote> {
  const response = await fetch(queryUrl({ ...extra, 'dry-run': 'true' }));
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json<ObservationsQuote>();
}

test('each format is that format to its own readers, says unit and license, and holds the same rows', async () => {
  const area = { cell: CELL, fields: 'device,quantity,unit,start,value,name,latitude' };
  const json = await buyJson(queryUrl({ ...area, format: 'json' }));
  const total = json.observations.reduce((sum, { value }) => sum + value, 0);
  expect(json).toMatchObject({ license: 'CC-BY-4.0', units: { pm25: 'ug/m3' }, next: null });
  expect(json.observations).toHaveLength(23 + 24);
  expect(Object.keys(json.observations[0] ?? {})).toEqual(area.fields.split(','));

  const csv = await buyer.fetch(queryUrl({ ...area, format: 'csv' }));
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
  expect(csv.headers.get('link')).toContain('rel="license"');
  const read: Record<string, string>[] = parse(await csv.text(), { columns: true, record_delimiter: '\r\n' });
  expect(read.map(({ start, value }) => `${start} ${value}`)).toEqual(
    json.observations.map(({ start, value }) => `${start} ${value}`),
  );
  expect(read[0]).toMatchObject({ unit: 'ug/m3', name: 'Station 1' });

  const lines = await buyer.fetch(queryUrl({ ...area, format: 'ndjson' }));
  expect(lines.headers.get('content-type')).toBe('application/x-ndjson');
  expect(lines.headers.get('link')).toContain('creativecommons.org/licenses/by/4.0/>; rel="license"');
  const records = (await lines.text()).trimEnd().split('\n');
  expect(records.map((line) => JSON.parse(line) as unknown)).toEqual(json.observations);

  const geo = await buyer.fetch(queryUrl(area), { headers: { accept: 'application/geo+json' } });
  expect(geo.headers.get('content-type')).toBe('application/geo+json');
  const text = await geo.text();
  expect(check(text)).toMatchObject({ type: 'FeatureCollection' });
  const collection = JSON.parse(text) as { license: string; features: { geometry: unknown; properties: unknown }[] };
  expect(collection.license).toBe('CC-BY-4.0');
  expect(collection.features.map(({ properties }) => properties)).toEqual(json.observations);
  expect(collection.features[0]?.geometry).toEqual({ type: 'Point', coordinates: [-3.7, 40.4] });

  const parquet = await buyer.fetch(queryUrl({ ...area, format: 'parquet' }), { headers: { accept: 'text/html' } });
  expect(parquet.headers.get('content-type')).toBe('application/vnd.apache.parquet');
  const file = join(folder, 'observations.parquet');
  await writeFile(file, new Uint8Array(await parquet.arrayBuffer()));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const sums = await connection.runAndReadAll(`SELECT count(*), sum(value), epoch_ms(min("start")) FROM '${file}'`);
  const facts = await connection.runAndReadAll(
    `SELECT decode(value) FROM parquet_kv_metadata('${file}') WHERE decode(key) IN ('license', 'units') ORDER BY 1`,
  );
  connection.closeSync();
  expect(sums.getRows()).toEqual([[47n, total, BigInt(seeded.fromMs)]]);
  expect(facts.getRows().flat()).toEqual(['CC-BY-4.0', '{"pm25":"ug/m3"}']);
});

test('what no format suits is answered with the list, and charges nothing', async () => {
  const response = await fetch(queryUrl(), { headers: { accept: 'text/html' } });
  expect([response.status, await response.json()]).toMatchObject([
    406,
    { code: 'not-acceptable', mediaTypes: expect.arrayContaining(['text/csv', 'application/vnd.apache.parquet']) },
  ]);
});

test('pages hold each row once, each for its own price, and a cursor serves no other query', async () => {
  const whole = await buyJson(queryUrl({ cell: CELL, format: 'json' }));
  const before = await spent();
  const pages: ObservationsAnswer[] = [];
  let url: string | null = queryUrl({ cell: CELL, limit: '20' });
  while (url !== null) {
    const response: Response = await buyer.fetch(url);
    const page: ObservationsAnswer = await response.json();
    expect(response.headers.get('link')?.includes('rel="next"')).toBe(page.next !== null);
    pages.push(page);
    url = page.next;
  }
  expect(pages.map(({ observations }) => observations.length)).toEqual([20, 19, 8]);
  expect(pages.flatMap(({ observations }) => observations)).toEqual(whole.observations);
  expect((await spent()) - before).toBe(30_000n);

  const cursor = new URL(pages[0]?.next ?? '').searchParams.get('cursor') ?? '';
  for (const other of [
    { limit: '20', cursor },
    { cell: CELL, limit: '21', cursor },
    { cell: CELL, cursor: 'x' },
  ]) {
    const response = await fetch(queryUrl(other));
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'bad-cursor', parameter: 'cursor' }]);
  }
});

test('an empty page in between is free and leads on', async () => {
  const first = await buyJson(queryUrl({ limit: '2' }));
  const gap = await buyer.fetch(queryUrl({ limit: '1', from: new Date(seeded.fromMs + 2 * HOUR_MS).toISOString() }));
  const problem = await gap.json<{ code: string; next: string }>();
  expect([gap.status, problem.code]).toEqual([404, 'nothing-measured']);
  expect(gap.headers.get('link')).toContain(`<${problem.next}>; rel="next"`);
  expect((await buyJson(problem.next)).observations).toMatchObject([{ flag: 3 }]);
  expect(first.observations).toHaveLength(2);
});

test('who shows the tag of an answer that has not changed gets 304, unpaid; nobody else does', async () => {
  const bought = await buyer.fetch(queryUrl({ fields: 'start,value' }));
  const etag = bought.headers.get('etag') ?? '';
  const before = await spent();
  const again = (tag: string, extra: Record<string, string> = { fields: 'start,value' }) =>
    fetch(queryUrl(extra), { headers: { 'if-none-match': tag } });
  const held = await again(etag);
  expect([held.status, held.headers.get('etag'), await held.text()]).toEqual([304, etag, '']);
  expect((await again(`"x", W/${etag}`)).status).toBe(304);
  // The tag of another query, a made-up one, a wildcard, and one whose digest was changed.
  const forged = etag.replace(/^"./, (start) => (start === '"0' ? '"1' : '"0'));
  for (const tag of ['*', `"${'a'.repeat(32)}.${'b'.repeat(32)}"`, forged]) expect((await again(tag)).status).toBe(402);
  expect((await again(etag, { fields: 'value' })).status).toBe(402);
  await db.prepare("UPDATE device_day SET series = replace(series, '[2,220,1,0]', '[2,222,1,0]')").run();
  expect((await again(etag)).status).toBe(402);
  await db.prepare("UPDATE device_day SET series = replace(series, '[2,222,1,0]', '[2,220,1,0]')").run();
  expect((await again(etag)).status).toBe(304);
  expect(await spent()).toBe(before);
});

test('boxes and cells choose devices; what a device does not measure is not priced', async () => {
  const madrid = { bbox: '-4,40,-3,41' };
  expect(await quoteOf(madrid)).toMatchObject({ devices: 2, deviceQuantityHours: 48 });
  // Across the antimeridian, RFC 7946 section 5.2.
  expect(await quoteOf({ bbox: '179,-17,-179,-16' })).toMatchObject({ devices: 1, deviceQuantityHours: 24 });
  expect(await quoteOf({ bbox: '-180,-90,180,90', quantity: 'pm25,rh' })).toMatchObject({
    devices: 3,
    // Madrid's stations have no hygrometer.
    deviceQuantityHours: 24 + 24 + 48,
  });
  expect(await quoteOf({ bbox: '-180,-90,180,90', quantity: 'rh' })).toMatchObject({ devices: 1 });
  expect(await quoteOf({ cell: '87390ca8cffffff' })).toMatchObject({ devices: 2 });
  expect(await quoteOf({ cell: `${FIJI_PLACE.place},${CELL}` })).toMatchObject({ devices: 3 });
  const nowhere = await fetch(queryUrl({ bbox: '10,50,11,51' }));
  expect([nowhere.status, await nowhere.json()]).toMatchObject([409, { code: 'nothing-for-sale' }]);
  const nothing = await fetch(queryUrl({ ...madrid, quantity: 'co2' }));
  expect([nothing.status, await nothing.json()]).toMatchObject([404, { code: 'nothing-measured' }]);
});

test('days, corrected values and indices are series of their own', async () => {
  const days = await buyJson(queryUrl({ cell: CELL, resolution: 'day', flags: '1' }));
  expect(days.observations).toMatchObject([
    { device: DEVICES[1], value: 5, hours: 24, coverage: 1, count: 24, final: true },
    // Without the suspect fourth hour and the missing third.
    { device: DEVICES[0], hours: 22, coverage: 0.917, count: 44, flag: 1 },
  ]);
  const both = await buyJson(queryUrl({ device: FIJI, series: 'raw,corrected', limit: '2' }));
  expect(both.observations.map(({ series, value }) => [series, value])).toEqual([
    ['raw', 20],
    ['corrected', 11.92],
  ]);
  expect(both.methods?.['corrected']).toContain('Plantower');
  const indices = await buyJson(queryUrl({ device: FIJI, index: 'us-aqi-nowcast,european-aqi' }));
  expect(indices.observations.at(-1)).toMatchObject({ quantity: 'european-aqi', value: 3, category: 'moderate' });
  expect(indices.observations.at(-2)).toMatchObject({ quantity: 'us-aqi-nowcast', value: 71, pollutant: 'pm25' });
  const aqi = await buyJson(queryUrl({ device: FIJI, index: 'us-aqi', resolution: 'day' }));
  expect(aqi.observations).toMatchObject([{ quantity: 'us-aqi', value: 71, unit: '1', category: 'moderate' }]);
});

test('a query too large for one answer says how large it is, and is sold in pages', async () => {
  const from = new Date(seeded.fromMs - 5000 * HOUR_MS).toISOString();
  const refused = await fetch(queryUrl({ from }));
  expect([refused.status, await refused.json()]).toMatchObject([
    422,
    { code: 'query-too-large', size: 5024, limit: 5000, unit: 'device-quantity-hours', export: '/v1/exports' },
  ]);
  expect(await quoteOf({ from, limit: '5000' })).toMatchObject({
    deviceQuantityHours: 5000,
    isLastPage: false,
    whole: { deviceQuantityHours: 5024 },
    price: { amount: '500000' },
  });
  const small = await fetch(queryUrl({ index: 'us-aqi-nowcast', device: FIJI, limit: '5' }));
  expect([small.status, await small.json()]).toMatchObject([400, { code: 'limit-too-small', parameter: 'limit' }]);
});

test('anomalies are sold with their evidence, by begun days of devices', async () => {
  const insert = db.prepare(
    `INSERT INTO anomaly_event (device, quantity, test, start_hour, end_hour, cell, flag, severity, evidence)
     VALUES (?, 'pm25', ?, ?, ?, ?, ?, ?, ?)`,
  );
  const evidence = JSON.stringify({ measured: 80, expected: [5, 20], against: [DEVICES[1], FIJI] });
  const hour = seeded.firstHour;
  await db.batch([
    insert.bind(DEVICES[0], 'neighbour', hour - 30, hour + 2, CELL, 3, 2.5, evidence),
    insert.bind(DEVICES[0], 'neighbour', hour + 5, null, CELL, 4, 4, evidence),
    insert.bind(DEVICES[0], 'bias', hour - 30, hour, CELL, 3, 2.5, evidence),
    insert.bind(DEVICES[1], 'step', hour + 24, hour + 25, CELL, 3, 9, evidence),
  ]);
  const path = '/v1/anomalies';
  const quote = await fetch(queryUrl({ cell: CELL, 'dry-run': 'true' }, path));
  expect(await quote.json<AnomaliesQuote>()).toMatchObject({ devices: 2, deviceDays: 2, price: { amount: '10000' } });
  const bought = await buyer.fetch(queryUrl({ cell: CELL }, path));
  const { anomalies } = await bought.json<AnomaliesAnswer>();
  expect(anomalies.map(({ test: code, start }) => [code, (Date.parse(start) - seeded.fromMs) / HOUR_MS])).toEqual([
    ['neighbour', -30],
    ['neighbour', 5],
  ]);
  expect(anomalies[1]).toMatchObject({ flag: 4, end: null, low: 5, high: 20, against: [DEVICES[1], FIJI] });
  expect(anomalies[1]?.reason).toContain('80 ug/m3');
  const severe = await buyer.fetch(queryUrl({ cell: CELL, severity: '3', flags: '4', format: 'csv' }, path));
  const severeRows: unknown[] = parse(await severe.text(), { columns: true });
  expect(severeRows).toHaveLength(1);
  const geo = await buyer.fetch(queryUrl({ cell: CELL, test: 'neighbour', format: 'geojson' }, path));
  expect(check(await geo.text())).toMatchObject({ type: 'FeatureCollection' });
  const etag = bought.headers.get('etag') ?? '';
  expect((await fetch(queryUrl({ cell: CELL }, path), { headers: { 'if-none-match': etag } })).status).toBe(304);
  const wrong = await fetch(queryUrl({ cell: CELL, test: 'smell' }, path));
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: 'bad-parameter', parameter: 'test' }]);
});

test('requests are counted, told, and limited', async () => {
  const ask = () => fetch(queryUrl({ quantity: 'dust' }));
  const first = await ask();
  expect(first.headers.get('ratelimit-policy')).toBe('"unpaid";q=300;w=60');
  expect(first.headers.get('ratelimit')).toMatch(/^"unpaid";r=\d+;t=\d+$/);
  let last = first;
  // A minute may end in between, and the count with it.
  for (let count = 0; last.status !== 429 && count < 650; count += 1) last = await ask();
  expect([last.status, last.headers.get('ratelimit')]).toEqual([429, expect.stringMatching(/^"unpaid";r=0;t=\d+$/)]);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(await last.json()).toMatchObject({
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
    'violated-policies': ['unpaid'],
  });
});
