/**
 * Thirty closed days by the hour, paid with credits: from the request to the last byte of the JSON answer, with price, hold, rows,
 * encoding, entity tag and the answer kept for a resend, against the one statement that reads the same days.
 */
import type { RegionCell } from '../../core/ids.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { epochOf, epochStartMs, hoursPerEpoch, rfc3339 } from '../../core/time.ts';
import type { ObservationsAnswer } from '../../schema/api/observations.ts';
import { startShopChain, type ShopChain } from '../../test/e2e/support/shop-chain.ts';
import { memberOf } from '../../test/support/region-log.ts';
import { microsecondsOf, type Figure, type Row } from '../row.ts';
import { DAYS, seedRegion, type SeededRegion } from '../shop/seed.ts';
import { creditsOf, startBenchShop } from '../shop/shop.ts';
import type { BenchWorker } from '../worker.ts';

const LARGE = 1000;
const SMALL = 36;
/** Most device-quantity-hours that one answer holds. */
const PAGE = 5000;
const SEEN = memberOf(0).device;
const HOME = '833900fffffffff' as RegionCell;
const OTHER = '833901fffffffff' as RegionCell;
const BESIDE_MANY = { atMost: 1.5 };
const ROUNDS = 40;

const { time } = MAIN_RULES;
const HOURS = DAYS * hoursPerEpoch(time);

export const queryRow: Row = {
  name: 'query',
  async measure() {
    const chain = await startShopChain();
    const started: BenchWorker[] = [];
    const open = async (regions: readonly SeededRegion[]) => {
      const shop = await startBenchShop(chain);
      started.push(shop);
      return openMonth(chain, shop, regions);
    };
    try {
      // Databases of their own, so that reading too much shows in any table.
      const alone = await open([{ cell: HOME, slots: [0, 1] }]);
      const crowd = await open([
        { cell: HOME, slots: [0, LARGE] },
        { cell: OTHER, slots: [LARGE, LARGE + SMALL] },
      ]);
      return await figuresOf(alone, crowd);
    } finally {
      for (const shop of started) await shop.stop();
      await chain.stop();
    }
  },
};

async function figuresOf(alone: Month, crowd: Month): Promise<readonly Figure[]> {
  const region = await pagesOf(crowd, `cell=${OTHER}&limit=${PAGE}`, SMALL * HOURS);
  const [one = ''] = await pagesOf(alone, `device=${SEEN}`, HOURS);
  const [beside = ''] = await pagesOf(crowd, `device=${SEEN}`, HOURS);
  const candidates = {
    alone: () => alone.read(one),
    aloneFloor: () => alone.read(alone.statement('device', SEEN)),
    beside: () => crowd.read(beside),
    besideFloor: () => crowd.read(crowd.statement('device', SEEN)),
    region: async () => {
      for (const page of region) await crowd.read(page);
    },
    regionFloor: () => crowd.read(crowd.statement('cell', OTHER)),
  };
  const took = await microsecondsOf(candidates, { rounds: ROUNDS, roundMs: 0 });
  const ms = (name: string, value: number, statement: number): Figure => ({
    name: `paid query of ${DAYS} days, ${name}`,
    value: value / 1000,
    unit: 'ms',
    floor: { name: 'its one statement', value: statement / 1000 },
  });
  return [
    ms('a device alone', took.alone, took.aloneFloor),
    ms(`one of ${LARGE}`, took.beside, took.besideFloor),
    ms(`${SMALL} in ${region.length} pages`, took.region, took.regionFloor),
    {
      name: `one device of ${LARGE} in its region`,
      value: took.beside / 1000,
      unit: 'ms',
      floor: { name: 'the same device alone', value: took.alone / 1000 },
      budget: BESIDE_MANY,
    },
  ];
}

type Month = {
  /** Paths of the statement alone, and of the paid query. */
  statement(kind: 'device' | 'cell', of: string): string;
  query(scope: string): string;
  /** To the last byte. */
  read(path: string): Promise<string>;
};

async function openMonth(chain: ShopChain, shop: BenchWorker, regions: readonly SeededRegion[]): Promise<Month> {
  const until = epochOf(Date.now(), time);
  const from = until - DAYS;
  for (const region of regions) await seedRegion(shop.database, region, from);
  const headers = await creditsOf(chain, shop);
  const span = `from=${rfc3339(epochStartMs(from, time))}&until=${rfc3339(epochStartMs(until, time))}`;
  return {
    statement: (kind, of) => `/statement/${kind}?of=${of}&from=${from}&until=${until}`,
    query: (scope) => `/v1/observations?${scope}&quantity=temp&${span}`,
    read: async (path) => {
      const response = await fetch(new URL(path, shop.url), { headers });
      const text = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${text}`);
      return text;
    },
  };
}

/** Addresses of the pages, which together have as many rows as there are hours. */
async function pagesOf(month: Month, scope: string, hours: number): Promise<readonly string[]> {
  const pages: string[] = [];
  let rows = 0;
  for (let next: string | null = month.query(scope); next !== null;) {
    const answer = JSON.parse(await month.read(next)) as ObservationsAnswer;
    pages.push(next);
    rows += answer.observations.length;
    next = answer.next;
  }
  if (rows !== hours) throw new Error(`${rows} rows instead of ${hours}`);
  return pages;
}
