/** What the epoch close asks the chain: where the order of epochs starts, and which of them already stand. */
import { createPublicClient, http, type PublicClient } from 'viem';
import { epochDistributorAbi } from '../../../contracts/abi/epoch-distributor.gen.ts';

export type CommittedOrder = {
  /** Index 0 of the emission schedule. */
  readonly firstEpoch: number;
  /** Below `firstEpoch` while nothing is committed. */
  readonly lastCommitted: number;
};

export class DistributorReader {
  readonly #client: PublicClient;
  readonly #contract: { readonly address: `0x${string}`; readonly abi: typeof epochDistributorAbi };

  constructor(chain: { readonly rpcUrl: string; readonly distributor: `0x${string}` }) {
    this.#client = createPublicClient({
      transport: http(chain.rpcUrl, { batch: true, retryCount: 1, timeout: 15_000 }),
    });
    this.#contract = { address: chain.distributor, abi: epochDistributorAbi };
  }

  async order(): Promise<CommittedOrder> {
    const [first, last] = await Promise.all([
      this.#client.readContract({ ...this.#contract, functionName: 'firstEpoch' }),
      this.#client.readContract({ ...this.#contract, functionName: 'lastCommittedEpoch' }),
    ]);
    return { firstEpoch: Number(first), lastCommitted: Number(last) };
  }

  async committedRoot(epoch: number): Promise<string> {
    const { root } = await this.#client.readContract({
      ...this.#contract,
      functionName: 'epochs',
      args: [BigInt(epoch)],
    });
    return root;
  }
}
