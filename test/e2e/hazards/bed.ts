/**
 * What scenarios play on: the sold routes and the Settler as they are, or with a bug planted, on workerd, and the chain
 * behind a wire. One chain and one workshop serve all of them.
 */
import { build } from 'esbuild';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { ROOT } from '../../../scripts/lib/files.ts';
import { type Edit, planted } from '../../support/planted.ts';
import { type Buyer, createBuyer } from '../support/buyer.ts';
import { type ShopChain, startShopChain } from '../support/shop-chain.ts';
import { openShop, type Shop, type ShopBindings } from '../support/shop-worker.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

export const SELLER = `0x${'d1'.repeat(20)}` as const;
export const PRICE = 10_000n;
export const FUNDS = 1_000_000n;

export const PATIENCE_MS = 15_000;

/** What is waited for in the real one takes seconds, and a key that is kept elsewhere (KMS) signs slowly. */
const PACE: readonly Edit[] = [
  { file: 'durable-objects/settler/sender.ts', from: 'RECEIPT_WAIT_MS = 8000', to: 'RECEIPT_WAIT_MS = 1000' },
  { file: 'durable-objects/settler/sender.ts', from: 'RESEND_AFTER_MS = 3000', to: 'RESEND_AFTER_MS = 200' },
  { file: 'durable-objects/settler/facilitator.ts', from: 'RPC_TIMEOUT_MS = 5000', to: 'RPC_TIMEOUT_MS = 1500' },
  {
    file: 'durable-objects/settler/sender.ts',
    from: 'const raw = await this.#account.signTransaction({',
    to: 'await new Promise((resolve) => setTimeout(resolve, 10));\n    const raw = await this.#account.signTransaction({',
  },
];

export type Ground = {
  readonly chain: ShopChain;
  readonly workshop: Workshop;
  /** Undoes whatever a scenario did that stopped half-way. */
  reset(): Promise<void>;
  stop(): Promise<void>;
};

export async function layGround(): Promise<Ground> {
  const [chain, workshop] = await Promise.all([startShopChain(), openWorkshop()]);
  return {
    chain,
    workshop,
    async reset() {
      Object.assign(chain.wire, { passage: null, cutAll: false });
      chain.wire.sent.length = 0;
      workshop.release();
      Object.assign(workshop, { fails: false, made: 0 });
      await chain.client.setAutomine(true);
    },
    async stop() {
      workshop.close();
      await chain.stop();
    },
  };
}

export type Bed = Ground & {
  /** How long a buyer sends the same header again: with a planted bug the answer may never come. */
  readonly patienceMs: number;
  urlOf(path: string): string;
  newBuyer(): Promise<Buyer>;
  spentBy(buyer: Buyer): Promise<bigint>;
  /** Transactions that were sent, each counted once. */
  sent(): number;
  /** The runtime dies as it is, and another starts on what it had stored. */
  reopen(): Promise<void>;
};

export async function makeBed(ground: Ground, edits: readonly Edit[]): Promise<Bed> {
  const { chain, workshop, reset } = ground;
  const folder = await mkdtemp(join(tmpdir(), 'isobar-hazard-'));
  const key = generatePrivateKey();
  const [contents] = await Promise.all([bundle([...PACE, ...edits]), chain.giveGas(privateKeyToAccount(key).address)]);
  const bindings: ShopBindings = {
    RPC_URL: chain.proxyUrl,
    USDC_ADDRESS: chain.usdc,
    DISTRIBUTOR_ADDRESS: SELLER,
    SETTLER_PRIVATE_KEY: key,
    WORKSHOP_URL: workshop.url,
  };
  const open = (): Promise<Shop> => openShop(contents, bindings, folder);
  let shop = await open();
  return {
    patienceMs: edits.length > 0 ? 1500 : PATIENCE_MS,
    chain,
    workshop,
    reset,
    urlOf: (path) => shop.directUrl + path,
    async newBuyer() {
      const buyer = createBuyer(chain.usdc);
      await chain.fund(buyer.account, FUNDS);
      return buyer;
    },
    spentBy: async (buyer) => FUNDS - (await chain.balanceOf(buyer.account.address)),
    sent: () => new Set(chain.wire.sent).size,
    async reopen() {
      await shop.stop();
      shop = await open();
    },
    async stop() {
      await shop.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function bundle(edits: readonly Edit[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'test/e2e/fixtures/shop.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    logLevel: 'error',
    plugins: [planted(edits)],
  });
  return outputFiles[0]?.text ?? '';
}
