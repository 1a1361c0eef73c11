/**
 * Settled top-ups on their way to the accounts they belong to. A row is written in the transaction that marks the payment
 * settled, and dropped once the account has it; the account counts each payment once, so a row may be brought twice.
 */
import type { NewKey } from '../../core/credits/api-key.ts';
import type { TopUp } from '../account/api.ts';
import { logLine } from '../log.ts';
import type { SettledReceipt } from './api.ts';

const TABLE = `
  CREATE TABLE IF NOT EXISTS credit_due (
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    amount TEXT NOT NULL,
    hash TEXT NOT NULL,
    key TEXT,
    PRIMARY KEY (payer, nonce)
  ) WITHOUT ROWID;
`;

const BROUGHT_AT_ONCE = 20;

export type Credit = (topUp: TopUp) => Promise<void>;

type DueRow = Readonly<Record<'payer' | 'nonce' | 'amount' | 'hash', string>> & { readonly key: string | null };

export class CreditOutbox {
  readonly #sql: SqlStorage;
  readonly #credit: Credit;

  constructor(storage: DurableObjectStorage, credit: Credit) {
    this.#sql = storage.sql;
    this.#credit = credit;
    this.#sql.exec(TABLE);
  }

  add(nonce: string, { payer, amount, transaction }: SettledReceipt, key: NewKey | null): void {
    this.#sql.exec(
      'INSERT OR IGNORE INTO credit_due (payer, nonce, amount, hash, key) VALUES (?, ?, ?, ?, ?)',
      payer,
      nonce,
      amount,
      transaction,
      key && JSON.stringify(key),
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

  async #bringOne({ payer, nonce, amount, hash, key }: DueRow): Promise<void> {
    try {
      const wanted = key === null ? null : (JSON.parse(key) as NewKey);
      await this.#credit({ payer, nonce, amount, transaction: hash, key: wanted });
    } catch (error) {
      logLine({ code: 'credit-not-brought', payer, nonce, message: String(error) });
      return;
    }
    this.#sql.exec('DELETE FROM credit_due WHERE payer = ? AND nonce = ?', payer, nonce);
  }
}
