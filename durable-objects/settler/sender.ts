/**
 * Sends the settler's transactions: nonce, signature and stored bytes in one queue, receipts awaited outside it, so that
 * many settlements share one block. After the bytes are stored nothing here throws for a failed broadcast: the node may
 * have taken the transaction all the same, and the same bytes can be sent again, or the same call for a better price.
 */
import {
  keccak256,
  parseTransaction,
  TransactionReceiptNotFoundError,
  type Client,
  type LocalAccount,
  type TransactionReceipt,
} from 'viem';
import { estimateGas, getBlock, getTransactionCount, getTransactionReceipt, sendRawTransaction } from 'viem/actions';
import { betterOffer, type Fees, firstOffer, needsBetterOffer } from '../../core/fees.ts';
import type { PaymentKey } from './api.ts';
import type { SignedTransaction, TransactionStore, Unmined } from './transaction-store.ts';
import { Turns } from '../turns.ts';

/** What a request waits for its receipt before it answers `pending`: four blocks of OP. */
export const RECEIPT_WAIT_MS = 8000;
const FIRST_POLL_MS = 100;
const SLOWEST_POLL_MS = 1000;
/** Bytes are sent again when a receipt has not come for this long. */
const RESEND_AFTER_MS = 3000;
/** Ten blocks of OP: what is not mined by then gets a better price at the same nonce, because all later ones wait for it. */
const BUMP_AFTER_MS = 20_000;
/** Fees move slowly on OP (base fee: at most 12.5 % a block), and the first offer leaves room for two doublings. */
const BASE_FEE_MS = 10_000;
/** 0.0005 ETH: a settlement is never worth more. The data fee on L1 comes on top, and nothing here can lower it. */
const MOST_WEI = 500_000_000_000_000n;

export type Call = { readonly to: `0x${string}`; readonly data: `0x${string}` };
type SizedCall = Call & { readonly gas: bigint };

export class Sender {
  readonly #client: Client;
  readonly #account: LocalAccount;
  readonly #chainId: number;
  readonly #store: TransactionStore;
  readonly #turns = new Turns();
  #baseFee: { readonly wei: bigint; readonly untilMs: number } | null = null;
  #resentMs = 0;
  /** Of transactions that were awaited: the receipt of the attempt that was mined. */
  readonly #mined = new Map<string, TransactionReceipt>();
  /** Transactions counted by the chain when this object last asked. */
  #chainCount: number | null = null;

  constructor(client: Client, account: LocalAccount, chainId: number, store: TransactionStore) {
    this.#client = client;
    this.#account = account;
    this.#chainId = chainId;
    this.#store = store;
  }

  /** Throws when the call would revert: a drained or cancelled authorization costs no gas. */
  async send(call: Call, payment: PaymentKey): Promise<`0x${string}`> {
    const known = this.#store.hashOf(payment);
    if (known !== null) return known;
    const [gas, baseFeePerGas] = await Promise.all([
      estimateGas(this.#client, { account: this.#account.address, ...call }),
      this.#currentBaseFee(),
    ]);
    // A little more than estimated: the first payment to a new payee writes a fresh slot.
    const sized = { ...call, gas: (gas * 6n) / 5n };
    const offer = firstOffer({ gas: sized.gas, baseFeePerGas, besideGas: 0n }, MOST_WEI);
    if (offer.kind === 'too-dear') throw new Error('the chain is dearer than a settlement may be');
    return this.#turns.take(() => this.#signAndSend(sized, payment, offer.fees));
  }

  async #signAndSend(call: SizedCall, payment: PaymentKey, fees: Fees): Promise<`0x${string}`> {
    this.#chainCount ??= await this.#countOnChain();
    const chainNonce = this.#store.nextChainNonce(this.#chainCount);
    const signed = await this.#sign(chainNonce, call, fees);
    this.#store.add(chainNonce, payment, signed);
    await this.#broadcast(signed.raw);
    return signed.hash;
  }

