/** What the chain itself says of epochs and tokens; asked directly, past everything that is under test. */
import { createPublicClient, type Hex, http } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenAbi } from '../../contracts/abi/reward-token.gen.ts';
import { testUsdcAbi } from '../../contracts/abi/test-usdc.gen.ts';
import type { Contracts } from '../../scripts/lib/folder.ts';

export function openLedger(rpc: string, { token, distributor, usdc }: Contracts) {
  const client = createPublicClient({ transport: http(rpc) });
  const ofDistributor = { address: distributor, abi: epochDistributorAbi } as const;
  return {
    firstEpoch: async () => Number(await client.readContract({ ...ofDistributor, functionName: 'firstEpoch' })),
    lastCommitted: async () =>
      Number(await client.readContract({ ...ofDistributor, functionName: 'lastCommittedEpoch' })),
    committed: (epoch: number) =>
      client.readContract({ ...ofDistributor, functionName: 'epochs', args: [BigInt(epoch)] }),
    tokensOf: (owner: string) =>
      client.readContract({ address: token, abi: rewardTokenAbi, functionName: 'balanceOf', args: [owner as Hex] }),
    totalSupply: () => client.readContract({ address: token, abi: rewardTokenAbi, functionName: 'totalSupply' }),
    usdcOf: (owner: string) =>
      client.readContract({ address: usdc, abi: testUsdcAbi, functionName: 'balanceOf', args: [owner as Hex] }),
    transactionsOf: (account: string) => client.getTransactionCount({ address: account as Hex }),
    /** Status of the transaction, and which accounts it minted how many tokens to. */
    async minted(hash: string) {
      const { status, logs } = await client.getTransactionReceipt({ hash: hash as Hex });
      const transfers = logs.filter(({ address, topics }) => address === token.toLowerCase() && topics.length === 3);
      return {
        status,
        // Transfer(from, to, value): the last 20 of 32 bytes are the address.
        to: new Map(transfers.map(({ topics, data }) => [`0x${topics[2]?.slice(26)}`, BigInt(data)])),
      };
    },
  };
}
