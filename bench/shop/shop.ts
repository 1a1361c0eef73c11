/** The edge Worker with a chain of its own, and a buyer for it. */
import { randomBytes } from 'node:crypto';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import type { TopUpAnswer } from '../../schema/api/credits.ts';
import { createBuyer, post, type Buyer } from '../../test/e2e/support/buyer.ts';
import type { ShopChain } from '../../test/e2e/support/shop-chain.ts';
import { startBenchWorker, type BenchWorker } from '../worker.ts';

const OBJECTS = {
  REGION: 'Region',
  SETTLER: 'Settler',
  ACCOUNT: 'Account',
  EXPORT_JOB: 'ExportJob',
  NOTIFIER: 'Notifier',
};
const FUNDS_USDC = 1000;

export async function startBenchShop(chain: ShopChain): Promise<BenchWorker> {
  const settler = generatePrivateKey();
  await chain.fund(privateKeyToAccount(settler), 0n);
  const secret = () => randomBytes(16).toString('hex');
  return startBenchWorker('shop.ts', OBJECTS, {
    RULES: 'main',
    CHAIN_ID: '10',
    RPC_URL: chain.proxyUrl,
    AUTHORITIES: 'localhost',
    TOKEN_ADDRESS: `0x${'01'.repeat(20)}`,
    DISTRIBUTOR_ADDRESS: `0x${'d1'.repeat(20)}`,
    USDC_ADDRESS: chain.usdc,
    INGEST_TAG_KEY: secret(),
    ADMIN_TOKEN: secret(),
    SETTLER_PRIVATE_KEY: settler,
  });
}

export async function fundedBuyer(chain: ShopChain): Promise<Buyer> {
  const funds = BigInt(FUNDS_USDC) * 1_000_000n;
  const buyer = createBuyer(chain.usdc, String(funds));
  await chain.fund(buyer.account, funds);
  return buyer;
}

/** Headers of a request that is paid with credits. */
export async function creditsOf(chain: ShopChain, shop: BenchWorker): Promise<Readonly<Record<string, string>>> {
  const buyer = await fundedBuyer(chain);
  const order = post({ amount: String(FUNDS_USDC), key: { name: 'bench' } });
  const response = await buyer.fetch(new URL('/v1/credits/top-ups', shop.url), order);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const { key } = await response.json<TopUpAnswer>();
  return { authorization: `Bearer ${key?.secret ?? ''}` };
}
