/** What the epoch close asks the chain: where the order of epochs starts, and which of them already stand. */
import { createPublicClient, http, parseEventLogs, type PublicClient } from 'viem';
import { epochDistributorAbi } from '../../../contracts/abi/epoch-distributor.gen.ts';

export type CommittedOrder = {
  /** Index 0 of the emission schedule. */
  readonly firstEpoch: number;
  /** Below `firstEpoch` while nothing is committed. */
  readonly lastCommitted: number;
  /** Timestamp of the newest block that no reorganization can undo, unix seconds. */
  readonly finalizedSeconds: number;
};

export type CommittedEpoch = {
  readonly root: string;
  /** sha-256 of the report that was committed, hex; null where no event of this root is found. */
  readonly reportHash: string | null;
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
    const [first, last, finalized] = await Promise.all([
      this.#client.readContract({ ...this.#contract, functionName: 'firstEpoch' }),
      this.#client.readContract({ ...this.#contract, functionName: 'lastCommittedEpoch' }),
      this.#client.getBlock({ blockTag: 'finalized' }),
    ]);
    return {
      firstEpoch: Number(first),
      lastCommitted: Number(last),
      finalizedSeconds: Number(finalized.timestamp),
    };
  }

  /** Where the sales' part for burning goes. */
  async auction(): Promise<string> {
    return (await this.#client.readContract({ ...this.#contract, functionName: 'burnCounter' })).toLowerCase();
  }

  /** Base units burned in the epoch; fixed once its last block is final. */
  burned(epoch: number): Promise<bigint> {
    return this.#client.readContract({ ...this.#contract, functionName: 'burnedIn', args: [BigInt(epoch)] });
  }

  /**
   * @param transaction of the commit: the contract keeps the root, and only its event names the report. Null: the whole
   * chain is searched for the event, which not every node answers.
   */
  async committed(epoch: number, transaction: string | null): Promise<CommittedEpoch> {
    const of = { ...this.#contract, eventName: 'Committed', args: { epoch: BigInt(epoch) } } as const;
    const [{ root }, events] = await Promise.all([
      this.#client.readContract({ ...this.#contract, functionName: 'epochs', args: [BigInt(epoch)] }),
      transaction === null
        ? this.#client.getContractEvents({ ...of, fromBlock: 'earliest', toBlock: 'latest' })
        : this.#client
            .getTransactionReceipt({ hash: transaction as `0x${string}` })
            .then(({ logs }) => parseEventLogs({ ...of, logs })),
    ]);
    // One that was revoked has its event, too; the newest of this root is the one in force.
    const event = events.findLast(({ args }) => args.root === root);
    return { root, reportHash: event?.args.reportHash?.slice(2) ?? null };
  }
}
