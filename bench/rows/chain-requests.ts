/** What one query paid by x402 asks of the chain: an RPC provider counts requests, a platform limits them. */
import { MAIN_RULES } from '../../core/rules/main.ts';
import { epochOf, epochStartMs, rfc3339 } from '../../core/time.ts';
import { countChainRequests, countWithSlowBlock } from '../../test/e2e/support/chain-requests.ts';
import { startShopChain, type ShopChain } from '../../test/e2e/support/shop-chain.ts';
import { memberOf } from '../../test/support/region-log.ts';
import type { RegionCell } from '../../core/ids.ts';
import type { Figure, Row } from '../row.ts';
import { DAYS, seedRegion } from '../shop/seed.ts';
import { fundedBuyer, startBenchShop } from '../shop/shop.ts';
import type { BenchWorker } from '../worker.ts';

const CELL = '833900fffffffff' as RegionCell;
/** As OP makes them. */
const BLOCK_MS = 2000;

export const chainRequestsRow: Row = {
  name: 'chain requests',
  async measure() {
    const chain = await startShopChain();
    try {
      const shop = await startBenchShop(chain);
      try {
        return await count(chain, shop);
      } finally {
        await shop.stop();
      }
    } finally {
      await chain.stop();
    }
  },
};

async function count(chain: ShopChain, shop: BenchWorker): Promise<readonly Figure[]> {
  const { time } = MAIN_RULES;
  const until = epochOf(Date.now(), time);
  await seedRegion(shop.database, CELL, 1, until - DAYS);
  const buyer = await fundedBuyer(chain);
  const span = `from=${rfc3339(epochStartMs(until - DAYS, time))}&until=${rfc3339(epochStartMs(until, time))}`;
  // Each limit is another query: one that was bought already would ask for nothing.
  const buy = async (limit: number) => {
    const path = `/v1/observations?device=${memberOf(0).device}&quantity=temp&${span}&limit=${limit}`;
    const response = await buyer.fetch(new URL(path, shop.url));
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  };
  await buy(5000);
  const known = await countChainRequests(chain.wire, () => buy(4999));
  const slow = await countWithSlowBlock(chain, BLOCK_MS, () => buy(4998));
  return [
    {
      name: 'requests to the chain a paid query, known buyer',
      // The base fee is kept for ten seconds, whoever buys.
      value: known.requests - (known.methods['eth_getBlockByNumber'] ?? 0),
      unit: 'requests',
      budget: { atMost: 4 },
    },
    {
      name: 'and with a block 2 s after it was sent',
      value: slow.requests,
      unit: 'requests',
      budget: { atMost: 10 },
    },
  ];
}
