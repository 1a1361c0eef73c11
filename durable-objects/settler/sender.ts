/**
 * Sends the settler's transactions: nonce, signature and stored bytes in one queue, receipts awaited outside it, so that
 * many settlements share one block. After the bytes are stored nothing here throws for a failed broadcast: the node may
 * have taken the transaction all the same, and the same bytes can be sent again.
 */
import {
  keccak256,
  TransactionReceiptNotFoundError,
  type Client,
  type LocalAccount,
  type TransactionReceipt,
} from 'viem';
import {
  estimateFeesPerGas,
  estimateGas,
  getTransactionCount,
  getTransactionReceipt,
  sendRawTransaction,
} from 'viem/actions';
import type { PaymentKey } from './api.ts';
import type { TransactionStore } from './transaction-store.ts';
import { Turns } from '../turns.ts';

/** What a request waits for its receipt before it answers `pending`: four blocks of OP. */
export const RECEIPT_WAIT_MS = 8000;
const FIRST_POLL_MS = 100;
const SLOWEST_POLL_MS = 1000;
/** Bytes are sent again when a receipt has not come for this long. */
const RESEND_AFTER_MS = 3000;
/** Fees move slowly on OP (base fee: at most 12.5 % a block) and the cap is twice the base fee. */
const FEES_MS = 10_000;

type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };
export type Call = { readonly to: `0x${string}`; readonly data: `0x${string}` };

export class Sender {
  readonly #client: Client;
  readonly #account: LocalAccount;
  readonly #chainId: number;
  readonly #store: TransactionStore;
  readonly #turns = new Turns();
  #fees: { readonly value: Fees; readonly untilMs: number } | null = null;
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
    const [gas, fees] = await Promise.all([
      estimateGas(this.#client, { account: this.#account.address, ...call }),
      this.#currentFees(),
    ]);
    return this.#turns.take(() => this.#signAndSend(call, payment, gas, fees));
  }

  async #signAndSend(call: Call, payment: PaymentKey, gas: bigint, fees: Fees): Promise<`0x${string}`> {
    this.#chainCount ??= await this.#countOnChain();
    const chainNonce = this.#store.nextChainNonce(this.#chainCount);
    const raw = await this.#account.signTransaction({
      ...call,
      ...fees,
      type: 'eip1559',
      chainId: this.#chainId,
      nonce: chainNonce,
      // A little more than estimated: the first payment to a new payee writes a fresh slot.
      gas: (gas * 6n) / 5n,
    });
    const hash = keccak256(raw);
    this.#store.add(chainNonce, payment, { hash, raw }, Date.now());
    await this.#broadcast(raw);
    return hash;
  }

  async awaitReceipt(hash: `0x${string}`): Promise<TransactionReceipt> {
    const giveUpMs = Date.now() + RECEIPT_WAIT_MS;
    let resendMs = Date.now() + RESEND_AFTER_MS;
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(SLOWEST_POLL_MS, pollMs * 2)) {
      const receipt = await this.#receiptOf(hash);
      if (receipt !== null) return receipt;
      if (Date.now() >= giveUpMs) throw new Error('not mined yet');
      if (Date.now() >= resendMs) {
        await this.#resend(hash);
        resendMs = Date.now() + RESEND_AFTER_MS;
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  async #receiptOf(hash: `0x${string}`): Promise<TransactionReceipt | null> {
    try {
      return await getTransactionReceipt(this.#client, { hash });
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return null;
      throw error;
    }
  }

  /** Everything that the chain has not counted, lowest nonce first: a gap would hold up all that follow. */
  async #resend(hash: `0x${string}`): Promise<void> {
    this.#chainCount = await this.#countOnChain();
    const unmined = this.#store.unmined(this.#chainCount);
    for (const { raw } of unmined) await this.#broadcast(raw);
    if (unmined.some((transaction) => transaction.hash === hash)) return;
    // Its nonce is used up: by itself (the receipt is there now) or by a stranger who holds the key.
    if ((await this.#receiptOf(hash)) === null) this.#store.forget(hash);
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

  async #currentFees(): Promise<Fees> {
    const nowMs = Date.now();
    if (this.#fees === null || this.#fees.untilMs <= nowMs) {
      const { maxFeePerGas, maxPriorityFeePerGas } = await estimateFeesPerGas(this.#client);
      const value = { maxFeePerGas: maxFeePerGas * 2n, maxPriorityFeePerGas };
      this.#fees = { value, untilMs: nowMs + FEES_MS };
    }
    return this.#fees.value;
  }
}
