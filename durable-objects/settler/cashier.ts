/**
 * The order of events of a sale: claim, verify, store the answer, broadcast, remember the receipt. Nothing is charged
 * before the answer is stored, and a stored answer is never charged twice.
 */
import type { PaymentPayload } from '@x402/core/types';
import type { OpenReply, Outcome, PaymentClaim, PaymentKey, SoldAnswer } from './api.ts';
import type { CreditOutbox } from './credits.ts';
import { decide, type PaymentRow } from './decide.ts';
import type { Facilitator } from './facilitator.ts';
import type { Ledger } from './ledger.ts';
import type { TransactionStore } from './transaction-store.ts';

const REFUSED_ONCE = 'the payment was refused when it was settled';

export class Cashier {
  readonly #ledger: Ledger;
  readonly #store: TransactionStore;
  readonly #credits: CreditOutbox;
  readonly #facilitator: () => Promise<Facilitator>;
  readonly #running = new Map<string, Promise<Outcome>>();

  constructor(ledger: Ledger, store: TransactionStore, credits: CreditOutbox, facilitator: () => Promise<Facilitator>) {
    this.#ledger = ledger;
    this.#store = store;
    this.#credits = credits;
    this.#facilitator = facilitator;
  }

  async open(claim: PaymentClaim): Promise<OpenReply> {
    const row = this.#ledger.find(claim);
    const decision = decide(row, claim, Date.now());
    switch (decision) {
      case 'claim':
        return this.#claimAndVerify(claim);
      case 'replay':
        return this.#settled(claim);
      case 'resume':
        return this.#running.has(keyOf(claim)) ? { status: 'in-flight' } : this.finish(claim);
      case 'refuse':
        return { status: 'refused', detail: row?.detail ?? REFUSED_ONCE };
      case 'in-flight':
      case 'other-query':
      case 'not-offered':
        return { status: decision };
    }
  }

  async settle(claim: PaymentClaim, answer: SoldAnswer): Promise<Outcome> {
    const row = this.#ledger.find(claim);
    // The lease ran out and somebody else took over: that one's answer is the one that is sold.
    if (row === null || row.state !== 'inflight' || row.headerHash !== claim.headerHash) return { status: 'in-flight' };
    this.#ledger.storeAnswer(claim, answer);
    return this.finish(claim);
  }

  /** The answer cannot be given after all: forget the claim, nothing was charged. */
  release(claim: PaymentClaim): void {
    const row = this.#ledger.find(claim);
    if (row?.state === 'inflight' && row.headerHash === claim.headerHash) this.#ledger.drop(claim);
  }

  /** Settles a payment whose answer is stored; any number of callers share one run. */
  finish(key: PaymentKey): Promise<Outcome> {
    const name = keyOf(key);
    const running = this.#running.get(name);
    if (running) return running;
    const run = this.#settle(key).finally(() => this.#running.delete(name));
    this.#running.set(name, run);
    return run;
  }

  /** Looks at the chain once: what is final becomes a sale, what a reorganization took away has to be settled again. */
  async checkFinality(): Promise<void> {
    const numbers = this.#ledger.openBlocks();
    if (numbers.length === 0) return;
    const { finalized, blocks } = await (await this.#facilitator()).look(numbers);
    for (const number of numbers) {
      const block = blocks.get(number);
      // A node that is behind, or a chain that has just become shorter: there will be a block again.
      if (block === undefined) continue;
      this.#ledger.reopen(block);
      if (number <= finalized) this.#ledger.finalize(block);
    }
  }

  async #claimAndVerify(claim: PaymentClaim): Promise<OpenReply> {
    const payload = JSON.parse(claim.payload) as PaymentPayload;
    // Before the first await: a parallel request with the same header must find the row.
    this.#ledger.claim(claim, String(payload.payload['signature']), Date.now());
    try {
      const facilitator = await this.#facilitator();
      const verified = await facilitator.verify(payload);
      if (verified.isValid) return { status: 'verified' };
      this.#ledger.drop(claim);
      return { status: 'refused', detail: verified.invalidReason ?? 'invalid payment' };
    } catch {
      // The chain did not answer. Nothing was sent.
      this.#ledger.drop(claim);
      return { status: 'unreachable' };
    }
  }

  async #settle(key: PaymentKey): Promise<Outcome> {
    const row = this.#ledger.find(key);
    if (row === null) return { status: 'unreachable' };
    try {
      const facilitator = await this.#facilitator();
      const payload = JSON.parse(row.payload) as PaymentPayload;
      const settled = await facilitator.settle(payload);
      if (settled.success) {
        const { transaction, network, block } = settled;
        if (block === null) return this.#pending(key, transaction);
        const { amount } = payload.accepted;
        const receipt = { success: true, transaction, network, payer: row.payer, amount } as const;
        this.#ledger.markSettled(key, receipt, block);
      } else if (settled.errorReason === 'settlement_pending') {
        return this.#pending(key, settled.transaction);
      } else {
        return this.#failed(row, settled.transaction, settled.errorReason ?? REFUSED_ONCE);
      }
    } catch {
      // The chain went away. What was stored may be on it: then the payment stays open and is looked up again.
      const transaction = this.#store.hashOf(key);
      if (transaction !== null) return this.#pending(key, transaction);
      this.#ledger.drop(key);
      return { status: 'unreachable' };
    }
    return this.#settled(key);
  }

  #pending(key: PaymentKey, transaction: string): Outcome {
    this.#ledger.markPending(key, transaction);
    return { status: 'pending', transaction };
  }

  #failed(row: PaymentRow, transaction: string, detail: string): Outcome {
    // Without a transaction nothing was ever broadcast: the same header may be tried again, after a top-up for example.
    if (transaction === '') this.#ledger.drop(row);
    else this.#ledger.markFailed(row, transaction, detail);
    return { status: 'refused', detail };
  }

  async #settled(key: PaymentKey): Promise<Outcome> {
    const answer = this.#ledger.answerOf(key);
    const receipt = this.#ledger.receiptOf(key);
    if (answer === null || receipt === null) throw new Error(`settled payment without an answer: ${keyOf(key)}`);
    // Here, so that the balance is there when its buyer hears of it; if it fails, the alarm brings it.
    if (answer.topUp) await this.#credits.bring(key.payer);
    return { status: 'settled', answer, receipt };
  }
}

function keyOf({ payer, nonce }: PaymentKey): string {
  return `${payer} ${nonce}`;
}
