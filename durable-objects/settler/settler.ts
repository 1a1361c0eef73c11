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
import { logLine } from '../log.ts';
import { SaleOutbox } from '../sale-outbox.ts';
import { TransactionStore } from './transaction-store.ts';

/** Later than a request waits by itself: the alarm finishes what nobody is waiting for. */
const FINISH_AFTER_MS = 10_000;
const PURGE_AFTER_MS = 3600 * 1000;
const FINISHED_PER_ALARM = 20;
/** Final means 20 to 30 minutes on OP, and seconds on a local chain; one request however many payments wait. */
const FINALITY_MS = 20_000;
/** Until chain or database are asked again after they did not answer. */
const RETRY_MS = 60_000;

export class Settler extends DurableObject<SettlerBindings> implements SettlerApi {
  readonly #ledger: Ledger;
  readonly #store: TransactionStore;
  readonly #outbox: SaleOutbox;
  readonly #credits: CreditOutbox;
  readonly #cashier: Cashier;
  #facilitator: Promise<Facilitator> | null = null;

  constructor(state: DurableObjectState, bindings: SettlerBindings) {
    super(state, bindings);
    this.#outbox = new SaleOutbox(state.storage);
    this.#credits = new CreditOutbox(state.storage, (topUp) => this.#credit(topUp));
    this.#ledger = new Ledger(state.storage, this.#outbox, this.#credits);
    this.#store = new TransactionStore(state.storage);
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
    const hasLooked = await this.#attempt('chain', () => this.#cashier.checkFinality().then(() => true));
    const delivered = await this.#attempt('sales', () => this.#outbox.deliver(this.env.DB, Date.now()));
    this.#store.purge(Date.now());
    const more = this.#ledger.purge(Date.now());
    const isDue = await this.#credits.bring();
    if (more) await this.#alarmWithin(PURGE_AFTER_MS);
    if (delivered !== null) await this.#alarmWithin(delivered ?? RETRY_MS);
    if (this.#ledger.openBlocks().length > 0) await this.#alarmWithin(hasLooked ? FINALITY_MS : RETRY_MS);
    if (isDue || this.#ledger.unfinished(1).length > 0) await this.#alarmWithin(FINISH_AFTER_MS);
  }

  /** Undefined: it did not answer; the next alarm goes on where this one stopped. */
  async #attempt<T>(what: string, step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      logLine({ code: 'settler-waits', what, error: error instanceof Error ? error.name : 'unknown' });
      return undefined;
    }
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
