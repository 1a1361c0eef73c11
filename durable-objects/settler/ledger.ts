/**
 * The payment ledger: one row per (payer, authorization nonce), and the answer that it bought. Written before anything is
 * broadcast, so that whoever paid gets the answer even if every process dies in between.
 */
import type { ServedUnits } from '../../core/reward/sale.ts';
import type { PaymentClaim, PaymentKey, SettledReceipt, SoldAnswer } from './api.ts';
import type { PaymentRow, PaymentState } from './decide.ts';

/** Answering takes milliseconds; after this a claim counts as abandoned. */
const LEASE_MS = 30_000;
/** A payment is remembered a day past its authorization, so that a late header never pays or answers twice. */
const KEEP_MS = 24 * 3600 * 1000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS payment (
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    query TEXT NOT NULL,
    header_hash TEXT NOT NULL,
    payload TEXT NOT NULL,
    signature TEXT NOT NULL,
    state TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    keep_until_ms INTEGER NOT NULL,
    hash TEXT,
    detail TEXT,
    receipt TEXT,
    PRIMARY KEY (payer, nonce)
  );
  CREATE INDEX IF NOT EXISTS payment_open ON payment (state) WHERE state IN ('answered', 'pending');
  CREATE TABLE IF NOT EXISTS payment_answer (
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body ANY NOT NULL,
    served TEXT NOT NULL,
    top_up TEXT,
    PRIMARY KEY (payer, nonce)
  );
`;

const COLUMNS = `payer, nonce, query, header_hash AS headerHash, payload, state, lease_until_ms AS leaseUntilMs,
  hash AS "transaction", detail`;

type StoredAnswer = {
  readonly contentType: string;
  readonly body: string | ArrayBuffer;
  readonly served: string;
  readonly topUp: string | null;
};
type StoredRow = PaymentRow & Record<string, SqlStorageValue>;

export class Ledger {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(TABLES);
  }

  find({ payer, nonce }: PaymentKey): PaymentRow | null {
    const rows = this.#sql.exec<StoredRow>(
      `SELECT ${COLUMNS} FROM payment WHERE payer = ? AND nonce = ?`,
      payer,
      nonce,
    );
    return rows.toArray()[0] ?? null;
  }

  claim(claim: PaymentClaim, signature: string, nowMs: number): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO payment
         (payer, nonce, query, header_hash, payload, signature, state, lease_until_ms, keep_until_ms)
       VALUES (?, ?, ?, ?, ?, ?, 'inflight', ?, ?)`,
      claim.payer,
      claim.nonce,
      claim.query,
      claim.headerHash,
      claim.payload,
      signature,
      nowMs + LEASE_MS,
      Math.max(nowMs, claim.validBeforeSeconds * 1000) + KEEP_MS,
    );
  }

  drop({ payer, nonce }: PaymentKey): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec('DELETE FROM payment_answer WHERE payer = ? AND nonce = ?', payer, nonce);
      this.#sql.exec('DELETE FROM payment WHERE payer = ? AND nonce = ?', payer, nonce);
    });
  }

  storeAnswer({ payer, nonce }: PaymentKey, answer: SoldAnswer): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        `INSERT OR REPLACE INTO payment_answer (payer, nonce, content_type, body, served, top_up)
         VALUES (?, ?, ?, ?, ?, ?)`,
        payer,
        nonce,
        answer.contentType,
        typeof answer.body === 'string' ? answer.body : new Uint8Array(answer.body).buffer,
        JSON.stringify(answer.served),
        answer.topUp ? JSON.stringify(answer.topUp) : null,
      );
      this.#setState({ payer, nonce }, 'answered');
    });
  }

  answerOf({ payer, nonce }: PaymentKey): SoldAnswer | null {
    const rows = this.#sql.exec<StoredAnswer>(
      `SELECT content_type AS contentType, body, served, top_up AS topUp FROM payment_answer
       WHERE payer = ? AND nonce = ?`,
      payer,
      nonce,
    );
    const row = rows.toArray()[0];
    if (row === undefined) return null;
    const { contentType, body, served, topUp } = row;
    return {
      contentType,
      body: typeof body === 'string' ? body : new Uint8Array(body),
      served: JSON.parse(served) as readonly ServedUnits[],
      ...(topUp === null ? {} : { topUp: JSON.parse(topUp) as NonNullable<SoldAnswer['topUp']> }),
    };
  }

  receiptOf({ payer, nonce }: PaymentKey): SettledReceipt | null {
    const rows = this.#sql.exec<{ receipt: string | null }>(
      'SELECT receipt FROM payment WHERE payer = ? AND nonce = ?',
      payer,
      nonce,
    );
    const receipt = rows.toArray()[0]?.receipt ?? null;
    return receipt === null ? null : (JSON.parse(receipt) as SettledReceipt);
  }

  markPending(key: PaymentKey, transaction: string): void {
    this.#setState(key, 'pending', transaction);
  }

  /** @param also what follows from it, in the same transaction */
  markSettled(key: PaymentKey, receipt: SettledReceipt, also: () => void): void {
    this.#storage.transactionSync(() => {
      this.#setState(key, 'settled', receipt.transaction, null, JSON.stringify(receipt));
      also();
    });
  }

  markFailed(key: PaymentKey, transaction: string, detail: string): void {
    this.#setState(key, 'failed', transaction, detail);
  }

  /** Payments that an alarm has to finish. */
  unfinished(limit: number): readonly PaymentRow[] {
    return this.#sql
      .exec<StoredRow>(`SELECT ${COLUMNS} FROM payment WHERE state IN ('answered', 'pending') LIMIT ?`, limit)
      .toArray();
  }

  /** Which payment a signature belongs to; x402's pending store is keyed by signature. */
  keyOfSignature(signature: string): PaymentKey | null {
    const rows = this.#sql.exec<PaymentKey & Record<string, SqlStorageValue>>(
      `SELECT payer, nonce FROM payment WHERE state IN ('answered', 'pending') AND signature = ?`,
      signature,
    );
    return rows.toArray()[0] ?? null;
  }

  /** Forgets what is past keeping; returns whether anything is left to forget later. */
  purge(nowMs: number): boolean {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        `DELETE FROM payment_answer WHERE (payer, nonce) IN
           (SELECT payer, nonce FROM payment WHERE keep_until_ms < ?1 AND state NOT IN ('answered', 'pending'))`,
        nowMs,
      );
      this.#sql.exec(`DELETE FROM payment WHERE keep_until_ms < ? AND state NOT IN ('answered', 'pending')`, nowMs);
    });
    return this.#sql.exec('SELECT 1 FROM payment LIMIT 1').toArray().length > 0;
  }

  #setState(
    { payer, nonce }: PaymentKey,
    state: PaymentState,
    transaction: string | null = null,
    detail: string | null = null,
    receipt: string | null = null,
  ): void {
    this.#sql.exec(
      'UPDATE payment SET state = ?, hash = ?, detail = ?, receipt = ? WHERE payer = ? AND nonce = ?',
      state,
      transaction,
      detail,
      receipt,
      payer,
      nonce,
    );
  }
}
