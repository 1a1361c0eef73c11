/** Asks the chain, so that the seller need not be believed: whether a payment was used, and whether it still can be. */
import { createClient, http } from 'viem';
import { getBlock, readContract } from 'viem/actions';
import type { Payment } from './payment.ts';

export type Sight = {
  /** Used, or canceled by the payer. */
  readonly used: boolean;
  /** Of the block that was looked at: what the contract compares `validBefore` with. */
  readonly timeSeconds: number;
};

export type ChainView = { readonly look: (payment: Payment) => Promise<Sight> };

/** EIP-3009 */
const ABI = [
  {
    type: 'function',
    name: 'authorizationState',
    stateMutability: 'view',
    inputs: [
      { name: 'authorizer', type: 'address' },
      { name: 'nonce', type: 'bytes32' },
    ],
    outputs: [{ name: '', type: 'bool' }],
  },
] as const;

export function chainAt(rpcUrl: string): ChainView {
  const client = createClient({ transport: http(rpcUrl) });
  return {
    async look({ asset, payer, nonce }) {
      const { number, timestamp } = await getBlock(client, { blockTag: 'latest' });
      const used = await readContract(client, {
        address: asset as `0x${string}`,
        abi: ABI,
        functionName: 'authorizationState',
        args: [payer as `0x${string}`, nonce as `0x${string}`],
        blockNumber: number,
      });
      return { used, timeSeconds: Number(timestamp) };
    },
  };
}