  async #sign(chainNonce: number, call: SizedCall, fees: Fees): Promise<SignedTransaction> {
    const raw = await this.#account.signTransaction({
      ...call,
      ...fees,
      type: 'eip1559',
      chainId: this.#chainId,
      nonce: chainNonce,
    });
    return { hash: keccak256(raw), raw, ...fees, createdMs: Date.now() };
  }

  async awaitReceipt(hash: `0x${string}`): Promise<TransactionReceipt> {
    const giveUpMs = Date.now() + RECEIPT_WAIT_MS;
    let resendMs = Date.now() + RESEND_AFTER_MS;
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(SLOWEST_POLL_MS, pollMs * 2)) {
      const receipt = await this.#receiptOfAny(hash);
      if (receipt !== null) {
        this.#mined.set(hash, receipt);
        return receipt;
      }
      if (Date.now() >= giveUpMs) throw new Error('not mined yet');
      if (Date.now() >= resendMs) {
        await this.#resend(hash);
        resendMs = Date.now() + RESEND_AFTER_MS;
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** Where one that was awaited is, or whatever was mined in its place; asked once. */
  takeMined(hash: string): TransactionReceipt | null {
    const receipt = this.#mined.get(hash) ?? null;
    this.#mined.delete(hash);
    return receipt;
  }

  async #receiptOfAny(hash: `0x${string}`): Promise<TransactionReceipt | null> {
    for (const attempt of this.#store.attemptsOf(hash)) {
      const receipt = await this.#receiptOf(attempt);
      if (receipt !== null) return receipt;
    }
    return null;
  }

  async #receiptOf(hash: `0x${string}`): Promise<TransactionReceipt | null> {
    try {
      return await getTransactionReceipt(this.#client, { hash });
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return null;
      throw error;
    }
  }

  async #resend(hash: `0x${string}`): Promise<void> {
    await this.#turns.take(() => this.#resendAll());
    const chainNonce = this.#store.chainNonceOf(hash);
    if (chainNonce === null || this.#chainCount === null || chainNonce >= this.#chainCount) return;
    // Its nonce is used up: by itself (the receipt is there now) or by a stranger who holds the key.
    if ((await this.#receiptOfAny(hash)) === null) this.#store.forget(hash);
  }

  /** Everything that the chain has not counted, lowest nonce first: a gap would hold up all that follow. */
  async #resendAll(): Promise<void> {
    // Many wait at once, and each would send all of them.
    if (Date.now() - this.#resentMs < RESEND_AFTER_MS) return;
    this.#resentMs = Date.now();
    this.#chainCount = await this.#countOnChain();
    // What does not get into a block is best judged by the newest one.
    this.#baseFee = null;
    for (const waiting of this.#store.unmined(this.#chainCount)) {
      const better = await this.#replacement(waiting);
      if (better !== null) this.#store.add(waiting.chainNonce, waiting.payment, better);
      await this.#broadcast((better ?? waiting.last).raw);
    }
  }

  /** Null: the bytes that are stored are sent again. */
  async #replacement({ chainNonce, last, attempts }: Unmined): Promise<SignedTransaction | null> {
    const baseFeePerGas = await this.#currentBaseFee();
    if (!needsBetterOffer(last, baseFeePerGas, Date.now() - last.createdMs, BUMP_AFTER_MS)) return null;
    const { to, data = '0x', gas = 0n } = parseTransaction(last.raw);
    const fees = betterOffer(last, attempts, { gas, baseFeePerGas, besideGas: 0n }, MOST_WEI);
    return fees === null || !to ? null : this.#sign(chainNonce, { to, data, gas }, fees);
  }

  async #broadcast(raw: `0x${string}`): Promise<void> {
    try {
      await sendRawTransaction(this.#client, { serializedTransaction: raw });
    } catch {
      // "already known", "nonce too low" (mined meanwhile), or the node is away: the wait for the receipt sorts them out.
    }
  }

  #countOnChain(): Promise<number> {
    return getTransactionCount(this.#client, { address: this.#account.address, blockTag: 'latest' });
  }

  async #currentBaseFee(): Promise<bigint> {
    const nowMs = Date.now();
    if (this.#baseFee === null || this.#baseFee.untilMs <= nowMs) {
      const { baseFeePerGas } = await getBlock(this.#client, { blockTag: 'latest' });
      this.#baseFee = { wei: baseFeePerGas ?? 0n, untilMs: nowMs + BASE_FEE_MS };
    }
    return this.#baseFee.wei;
  }
}
