/**
 * Balance, top-ups, holds and spends. Amounts are decimal text and bigint: exact at any size. What is held is summed from
 * the holds themselves, so no counter can drift from them.
 */
import type { SoldAnswer } from '../settler/api.ts';
import type { KeyRow, SpendOrder, TopUp, UsageRequest, UsageRow } from './api.ts';
import type { SpendRow } from './decide.ts';
import { ANSWER_COLUMNS, ANSWER_NAMES, answerOfRow, answerValues, type AnswerRow } from '../stored-answer.ts';

/** Answering takes milliseconds; after this a hold counts as abandoned. */
const LEASE_MS = 60_000;
/** How long a resend gets the same answer. */
const REPLAY_MS = 24 * 3600 * 1000;

export const FUND_TABLES = `
  CREATE TABLE IF NOT EXISTS account (
    payer TEXT PRIMARY KEY,
    balance TEXT NOT NULL,
    spends INTEGER NOT NULL,
    released TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS top_up (
    nonce TEXT PRIMARY KEY,
    amount TEXT NOT NULL,
    hash TEXT NOT NULL,
    credited_ms INTEGER NOT NULL,
    final_ms INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS unreleased (
    n INTEGER PRIMARY KEY,
    amount TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS spend (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    idempotency TEXT NOT NULL,
    query TEXT NOT NULL,
    amount TEXT NOT NULL,
    state TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS spend_idempotency ON spend (key, idempotency);
  CREATE INDEX IF NOT EXISTS spend_held ON spend (state) WHERE state = 'held';
  CREATE TABLE IF NOT EXISTS spend_answer (
    id TEXT PRIMARY KEY,${ANSWER_COLUMNS}
  );
  CREATE TABLE IF NOT EXISTS usage_day (
    day TEXT NOT NULL,
    key TEXT NOT NULL,
    queries INTEGER NOT NULL,
    units INTEGER NOT NULL,
    usdc TEXT NOT NULL,
    PRIMARY KEY (day, key)
  ) WITHOUT ROWID;
`;

const COLUMNS = 'id, key, query, amount, state, lease_until_ms AS leaseUntilMs';

type Stored<T> = T & Record<string, SqlStorageValue>;
/** One row. `spends` counts them all: their numbers name the sales. `released`: USDC of the sales that went out. */
type AccountRow = {
  readonly payer: string;
  readonly balance: string;
  readonly spends: number;
  readonly released: string;
};

export type Spent = { readonly payer: string; readonly n: number };
export type Released = Spent & { readonly soldMs: number };

export class FundStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  balance(): bigint {
    return BigInt(this.#account()?.balance ?? '0');
  }

  toppedUp(): bigint {
    return this.#sum('SELECT amount FROM top_up');
  }

  /** By all keys, or by one. */
  held(nowMs: number, key: string | null = null): bigint {
    const held = `SELECT amount FROM spend WHERE state = 'held' AND lease_until_ms > ?`;
    return key === null ? this.#sum(held, nowMs) : this.#sum(`${held} AND key = ?`, nowMs, key);
  }

  /** @param month `2026-11` */
  spentIn(month: string, key: string): bigint {
    const query = 'SELECT usdc AS amount FROM usage_day WHERE day BETWEEN ? AND ? AND key = ?';
    return this.#sum(query, `${month}-01`, `${month}-31`, key);
  }

