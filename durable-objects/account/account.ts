/**
 * Prepaid credits of one payer: one object per address, so that a balance has one place and concurrent spends are exact.
 * This class is the RPC surface and the alarm; bank.ts decides in the order of events, the stores remember.
 */
import { DurableObject } from 'cloudflare:workers';
import type { NewKey } from '../../core/credits/api-key.ts';
import type { SoldAnswer } from '../settler/api.ts';
import type {
  AccountApi,
  HoldReply,
  KeyChange,
  Overview,
  RecallReply,
  SpendOrder,
  SpendReply,
  TopUp,
  UsageRequest,
  UsageRow,
  UsedSignIn,
} from './api.ts';
import { logLine } from '../log.ts';
import { Bank } from './bank.ts';

/** Abandoned holds reserve nothing once their lease is over, so there is no hurry to drop them. */
const PURGE_AFTER_MS = 3600 * 1000;
/** Many sales share one look at the database. */
const DELIVER_AFTER_MS = 10_000;
const DELIVER_AGAIN_MS = 60_000;

export type AccountBindings = { readonly DB: D1Database };

export class Account extends DurableObject<AccountBindings> implements AccountApi {
  readonly #bank: Bank;

  constructor(state: DurableObjectState, bindings: AccountBindings) {
    super(state, bindings);
    this.#bank = new Bank(state.storage);
  }

  async credit(topUp: TopUp): Promise<void> {
    if (topUp.finalMs !== null) await this.#alarmWithin(DELIVER_AFTER_MS);
    this.#bank.credit(topUp, Date.now());
  }

  async recall(order: SpendOrder): Promise<RecallReply> {
    return this.#bank.recall(order, Date.now());
  }

  async hold(order: SpendOrder, amount: string): Promise<HoldReply> {
    const reply = this.#bank.hold(order, BigInt(amount), Date.now());
    if (reply.status === 'held') await this.#alarmWithin(PURGE_AFTER_MS);
    return reply;
  }

  async spend(order: SpendOrder, answer: SoldAnswer): Promise<SpendReply> {
    // Before the spend, so that what it puts into the outbox cannot be left lying.
    await this.#alarmWithin(DELIVER_AFTER_MS);
    return this.#bank.spend(order, answer, Date.now());
  }

  async release(order: SpendOrder): Promise<void> {
    this.#bank.release(order);
  }

  async makeKey(key: NewKey, signIn: UsedSignIn): Promise<KeyChange> {
    return this.#bank.makeKey(key, signIn, Date.now());
  }

  async revokeKey(id: string, signIn: UsedSignIn): Promise<KeyChange> {
    return this.#bank.revokeKey(id, signIn, Date.now());
  }

  async overview(): Promise<Overview | null> {
    return this.#bank.overview(Date.now());
  }

  async knowKey(hash: string) {
    return this.#bank.knowKey(hash, Date.now());
  }

  async usage(request: UsageRequest): Promise<readonly UsageRow[]> {
    return this.#bank.usage(request);
  }

  override async alarm(): Promise<void> {
    if (this.#bank.purge(Date.now())) await this.#alarmWithin(PURGE_AFTER_MS);
    const againMs = await this.#deliver();
    if (againMs !== null) await this.#alarmWithin(againMs);
  }

  async #deliver(): Promise<number | null> {
    try {
      return await this.#bank.deliver(this.env.DB, Date.now());
    } catch (error) {
      // The platform gives an alarm up that fails too often; sales wait as long as it takes.
      logLine({ code: 'sales-not-delivered', message: String(error) });
      return DELIVER_AGAIN_MS;
    }
  }

  async #alarmWithin(delayMs: number): Promise<void> {
    const due = await this.ctx.storage.getAlarm();
    if (due === null || due > Date.now() + delayMs) await this.ctx.storage.setAlarm(Date.now() + delayMs);
  }
}
