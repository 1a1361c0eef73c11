/**
 * Takes payments for answers: one object per chain and key, so that one place allocates nonces. This class is the RPC
 * surface and the alarm; cashier.ts decides, ledger.ts remembers, facilitator.ts (loaded on the first payment) pays.
 */
import { DurableObject } from 'cloudflare:workers';
import type { OpenReply, Outcome, PaymentClaim, SettlerApi, SettlerBindings, SoldAnswer } from './api.ts';
import { parseOwnerAddress } from '../../core/ids.ts';
import type { TopUp } from '../account/api.ts';
import { accountStub } from '../stub.ts';
import { Cashier } from './cashier.ts';
import { CreditOutbox } from './credits.ts';
import type { Facilitator } from './facilitator.ts';
import { Ledger } from './ledger.ts';
import { TransactionStore } from './transaction-store.ts';

/** Later than a request waits by itself: the alarm finishes what nobody is waiting for. */
const FINISH_AFTER_MS = 10_000;
const PURGE_AFTER_MS = 3600 * 1000;
const FINISHED_PER_ALARM = 20;

export class Settler extends DurableObject<SettlerBindings> implements SettlerApi {
  readonly #ledger: Ledger;
  readonly #store: TransactionStore;
  readonly #credits: CreditOutbox;
  readonly #cashier: Cashier;
  #facilitator: Promise<Facilitator> | null = null;

  constructor(state: DurableObjectState, bindings: SettlerBindings) {
    super(state, bindings);
    this.#ledger = new Ledger(state.storage);
    this.#store = new TransactionStore(state.storage);
    this.#credits = new CreditOutbox(state.storage, (topUp) => this.#credit(topUp));
    this.#cashier = new Cashier(this.#ledger, this.#store, this.#credits, () => this.#load());
  }

  async open(claim: PaymentClaim): Promise<OpenReply> {
    await this.#alarmWithin(PURGE_AFTER_MS);
    return this.#cashier.open(claim);
  }

  async settle(claim: PaymentClaim, answer: SoldAnswer): Promise<Outcome> {
    await this.#alarmWithin(FINISH_AFTER_MS);
    return this.#cashier.settle(claim, answer);
  }

  async release(claim: PaymentClaim): Promise<void> {
    this.#cashier.release(claim);
  }

  override async alarm(): Promise<void> {
    const open = this.#ledger.unfinished(FINISHED_PER_ALARM);
    await Promise.all(open.map((row) => this.#cashier.finish(row)));
    this.#store.purge(Date.now());
    const more = this.#ledger.purge(Date.now());
    const isDue = await this.#credits.bring();
    if (isDue || this.#ledger.unfinished(1).length > 0) await this.#alarmWithin(FINISH_AFTER_MS);
    else if (more) await this.#alarmWithin(PURGE_AFTER_MS);
  }

  async #alarmWithin(delayMs: number): Promise<void> {
    const due = await this.ctx.storage.getAlarm();
    if (due === null || due > Date.now() + delayMs) await this.ctx.storage.setAlarm(Date.now() + delayMs);
  }

  async #credit(topUp: TopUp): Promise<void> {
    const payer = parseOwnerAddress(topUp.payer);
    if (!payer.ok) throw new Error(`a payer is an address: ${topUp.payer}`);
    await accountStub(this.env.ACCOUNT, Number(this.env.CHAIN_ID), payer.value).credit(topUp);
  }

  #load(): Promise<Facilitator> {
    this.#facilitator ??= import('./facilitator.ts').then(({ createFacilitator }) =>
      createFacilitator(this.env, this.#ledger, this.#store),
    );
    return this.#facilitator;
  }
}
