/**
 * The chain as the Minter sees it. Nonce, gas and fees are always given, so no library asks for them behind our back;
 * nothing here waits for a transaction.
 */
import { BaseError, createPublicClient, http, keccak256, parseTransaction, type PublicClient } from 'viem';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import type { ChainLook, Sighting } from '../../core/reward/mint/intent.ts';
import type { Fees, Price } from '../../core/fees.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { MinterConfig } from './config.ts';
import { besideGas } from './gas-oracle.ts';
import { isMissing, revertReason } from './revert.ts';
import { classifyRefusal, type SendReply } from './send-error.ts';
import type { Attempt } from './store.ts';

type Hex = `0x${string}`;
type Tag = 'latest' | 'finalized';

/** One look at the chain; every number in it is no newer than what is read afterwards. */
export type Snapshot = ChainLook & {
  readonly latestSeconds: number;
  readonly baseFeePerGas: bigint;
  readonly balance: bigint;
  readonly lastCommitted: number;
  readonly lastCommittedFinal: number;
};

export type CommittedEpoch = {
  readonly root: string;
  /** 0: not committed. */
  readonly maturesAt: number;
  readonly batchesMinted: number;
};

/** A call of the distributor. */
export type Call = { readonly data: Hex; readonly gas: bigint };

export class MinterChain {
  readonly #client: PublicClient;
  readonly #account: PrivateKeyAccount;
  readonly #config: MinterConfig;
  #delaySeconds: number | null = null;

  constructor(config: MinterConfig) {
    this.#config = config;
    this.#account = privateKeyToAccount(config.privateKey);
    this.#client = createPublicClient({
      transport: http(config.rpcUrl, { batch: true, retryCount: 1, timeout: 15_000 }),
    });
  }

  get address(): Hex {
    return this.#account.address;
  }

  get #distributor() {
    return { address: this.#config.distributor, abi: epochDistributorAbi } as const;
  }

  async look(): Promise<Snapshot> {
    const [nonce, finalNonce, latest, finalized, balance, lastCommitted, lastCommittedFinal] = await Promise.all([
      this.#client.getTransactionCount({ address: this.address, blockTag: 'latest' }),
      this.#client.getTransactionCount({ address: this.address, blockTag: 'finalized' }),
      this.#client.getBlock({ blockTag: 'latest' }),
      this.#client.getBlock({ blockTag: 'finalized' }),
      this.#client.getBalance({ address: this.address }),
      this.#lastCommitted('latest'),
      this.#lastCommitted('finalized'),
    ]);
    return {
      nonce,
      finalNonce,
      latestSeconds: Number(latest.timestamp),
      baseFeePerGas: latest.baseFeePerGas ?? 0n,
      finalizedNumber: Number(finalized.number),
      balance,
      lastCommitted,
      lastCommittedFinal,
    };
  }

  async #lastCommitted(blockTag: Tag): Promise<number> {
    try {
      return Number(
        await this.#client.readContract({ ...this.#distributor, functionName: 'lastCommittedEpoch', blockTag }),
      );
    } catch (error) {
      // The contract is younger than the finalized block: nothing of it is final.
      if (blockTag === 'finalized' && isMissing(error)) return -1;
      throw error;
    }
  }

  async delaySeconds(): Promise<number> {
    this.#delaySeconds ??= Number(
      await this.#client.readContract({ ...this.#distributor, functionName: 'delaySeconds' }),
    );
    return this.#delaySeconds;
  }

  async committed(epoch: number, blockTag: Tag): Promise<CommittedEpoch> {
    const found = await this.#client.readContract({
      ...this.#distributor,
      functionName: 'epochs',
      args: [BigInt(epoch)],
      blockTag,
    });
    return { root: found.root, maturesAt: Number(found.maturesAt), batchesMinted: found.batchesMinted };
  }

  isMinted(epoch: number, index: number): Promise<boolean> {
    return this.#client.readContract({ ...this.#distributor, functionName: 'isMinted', args: [BigInt(epoch), index] });
  }

  /** The receipt of whichever of these transactions is in the chain. */
  async sighting(hashes: readonly Hex[]): Promise<Sighting | null> {
    const receipts = await Promise.all(
      hashes.map((hash) => this.#client.request({ method: 'eth_getTransactionReceipt', params: [hash] })),
    );
    const receipt = receipts.find((found) => found !== null);
    if (!receipt) return null;
    const block = await this.#client.request({ method: 'eth_getBlockByNumber', params: [receipt.blockNumber, false] });
    return {
      hash: receipt.transactionHash,
      blockNumber: Number(receipt.blockNumber),
      blockHash: receipt.blockHash,
      succeeded: receipt.status === '0x1',
      canonicalHash: block?.hash ?? '',
    };
  }

  /** Gas the call would need on top of the pending block, or why it would revert. */
  async estimate(data: Hex): Promise<Result<bigint, string>> {
    try {
      return ok(await this.#client.estimateGas({ account: this.address, to: this.#config.distributor, data }));
    } catch (error) {
      const reason = revertReason(error);
      if (reason === null) throw error;
      return err(reason);
    }
  }

  /** What the call would cost as things are; with the base fee as its price, because that is as long as any other. */
  async price(nonce: number, { data, gas }: Call, baseFeePerGas: bigint): Promise<Price> {
    const fees = { maxFeePerGas: baseFeePerGas, maxPriorityFeePerGas: baseFeePerGas };
    const transaction = this.#transaction(nonce, { data, gas }, fees);
    return { gas, baseFeePerGas, besideGas: await besideGas(this.#client, transaction, gas) };
  }

  /** Signing is deterministic (RFC 6979), and the hash is known before anybody sees the bytes. */
  async sign(nonce: number, call: Call, fees: Fees, signedMs: number): Promise<Attempt> {
    const raw = await this.#account.signTransaction(this.#transaction(nonce, call, fees));
    return { hash: keccak256(raw), raw, ...fees, signedMs };
  }

  #transaction(nonce: number, { data, gas }: Call, { maxFeePerGas, maxPriorityFeePerGas }: Fees) {
    const { chainId, distributor } = this.#config;
    const call = { to: distributor, data, gas, value: 0n };
    return { type: 'eip1559', chainId, nonce, ...call, maxFeePerGas, maxPriorityFeePerGas } as const;
  }

  async send(raw: Hex): Promise<SendReply> {
    try {
      await this.#client.sendRawTransaction({ serializedTransaction: raw });
      return { kind: 'sent' };
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      return classifyRefusal(error.details || error.shortMessage);
    }
  }
}

/** What stored bytes call: a replacement calls the same. */
export function callOf({ raw }: Attempt): Call {
  const { data = '0x', gas = 0n } = parseTransaction(raw);
  return { data, gas };
}

/** Never the message itself: it holds the RPC address, and with it perhaps a key. */
export function chainFailure(error: unknown): string | null {
  return error instanceof BaseError ? error.shortMessage : null;
}
