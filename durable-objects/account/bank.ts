/**
 * The order of events of a purchase with credits: hold, answer, spend. The hold makes sure that the balance is there before
 * any work is done; the spend, its answer and its sale are one transaction, under one id. Nothing here awaits, so no two
 * requests see the same balance.
 */
import { keyIdOf, type NewKey } from '../../core/credits/api-key.ts';
import { creditSaleId } from '../../core/reward/sale.ts';
import { SaleOutbox } from '../sale-outbox.ts';
import type { SoldAnswer } from '../settler/api.ts';
import type {
  ChangeRefusal,
  HoldReply,
  KeyChange,
  KeyRefusal,
  KeyRow,
  Overview,
  Recalled,
  RecallReply,
  SpendOrder,
  SpendReceipt,
  SpendReply,
  TopUp,
  UsageRequest,
  UsageRow,
  UsedSignIn,
} from './api.ts';
import { coverOf, meaningOf, refuseKey, utcDayOf, type SpendRow } from './decide.ts';
import { FUND_TABLES, FundStore } from './fund-store.ts';
import { KEY_TABLES, KeyStore } from './key-store.ts';

export const MAX_LIVE_KEYS = 100;

type Known = { readonly status: 'known'; readonly key: KeyRow };

export class Bank {
  readonly #storage: DurableObjectStorage;
  readonly #keys: KeyStore;
  readonly #funds: FundStore;
  /** Null until the first top-up: a stranger's signature or key must not leave tables behind. */
  #sales: SaleOutbox | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#keys = new KeyStore(storage.sql);
    this.#funds = new FundStore(storage.sql);
    const tables = storage.sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'account'`);
    if (tables.toArray().length > 0) this.#sales = new SaleOutbox(storage);
  }

  get #isOpen(): boolean {
    return this.#sales !== null;
  }

  credit(topUp: TopUp, nowMs: number): void {
    this.#sales = this.#storage.transactionSync(() => {
      this.#storage.sql.exec(FUND_TABLES + KEY_TABLES);
      const sales = new SaleOutbox(this.#storage);
      if (this.#funds.credit(topUp, nowMs) && topUp.key !== null) this.#keys.add(topUp.key, nowMs);
      this.#release(sales);
      return sales;
    });
  }

  recall(order: SpendOrder, nowMs: number): RecallReply {
    const known = this.knowKey(order.keyHash, nowMs);
    if (known.status !== 'known') return known;
    const recalled = this.#recall(order, known.key, nowMs) ?? { status: 'new' };
    return recalled.status === 'held' ? { status: 'in-flight' } : recalled;
  }

  hold(order: SpendOrder, amount: bigint, nowMs: number): HoldReply {
    const known = this.knowKey(order.keyHash, nowMs);
    if (known.status !== 'known') return known;
    const { key } = known;
    const { scope } = order;
    if (!key.scopes.includes(scope)) return { status: 'out-of-scope', scope, scopes: key.scopes };
    const recalled = this.#recall(order, key, nowMs);
    if (recalled !== null) return recalled;
    const funds = {
      balance: this.#funds.balance(),
      held: this.#funds.held(nowMs),
      heldByKey: this.#funds.held(nowMs, key.id),
      spentByKeyThisMonth: this.#funds.spentIn(utcDayOf(nowMs).slice(0, 7), key.id),
    };
    const cover = coverOf(amount, funds, key.monthlyLimit);
    if (cover.status !== 'covered') return cover;
    this.#storage.transactionSync(() => this.#funds.addHold(order, key.id, amount, nowMs));
    return { status: 'held' };
  }

  spend(order: SpendOrder, answer: SoldAnswer, nowMs: number): SpendReply {
    const sales = this.#sales;
    if (sales === null) return { status: 'lapsed' };
    const row = this.#funds.find(order.id);
    if (row?.state === 'spent') return { status: 'spent', receipt: this.#receipt(row, nowMs) };
    const key = this.#keys.find(order.keyHash);
    // Past its lease nothing reserves the amount any more; others may have spent it.
    if (row === null || key === null || row.leaseUntilMs <= nowMs) return { status: 'lapsed' };
    const day = utcDayOf(nowMs);
    this.#storage.transactionSync(() => {
      const { payer, n } = this.#funds.spend(row, key, day, answer, nowMs);
      const { served, bought = null } = answer;
      const usdc = BigInt(row.amount);
      sales.put({ id: creditSaleId(payer, n), kind: 'credit', usdc, served, bought, transaction: null, soldMs: null });
      this.#release(sales);
      this.#keys.markUsed(key, day);
    });
    return { status: 'spent', receipt: this.#receipt(row, nowMs) };
  }

  release({ id }: SpendOrder): void {
    if (this.#isOpen) this.#funds.dropHold(id);
  }

  makeKey(key: NewKey, signIn: UsedSignIn, nowMs: number): KeyChange {
    return this.#change(signIn, () => {
      if (this.#keys.countLive() >= MAX_LIVE_KEYS) return 'too-many-keys';
      this.#keys.add(key, nowMs);
      return this.#keys.findById(keyIdOf(key.hash)) ?? 'no-such-key';
    });
  }

  revokeKey(id: string, signIn: UsedSignIn, nowMs: number): KeyChange {
    return this.#change(signIn, () => {
      this.#keys.revoke(id, nowMs);
      return this.#keys.findById(id) ?? 'no-such-key';
    });
  }

  overview(nowMs: number): Overview | null {
    if (!this.#isOpen) return null;
    return {
      balance: String(this.#funds.balance()),
      held: String(this.#funds.held(nowMs)),
      toppedUp: String(this.#funds.toppedUp()),
      keys: this.#keys.list(),
    };
  }

  knowKey(hash: string, nowMs: number): KeyRefusal | Known {
    const key = this.#isOpen ? this.#keys.find(hash) : null;
    const refusal = refuseKey(key, nowMs);
    return key === null || refusal !== null ? (refusal ?? { status: 'unknown-key' }) : { status: 'known', key };
  }

  usage(request: UsageRequest): readonly UsageRow[] {
    return this.#isOpen ? this.#funds.usage(request) : [];
  }

  /** @return milliseconds until it should be called again; null: nothing is left */
  async deliver(db: D1Database, nowMs: number): Promise<number | null> {
    return this.#sales === null ? null : this.#sales.deliver(db, nowMs);
  }

  purge(nowMs: number): boolean {
    if (!this.#isOpen) return false;
    return this.#storage.transactionSync(() => {
      this.#keys.purge(nowMs);
      return this.#funds.purge(nowMs);
    });
  }

  #recall(order: SpendOrder, key: KeyRow, nowMs: number): Recalled | { readonly status: 'held' } | null {
    const row = this.#funds.findByIdempotency(key.id, order.idempotencyKey);
    const meaning = meaningOf(row, order, nowMs);
    if (meaning === 'new' || row === null) return null;
    if (meaning !== 'replay') return { status: meaning };
    const answer = this.#funds.answerOf(row.id);
    if (answer === null) throw new Error(`a spend without an answer: ${row.id}`);
    return { status: 'spent', answer, receipt: this.#receipt(row, nowMs) };
  }

  #release(sales: SaleOutbox): void {
    for (const { payer, n, soldMs } of this.#funds.release()) sales.release(creditSaleId(payer, n), soldMs);
  }

  #receipt({ id, amount }: SpendRow, nowMs: number): SpendReceipt {
    return { id, amount, available: String(this.#funds.balance() - this.#funds.held(nowMs)) };
  }

  #change(signIn: UsedSignIn, change: () => KeyRow | ChangeRefusal): KeyChange {
    if (!this.#isOpen) return { status: 'refused', why: 'no-account' };
    return this.#storage.transactionSync(() => {
      const done = this.#keys.useSignIn(signIn) ? change() : 'sign-in-used';
      return typeof done === 'string' ? { status: 'refused', why: done } : { status: 'done', key: done };
    });
  }
}
