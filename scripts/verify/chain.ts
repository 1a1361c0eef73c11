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
import type { NetworkStatus, PublishedEpoch } from './api.ts';

type Hex = `0x${string}`;

export type ChainFacts = { readonly firstEpoch: number; readonly epochSeconds: number };
export type Commit = { readonly facts: CommitFacts; readonly transaction: string; readonly blockNumber: bigint };

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
    this.#client = createPublicClient({ transport: http(rpc, { retryCount: 1, timeout: 15_000 }) });
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

  /** The commit that is in force. */
  async commit(page: PublishedEpoch): Promise<Result<Commit, Difference>> {
    const { epoch, commitTransaction: hash } = page;
    const standing = await this.#ask(() =>
      this.#client.readContract({ ...this.#distributor, functionName: 'epochs', args: [BigInt(epoch)] }),
    );
    if (standing.maturesAt === 0n) {
      if (hash !== null) return differs('commit', { transaction: hash }, page.state, 'nothing committed (revoked?)');
      throw new Refusal(`epoch ${epoch} is ${page.state} and not committed yet; ask again when it is final`);
    }
    if (hash === null) throw new Refusal(`the network does not name the transaction that committed epoch ${epoch}`);
    const receipt = await this.#receipt(asHex(hash));
    const event = parseEventLogs({
      abi: epochDistributorAbi,
      eventName: 'Committed',
      logs: this.#ofDistributor(receipt?.logs),
    }).find(({ args }) => args.epoch === BigInt(epoch));
    if (receipt === null || event === undefined) {
      return differs(
        'commit',
        { transaction: hash },
        'a commit of this epoch',
        receipt ? 'none in it' : 'not on the chain',
      );
    }
    const { epoch: _epoch, total, reserved, usdcTotal, ...rest } = event.args;
    const facts = { total: String(total), reserved: String(reserved), usdcTotal: String(usdcTotal), ...rest };
    const inForce = { root: standing.root, total: String(standing.total) };
    for (const field of ['root', 'total'] as const) {
      if (facts[field] !== inForce[field])
        return differs('commit', { transaction: hash, field }, facts[field], inForce[field]);
    }
    return ok({ facts, transaction: hash, blockNumber: receipt.blockNumber });
  }

  /** Every batch that was paid, whoever sent the transaction. */
  async mints(page: PublishedEpoch, commit: Commit): Promise<Result<readonly MintFacts[], Difference>> {
    const mints: MintFacts[] = [];
    for (const hash of new Set(page.mintTransactions)) {
      const receipt = await this.#receipt(asHex(hash));
      if (receipt === null) return differs('mint', { transaction: hash }, 'a payment', 'not on the chain');
      mints.push(...this.#mintsIn(page.epoch, hash, receipt.logs));
    }
    const { batchesMinted } = await this.#ask(() =>
      this.#client.readContract({ ...this.#distributor, functionName: 'epochs', args: [BigInt(page.epoch)] }),
    );
    return ok(mints.length >= batchesMinted ? mints : await this.#searchMints(page.epoch, commit));
  }

  /** Anyone may mint: what the network does not know of is found in the events. */
  async #searchMints(epoch: number, commit: Commit): Promise<readonly MintFacts[]> {
    const events = await this.#ask(() =>
      this.#client.getContractEvents({
        ...this.#distributor,
        eventName: 'BatchMinted',
        args: { epoch: BigInt(epoch) },
        fromBlock: commit.blockNumber,
      }),
    );
    const mints: MintFacts[] = [];
    for (const hash of new Set(events.map((event) => event.transactionHash))) {
      const receipt = await this.#receipt(hash);
      mints.push(...this.#mintsIn(epoch, hash, receipt?.logs ?? []));
    }
    return mints;
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