  /** False: this payment was credited before. */
  credit({ payer, nonce, amount, transaction, finalMs }: TopUp, nowMs: number): boolean {
    const added = this.#sql.exec(
      'INSERT OR IGNORE INTO top_up (nonce, amount, hash, credited_ms) VALUES (?, ?, ?, ?) RETURNING nonce',
      nonce,
      amount,
      transaction,
      nowMs,
    );
    const isNew = added.toArray().length > 0;
    if (finalMs !== null) {
      this.#sql.exec('UPDATE top_up SET final_ms = ?, hash = ? WHERE nonce = ?', finalMs, transaction, nonce);
    }
    if (!isNew) return false;
    const { balance, spends, released } = this.#account() ?? { balance: '0', spends: 0, released: '0' };
    this.#sql.exec(
      'INSERT OR REPLACE INTO account (payer, balance, spends, released) VALUES (?, ?, ?, ?)',
      payer,
      String(BigInt(balance) + BigInt(amount)),
      spends,
      released,
    );
    return true;
  }

  /**
   * Spends that final top-ups pay for, oldest first; the others wait. So no epoch ever counts credits that nobody paid for,
   * and none is sold before the top-up that it was bought with.
   */
  release(): readonly Released[] {
    const account = this.#account();
    if (account === null) return [];
    const final = this.#sql
      .exec<{ amount: string; finalMs: number }>(
        'SELECT amount, final_ms AS finalMs FROM top_up WHERE final_ms IS NOT NULL',
      )
      .toArray();
    const covered = final.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
    const newestMs = final.reduce((newest, { finalMs }) => Math.max(newest, finalMs), 0);
    let released = BigInt(account.released);
    const out: Released[] = [];
    const waiting = this.#sql.exec<{ n: number; amount: string; atMs: number }>(
      'SELECT n, amount, at_ms AS atMs FROM unreleased ORDER BY n',
    );
    for (const { n, amount, atMs } of waiting.toArray()) {
      if (released + BigInt(amount) > covered) break;
      released += BigInt(amount);
      out.push({ payer: account.payer, n, soldMs: Math.max(atMs, newestMs + 1) });
      this.#sql.exec('DELETE FROM unreleased WHERE n = ?', n);
    }
    if (out.length > 0) this.#sql.exec('UPDATE account SET released = ?', String(released));
    return out;
  }

  findByIdempotency(key: string, idempotency: string): SpendRow | null {
    return this.#find('key = ? AND idempotency = ?', key, idempotency);
  }

  find(id: string): SpendRow | null {
    return this.#find('id = ?', id);
  }

  addHold(order: SpendOrder, key: string, amount: bigint, nowMs: number): void {
    // In the place of a hold whose lease has run out.
    this.#sql.exec('DELETE FROM spend WHERE key = ? AND idempotency = ?', key, order.idempotencyKey);
    this.#sql.exec(
      `INSERT INTO spend (id, key, idempotency, query, amount, state, lease_until_ms, at_ms)
       VALUES (?, ?, ?, ?, ?, 'held', ?, ?)`,
      order.id,
      key,
      order.idempotencyKey,
      order.query,
      String(amount),
      nowMs + LEASE_MS,
      nowMs,
    );
  }

  dropHold(id: string): void {
    this.#sql.exec(`DELETE FROM spend WHERE id = ? AND state = 'held'`, id);
  }

  /** @return whose spend it is, and the how many-th, from 1 */
  spend({ id, amount }: SpendRow, key: KeyRow, day: string, answer: SoldAnswer, nowMs: number): Spent {
    const account = this.#account();
    const left = BigInt(account?.balance ?? '0') - BigInt(amount);
    if (account === null || left < 0n) throw new Error(`a hold that nothing covers: ${id}`);
    const n = account.spends + 1;
    this.#sql.exec('UPDATE account SET balance = ?, spends = ?', String(left), n);
    this.#sql.exec('INSERT INTO unreleased (n, amount, at_ms) VALUES (?, ?, ?)', n, amount, nowMs);
    this.#sql.exec(`UPDATE spend SET state = 'spent', at_ms = ? WHERE id = ?`, nowMs, id);
    this.#sql.exec(
      `INSERT INTO spend_answer (id, ${ANSWER_NAMES}) VALUES (?, ?, ?, ?, ?, ?)`,
      id,
      ...answerValues(answer),
    );
    const known = this.#usageOf(day, key.id);
    this.#sql.exec(
      'INSERT OR REPLACE INTO usage_day (day, key, queries, units, usdc) VALUES (?, ?, ?, ?, ?)',
      day,
      key.id,
      (known?.queries ?? 0) + 1,
      (known?.units ?? 0) + answer.served.reduce((sum, { units }) => sum + units, 0),
      String(BigInt(known?.usdc ?? '0') + BigInt(amount)),
    );
    return { payer: account.payer, n };
  }

  answerOf(id: string): SoldAnswer | null {
    const rows = this.#sql.exec<AnswerRow>(`SELECT ${ANSWER_NAMES} FROM spend_answer WHERE id = ?`, id).toArray();
    return rows[0] === undefined ? null : answerOfRow(rows[0]);
  }

  usage({ from, until, key, after, limit }: UsageRequest): readonly UsageRow[] {
    return this.#sql
      .exec<Stored<UsageRow>>(
        `SELECT day, key, queries, units, usdc FROM usage_day
         WHERE day >= ?1 AND day < ?2 AND (?3 IS NULL OR key = ?3) AND (day, key) > (?4, ?5)
         ORDER BY day, key LIMIT ?6`,
        from,
        until,
        key,
        after?.day ?? '',
        after?.key ?? '',
        limit,
      )
      .toArray();
  }

  /** Drops abandoned holds and answers past their day; returns whether anything is left to drop later. */
  purge(nowMs: number): boolean {
    this.#sql.exec(`DELETE FROM spend WHERE state = 'held' AND lease_until_ms <= ?`, nowMs);
    const past = `SELECT id FROM spend WHERE state = 'spent' AND at_ms < ?`;
    this.#sql.exec(`DELETE FROM spend_answer WHERE id IN (${past})`, nowMs - REPLAY_MS);
    this.#sql.exec(`DELETE FROM spend WHERE id IN (${past})`, nowMs - REPLAY_MS);
    return this.#sql.exec('SELECT 1 FROM spend LIMIT 1').toArray().length > 0;
  }

  #usageOf(day: string, key: string): UsageRow | undefined {
    return this.#sql.exec<Stored<UsageRow>>('SELECT * FROM usage_day WHERE day = ? AND key = ?', day, key).toArray()[0];
  }

  #account(): AccountRow | null {
    return this.#sql.exec<Stored<AccountRow>>('SELECT * FROM account').toArray()[0] ?? null;
  }

  #find(where: string, ...bindings: string[]): SpendRow | null {
    return (
      this.#sql.exec<Stored<SpendRow>>(`SELECT ${COLUMNS} FROM spend WHERE ${where}`, ...bindings).toArray()[0] ?? null
    );
  }

  #sum(query: string, ...bindings: (string | number)[]): bigint {
    const rows = this.#sql.exec<{ amount: string }>(query, ...bindings).toArray();
    return rows.reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  }
}
