/** The chain as a stranger reads it: what the distributor committed and paid, from transactions and their logs. */
import {
  BaseError,
  createPublicClient,
  http,
  parseEventLogs,
  TransactionReceiptNotFoundError,
  type Log,
  type PublicClient,
} from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenAbi } from '../../contracts/abi/reward-token.gen.ts';
import type { CommitFacts, MintFacts } from '../../core/audit/compare-payments.ts';
import { differs, type Difference } from '../../core/audit/difference.ts';
import { ok, type Result } from '../../core/result.ts';
import { Refusal } from '../lib/say.ts';
import type { NetworkStatus } from './api.ts';
import { blockAt, readInParts } from './logs.ts';
import { authorizedTransfers } from './usdc-transfers.ts';

type Hex = `0x${string}`;

export type ChainFacts = { readonly firstEpoch: number; readonly epochSeconds: number };
export type Commit = {
  readonly epoch: number;
  readonly facts: CommitFacts;
  readonly transaction: string;
  readonly blockNumber: bigint;
};

const NOBODY = `0x${'0'.repeat(40)}`;
const asHex = (text: string): Hex => text as Hex;

export class PaymentReader {
  readonly #client: PublicClient;
  readonly #network: NetworkStatus;
  readonly #origin: string;

  constructor(rpc: string, network: NetworkStatus) {
    // The path and query of an RPC address may hold a key: only the origin is ever printed.
    this.#origin = new URL(rpc).origin;
    this.#network = network;
    this.#client = createPublicClient({
      // A remembered block number would hide payments made a moment ago.
      cacheTime: 0,
      transport: http(rpc, { retryCount: 1, timeout: 15_000, batch: { batchSize: 50 } }),
    });
  }

  get #distributor() {
    return { address: asHex(this.#network.contracts.distributor), abi: epochDistributorAbi } as const;
  }

  /** The contracts that the network names are there, on the chain that it names, and belong together. */
  async open(): Promise<Result<ChainFacts, Difference>> {
    const { chainId, contracts } = this.#network;
    const found = await this.#ask(() => this.#client.getChainId());
    if (found !== chainId) return differs('network', { field: 'chainId' }, chainId, found);
    const code = await this.#ask(() => this.#client.getCode({ address: this.#distributor.address }));
    if (code === undefined) return differs('network', { field: 'distributor' }, contracts.distributor, 'no contract');
    const [firstEpoch, epochSeconds, token] = await this.#ask(() =>
      Promise.all([
        this.#client.readContract({ ...this.#distributor, functionName: 'firstEpoch' }),
        this.#client.readContract({ ...this.#distributor, functionName: 'epochSeconds' }),
        this.#client.readContract({ ...this.#distributor, functionName: 'token' }),
      ]),
    );
    if (token.toLowerCase() !== contracts.token.toLowerCase()) {
      return differs('network', { field: 'token' }, contracts.token, token);
    }
    return ok({ firstEpoch: Number(firstEpoch), epochSeconds: Number(epochSeconds) });
  }

  /** Tokens that lots of the burn auction burned while the epoch lasted. */
  async burned(epoch: number): Promise<bigint> {
    return await this.#ask(() =>
      this.#client.readContract({ ...this.#distributor, functionName: 'burnedIn', args: [BigInt(epoch)] }),
    );
  }

  get distributor(): string {
    return this.#distributor.address.toLowerCase();
  }

  /** Where the contract looks for burned tokens: nothing else may get the sales' part for burning. */
  async auction(): Promise<string> {
    const address = await this.#ask(() =>
      this.#client.readContract({ ...this.#distributor, functionName: 'burnCounter' }),
    );
    return address.toLowerCase();
  }

  /** Null: there is no such transaction, or it failed. */
  async paid(transaction: string) {
    const receipt = await this.#receipt(asHex(transaction));
    if (receipt?.status !== 'success') return null;
    const { timestamp } = await this.#ask(() => this.#client.getBlock({ blockNumber: receipt.blockNumber }));
    const transfers = authorizedTransfers(receipt.logs, this.#network.contracts.usdc);
    return { transfers, timestampSeconds: Number(timestamp) };
  }

  /** Those in force, from the first epoch to the newest committed one. */
  async commits({ firstEpoch, epochSeconds }: ChainFacts): Promise<readonly Commit[]> {
    const events = await this.#ask(async () => {
      const from = await blockAt(this.#client, (firstEpoch + 1) * epochSeconds);
      const to = await this.#client.getBlockNumber();
      return readInParts(from, to, (fromBlock, toBlock) =>
        this.#client.getContractEvents({ ...this.#distributor, fromBlock, toBlock, strict: true }),
      );
    });
    const commits = new Map<bigint, Commit>();
    for (const event of events) {
      if (event.eventName === 'Revoked') {
        for (let epoch = event.args.from; epoch <= event.args.last; epoch++) commits.delete(epoch);
      }
      if (event.eventName !== 'Committed') continue;
      const { epoch, total, reserved, usdcTotal, root, batchCount, reportHash, ruleSetHash, dataRoot } = event.args;
      commits.set(epoch, {
        epoch: Number(epoch),
        facts: {
          root,
          total: String(total),
          reserved: String(reserved),
          usdcTotal: String(usdcTotal),
          batchCount,
          reportHash,
          ruleSetHash,
          dataRoot,
        },
        transaction: event.transactionHash,
        blockNumber: event.blockNumber,
      });
    }
    return [...commits.values()].sort((a, b) => a.epoch - b.epoch);
  }

  /** What the contract holds now agrees with the event, so the node told of the newest one. */
  async checkInForce({ epoch, facts, transaction }: Commit): Promise<Result<void, Difference>> {
    const standing = await this.#epochOf(epoch);
    for (const field of ['root', 'total'] as const) {
      const inForce = String(standing[field]);
      if (facts[field] !== inForce) return differs('commit', { transaction, field }, facts[field], inForce);
    }
    return ok(undefined);
  }

  /** The newest epoch whose every batch is paid. */
  async latestPaid(commits: readonly Commit[]): Promise<number | null> {
    for (const { epoch, facts } of commits.toReversed()) {
      if (facts.batchCount > 0 && (await this.#epochOf(epoch)).batchesMinted === facts.batchCount) return epoch;
    }
    return null;
  }

  /** Every batch that was paid, whoever sent the transaction: anyone may. */
  async mints({ epoch, blockNumber }: Commit): Promise<readonly MintFacts[]> {
    const events = await this.#ask(async () =>
      readInParts(blockNumber, await this.#client.getBlockNumber(), (fromBlock, toBlock) =>
        this.#client.getContractEvents({
          ...this.#distributor,
          eventName: 'BatchMinted',
          args: { epoch: BigInt(epoch) },
          fromBlock,
          toBlock,
        }),
      ),
    );
    const mints: MintFacts[] = [];
    for (const hash of new Set(events.map((event) => event.transactionHash))) {
      const receipt = await this.#receipt(hash);
      mints.push(...this.#mintsIn(epoch, hash, receipt?.logs ?? []));
    }
    return mints;
  }

  #epochOf(epoch: number) {
    return this.#ask(() =>
      this.#client.readContract({ ...this.#distributor, functionName: 'epochs', args: [BigInt(epoch)] }),
    );
  }

  /** One transaction may mint several batches: the transfers before each `BatchMinted` are its own. */
  #mintsIn(epoch: number, transaction: string, logs: readonly Log[]): readonly MintFacts[] {
    const mints: MintFacts[] = [];
    let transfers: { to: string; amount: string }[] = [];
    for (const log of logs) {
      for (const { args } of this.#transfersIn(log)) {
        if (args.from === NOBODY) transfers.push({ to: args.to.toLowerCase(), amount: String(args.value) });
      }
      const own = this.#ofDistributor([log]);
      for (const { args } of parseEventLogs({ abi: epochDistributorAbi, eventName: 'BatchMinted', logs: own })) {
        if (args.epoch === BigInt(epoch))
          mints.push({ transaction, index: args.index, transfers, usdc: String(args.usdc) });
        transfers = [];
      }
    }
    return mints;
  }

  #transfersIn(log: Log) {
    const isToken = log.address.toLowerCase() === this.#network.contracts.token.toLowerCase();
    return isToken ? parseEventLogs({ abi: rewardTokenAbi, eventName: 'Transfer', logs: [log] }) : [];
  }

  #ofDistributor(logs: readonly Log[] = []): Log[] {
    return logs.filter(({ address }) => address.toLowerCase() === this.#distributor.address.toLowerCase());
  }

  async #receipt(hash: Hex) {
    return await this.#ask(() =>
      this.#client.getTransactionReceipt({ hash }).catch((error: unknown) => {
        if (error instanceof TransactionReceiptNotFoundError) return null;
        throw error;
      }),
    );
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      throw new Refusal(
        `the chain does not answer at ${this.#origin}: ${firstLine(error.shortMessage)} Is --rpc right?`,
      );
    }
  }
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
