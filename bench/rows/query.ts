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
import { DAYS, seedRegion } from '../shop/seed.ts';
import { creditsOf, startBenchShop } from '../shop/shop.ts';
import type { BenchWorker } from '../worker.ts';

const LARGE = 1000;
const SMALL = 36;
/** Most device-quantity-hours that one answer holds. */
const PAGE = 5000;
const SEEN = memberOf(0).device;
const CELL = '833900fffffffff' as RegionCell;
const BESIDE_MANY = { atMost: 1.5 };
const ROUNDS = 30;

const { time } = MAIN_RULES;
const HOURS = DAYS * hoursPerEpoch(time);

export const queryRow: Row = {
  name: 'query',
  async measure() {
    const chain = await startShopChain();
    const started: BenchWorker[] = [];
    const open = async (devices: number) => {
      const shop = await startBenchShop(chain);
      started.push(shop);
      return openMonth(chain, shop, devices);
    };
    try {
      // Each has a Worker and a database of its own: reading too much of any table shows, and code that another's work has made hot
      // flatters none.
      return await figuresOf(await open(1), await open(LARGE), await open(SMALL));
    } finally {
      for (const shop of started) await shop.stop();
      await chain.stop();
    }
  },
};

async function figuresOf(alone: Month, crowd: Month, region: Month): Promise<readonly Figure[]> {
  const [month = ''] = await pagesOf(alone, `device=${SEEN}`, HOURS);
  await pagesOf(crowd, `device=${SEEN}`, HOURS);
  const pages = await pagesOf(region, `cell=${CELL}&limit=${PAGE}`, SMALL * HOURS);
  const rounds = { rounds: ROUNDS, roundMs: 0 };
  const one = await microsecondsOf(
    {
      alone: () => alone.read(month),
      aloneFloor: () => alone.read(alone.statement('device', SEEN)),
      beside: () => crowd.read(month),
      besideFloor: () => crowd.read(crowd.statement('device', SEEN)),
    },
    rounds,
  );
  // By themselves: what comes after six megabytes would be slower for it.
  const many = await microsecondsOf(
    {
      region: async () => {
        for (const page of pages) await region.read(page);
      },
      regionFloor: () => region.read(region.statement('cell', CELL)),
    },
    rounds,
  );
  const ms = (name: string, value: number, statement: number): Figure => ({
    name: `paid query of ${DAYS} days, ${name}`,
    value: value / 1000,
    unit: 'ms',
    floor: { name: 'its one statement', value: statement / 1000 },
  });
  return [
    ms('a device alone', one.alone, one.aloneFloor),
    ms(`one of ${LARGE}`, one.beside, one.besideFloor),
    ms(`${SMALL} in ${pages.length} pages`, many.region, many.regionFloor),
    {
      name: `one device of ${LARGE} in its region`,
      value: one.beside / 1000,
      unit: 'ms',
      floor: { name: 'the same device alone', value: one.alone / 1000 },
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

async function openMonth(chain: ShopChain, shop: BenchWorker, devices: number): Promise<Month> {
  const until = epochOf(Date.now(), time);
  const from = until - DAYS;
  await seedRegion(shop.database, CELL, devices, from);
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
