/**
 * Settled top-ups on their way to the accounts they belong to. A row is written in the transaction that marks the payment
 * settled, and again in the one that marks it final; it is dropped once the account has heard of it. The account counts each
 * payment once, so a row may be brought twice.
 */
import type { NewKey } from '../../core/credits/api-key.ts';
import type { TopUp } from '../account/api.ts';
import { logLine } from '../log.ts';
import type { PaymentKey, SettledReceipt } from './api.ts';

const TABLE = `
  CREATE TABLE IF NOT EXISTS credit_due (
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    amount TEXT NOT NULL,
    hash TEXT NOT NULL,
    key TEXT,
    final_ms INTEGER,
    PRIMARY KEY (payer, nonce)
  ) WITHOUT ROWID;
`;

const BROUGHT_AT_ONCE = 20;

export type Credit = (topUp: TopUp) => Promise<void>;

type DueRow = PaymentKey & {
  readonly amount: string;
  readonly hash: string;
  readonly key: string | null;
  readonly final_ms: number | null;
};

export class CreditOutbox {
  readonly #sql: SqlStorage;
  readonly #credit: Credit;

  constructor(storage: DurableObjectStorage, credit: Credit) {
    this.#sql = storage.sql;
    this.#credit = credit;
    this.#sql.exec(TABLE);
  }

  /** @param finalMs time of the settlement's block once nothing can undo it */
  put(
    { payer, nonce }: PaymentKey,
    { amount, transaction }: SettledReceipt,
    key: NewKey | null,
    finalMs: number | null,
  ): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO credit_due (payer, nonce, amount, hash, key, final_ms) VALUES (?, ?, ?, ?, ?, ?)',
      payer,
      nonce,
      amount,
      transaction,
      key && JSON.stringify(key),
      finalMs,
    );
  }

  /** Brings what is due, or one payment's part of it; returns whether anything is left. Never throws: the alarm tries again. */
  async bring(payer: string | null = null): Promise<boolean> {
    const due = this.#sql
      .exec<DueRow>('SELECT * FROM credit_due WHERE ?1 IS NULL OR payer = ?1 LIMIT ?2', payer, BROUGHT_AT_ONCE)
      .toArray();
    await Promise.all(due.map((row) => this.#bringOne(row)));
    return this.#sql.exec('SELECT 1 FROM credit_due LIMIT 1').toArray().length > 0;
  }

  async #bringOne({ payer, nonce, amount, hash, key, final_ms: finalMs }: DueRow): Promise<void> {
    try {
      const wanted = key === null ? null : (JSON.parse(key) as NewKey);
      await this.#credit({ payer, nonce, amount, transaction: hash, key: wanted, finalMs });
    } catch (error) {
      logLine({ code: 'credit-not-brought', payer, nonce, message: String(error) });
      return;
    }
    // Not what has become final in the meantime.
    this.#sql.exec('DELETE FROM credit_due WHERE payer = ? AND nonce = ? AND final_ms IS ?', payer, nonce, finalMs);
  }
}
