/** `npm run buy` and the free routes, against the shop Worker. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import type {
  EpochAnswer,
  EpochsAnswer,
  EvidenceAnswer,
  QuantitiesAnswer,
  RegionAnswer,
  RegionsAnswer,
  StatusAnswer,
} from '../../schema/api/public.ts';
import { startShopChain, type ShopChain } from './support/shop-chain.ts';
import { bundleShop, CELL, DEVICES, openShop, seed, type Seeded, type Shop } from './support/shop-worker.ts';

let chain: ShopChain;
let shop: Shop;
let seeded: Seeded;
let folder: string;
const buyerKey = generatePrivateKey();
const buyer = privateKeyToAccount(buyerKey);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shop-'));
  const [started, contents] = await Promise.all([startShopChain(), bundleShop()]);
  chain = started;
  const key = generatePrivateKey();
  await chain.fund(privateKeyToAccount(key), 0n);
  await chain.fund(buyer, 1_000_000n);
  shop = await openShop(
    contents,
    {
      RPC_URL: chain.proxyUrl,
      USDC_ADDRESS: chain.usdc,
      DISTRIBUTOR_ADDRESS: `0x${'d1'.repeat(20)}`,
      SETTLER_PRIVATE_KEY: key,
    },
    folder,
  );
  seeded = await seed(shop);
  await writeFile(
    join(folder, 'local.json'),
    JSON.stringify({
      api: shop.url,
      chainId: 10,
      contracts: { usdc: chain.usdc },
      accounts: { buyer: { address: buyer.address, privateKey: buyerKey } },
    }),
  );
});

afterAll(async () => {
  await shop?.stop();
  await chain?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Run = { readonly code: number; readonly output: string };

function run(...options: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/buy.ts', '--dir', folder, ...options], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

const span = () => ['--from', new Date(seeded.fromMs).toISOString(), '--until', new Date(seeded.untilMs).toISOString()];

async function get<T>(path: string): Promise<T> {
  const response = await fetch(shop.url + path);
  expect(response.status, path).toBe(200);
  return await response.json<T>();
}

test('a dry run tells the price and pays nothing', async () => {
  const { code, output } = await run('--cell', CELL, ...span(), '--dry-run');
  expect(code, output).toBe(0);
  expect(output).toContain('48 device-quantity-hours of 2 devices cost 0.01 USDC');
  expect(await chain.balanceOf(buyer.address)).toBe(1_000_000n);
});

test('buying prints the transaction and the rows, and pays the price', async () => {
  const { code, output } = await run(...span());
  expect(code, output).toBe(0);
  expect(output).toMatch(/transaction 0x[0-9a-f]{64}/);
  expect(output).toContain('5 ug/m3');
  expect(output).toContain('Ayuntamiento de Madrid');
  expect(await chain.balanceOf(buyer.address)).toBe(990_000n);
});

test('a refusal is one sentence with its remedy and exit code 1', async () => {
  const { code, output } = await run(...span(), '--quantity', 'dust');
  expect(code).toBe(1);
  expect(output).toContain('"dust" is not what "quantity" takes.');
  const limited = await run(...span(), '--max', '0.001');
  expect(limited).toMatchObject({ code: 1, output: expect.stringContaining('the payment was not made') as string });
});

test('the status names rules, contracts and totals, and says that the minter is away', async () => {
  const status = await get<StatusAnswer>('/v1/status');
  expect(status).toMatchObject({ regions: 1, devices: 2, batches: 2, readings: 96 });
  expect(status.network).toMatchObject({ rules: 'local', chainId: 10, contracts: { usdc: chain.usdc } });
  expect(status.minter.alarms).toHaveLength(1);
});

test('the catalogue names unit, resolution and accepted units of each quantity', async () => {
  const { quantities } = await get<QuantitiesAnswer>('/v1/quantities');
  expect(quantities.find(({ code }) => code === 'temp')).toMatchObject({
    unit: 'Cel',
    resolution: 0.01,
    acceptedUnits: ['Cel', 'K'],
  });
});

test('a region shows stations with the newest hour that is old enough, and explains flags', async () => {
  const db = await shop.runtime.getD1Database('DB');
  const { hourSeconds, publicationDelaySeconds } = LOCAL_RULES.time;
  const publicHour = Math.floor((Date.now() / 1000 - publicationDelaySeconds) / hourSeconds) - 1;
  const insert = db.prepare('INSERT INTO region_hour (cell, hour, cells) VALUES (?, ?, ?)');
  await db.batch([
    insert.bind(
      CELL,
      publicHour - 1,
      JSON.stringify([
        [0, 1, 2, 240, 110, 130, 1, 0],
        [1, 1, 1, 50, 50, 50, 3, 4],
      ]),
    ),
    insert.bind(CELL, publicHour, JSON.stringify([[0, 1, 2, 250, 120, 130, 1, 0]])),
    // Too young, for as long as this test can take.
    insert.bind(CELL, publicHour + 60, JSON.stringify([[0, 1, 1, 9999, 9999, 9999, 1, 0]])),
    db
      .prepare(
        'INSERT INTO anomaly_event (device, quantity, test, start_hour, end_hour, cell, flag, severity, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, 1.2, ?)',
      )
      .bind(
        DEVICES[1],
        'pm25',
        'flat',
        publicHour - 1,
        null,
        CELL,
        3,
        JSON.stringify({ measured: 12, expected: [null, 10], against: [DEVICES[0], 'did:key:zElsewhere'] }),
      ),
  ]);
  const { regions } = await get<RegionsAnswer>('/v1/regions');
  expect(regions).toMatchObject([{ cell: CELL, name: 'Madrid', devices: 2, boundary: [[-3.7, 40.4]] }]);
  const region = await get<RegionAnswer>(`/v1/regions/${CELL}`);
  expect(region.stations[0]).toMatchObject({
    device: DEVICES[0],
    latitude: 40.4,
    scoreBps: 9000,
    day: { scoreBps: 9000, reliabilityBps: 9000, costs: [{ cause: 'unverified', bps: 1000 }], eligible: true },
    latest: [{ quantity: 'pm25', value: 12.5, unit: 'ug/m3' }],
  });
  expect(region.stations[1]?.latest).toMatchObject([{ value: 5, flag: 3, tests: ['flat'] }]);
  expect(region.flags).toMatchObject([{ device: DEVICES[1], name: 'Station 1', test: 'flat', flag: 3, end: null }]);
  // A device of another region, or a retired one, keeps its id.
  expect(region.flags[0]?.against).toEqual([
    { device: DEVICES[0], name: 'Station 0' },
    { device: 'did:key:zElsewhere', name: 'did:key:zElsewhere' },
  ]);
  expect(region.flags[0]?.reason).toBe(
    'PM2.5 kept exactly the same value for 12 hours; more than 10 hours is not natural.',
  );

  const first = await fetch(`${shop.url}/v1/regions/${CELL}`);
  const etag = first.headers.get('etag') ?? '';
  const again = await fetch(`${shop.url}/v1/regions/${CELL}`, { headers: { 'if-none-match': etag } });
  expect([etag !== '', again.status]).toEqual([true, 304]);
});

test('evidence, reports and payouts of an epoch are open from its close, not before', async () => {
  const db = await shop.runtime.getD1Database('DB');
  const bucket = await shop.runtime.getR2Bucket('ARCHIVE');
  const hash = 'ab'.repeat(32);
  const key = `segments/${CELL}/000000000001-${hash}`;
  const epoch = seeded.firstHour / 24;
  await bucket.put(key, 'sealed bytes');
  await bucket.put(`reports/${hash}.json`, '{"epoch":1}');
  await db
    .prepare(
      'INSERT INTO region_hour (cell, hour, cells, segment_key, segment_root, from_seq, to_seq) VALUES (?, ?, ?, ?, ?, 1, 9)',
    )
    .bind(CELL, seeded.firstHour, '[]', key, hash)
    .run();
  const file = `/v1/evidence/${CELL}/000000000001-${hash}`;
  expect((await get<EvidenceAnswer>(`/v1/evidence/${CELL}`)).segments).toEqual([]);
  expect((await fetch(shop.url + file)).status).toBe(404);

  await db.batch([
    db
      .prepare(
        `INSERT INTO epoch (epoch, state, root, total, reserved, usdc_total, sales, usage_hash, recipients, devices, batch_count, report_hash, rule_set_hash, data_root, computed_ms, commit_hash, mint_hashes)
         VALUES (?, 'final', '0x01', '1000', '0', '10000', 1, '00', 1, 1, 1, ?, '00', '00', 0, '0xc0', '["0xd0"]')`,
      )
      .bind(epoch, hash),
    db
      .prepare('INSERT INTO payout (epoch, owner, amount, usdc, shares) VALUES (?, ?, ?, ?, ?)')
      .bind(epoch, '0xaa', '1000', '8000', JSON.stringify([[DEVICES[0], 9000, 2500, '1000']])),
  ]);
  expect((await get<EvidenceAnswer>(`/v1/evidence/${CELL}`)).segments).toEqual([
    { key, root: hash, fromSeq: 1, toSeq: 9, hour: seeded.firstHour },
  ]);
  expect(await (await fetch(shop.url + file)).text()).toBe('sealed bytes');
  expect(await get(`/v1/reports/${hash}`)).toEqual({ epoch: 1 });
  expect((await get<EpochsAnswer>('/v1/epochs')).epochs).toMatchObject([
    { epoch, state: 'final', mintTransactions: ['0xd0'] },
  ]);
  expect((await get<EpochAnswer>(`/v1/epochs/${epoch}`)).payouts).toEqual([
    {
      owner: '0xaa',
      amount: '1000',
      usdc: '8000',
      shares: [{ device: DEVICES[0], name: 'Station 0', scoreBps: 9000, weightBps: 2500, amount: '1000' }],
    },
  ]);
});

test('what does not exist is named in the problem', async () => {
  const paths = [
    '/v1/regions/833901fffffffff',
    '/v1/epochs/1',
    `/v1/reports/${'00'.repeat(32)}`,
    '/v1/evidence/833901fffffffff',
  ];
  for (const path of paths) {
    const response = await fetch(shop.url + path);
    const problem = await response.json<{ detail: string }>();
    expect(response.status, path).toBe(404);
    expect(problem.detail).toContain(path.split('/').at(-1));
  }
});
