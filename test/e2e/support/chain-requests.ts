/** What a paid query asks of the chain: each request of the Worker's has its price at an RPC provider. */
import type { RpcProxy } from '../../support/rpc-proxy.ts';

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
