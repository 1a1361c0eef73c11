/** What a paid query asks of the chain: each request of the Worker's has its price at an RPC provider. */
import type { RpcProxy } from '../../support/rpc-proxy.ts';
import { until } from '../../support/until.ts';
import type { ShopChain } from './shop-chain.ts';

export type ChainRequests = {
  /** HTTP requests: what a platform limits. */
  readonly requests: number;
  /** By method, in order of name. */
  readonly methods: Readonly<Record<string, number>>;
};

export async function countChainRequests(wire: RpcProxy, buy: () => Promise<unknown>): Promise<ChainRequests> {
  const before = { requests: wire.requests, asked: wire.asked.length };
  await buy();
  const methods = wire.asked.slice(before.asked).toSorted();
  return {
    requests: wire.requests - before.requests,
    methods: Object.fromEntries([...Map.groupBy(methods, (method) => method)].map(([name, all]) => [name, all.length])),
  };
}

/** The same where the next block comes so long after the transaction was sent: with a whole block time, the worst moment. */
export async function countWithSlowBlock(
  { client, wire }: ShopChain,
  blockMs: number,
  buy: () => Promise<unknown>,
): Promise<ChainRequests> {
  const mineOnceSent = async () => {
    const before = wire.sent.length;
    await until('the settlement is sent', 20_000, async () => wire.sent.length > before || null);
    await new Promise((resolve) => setTimeout(resolve, blockMs));
    await client.mine({ blocks: 1 });
  };
  await client.setAutomine(false);
  try {
    return await countChainRequests(wire, () => Promise.all([mineOnceSent(), buy()]));
  } finally {
    await client.setAutomine(true);
  }
}
