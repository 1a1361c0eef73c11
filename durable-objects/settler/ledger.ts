/**
 * The payment ledger: one row per (payer, authorization nonce), and the answer that it bought. Written before anything is
 * broadcast, so that whoever paid gets the answer even if every process dies in between.
 */
import { paymentSaleId } from '../../core/reward/sale.ts';
import type { SaleOutbox } from '../sale-outbox.ts';
import type { PaymentClaim, PaymentKey, SettledReceipt, SoldAnswer } from './api.ts';
import type { CreditOutbox } from './credits.ts';
import type { PaymentRow, PaymentState } from './decide.ts';
import type { ChainBlock, MinedBlock } from './facilitator.ts';
import { ANSWER_COLUMNS, ANSWER_NAMES, answerOfRow, answerValues, type AnswerRow } from '../stored-answer.ts';

/** Answering takes milliseconds; after this a claim counts as abandoned. */
const LEASE_MS = 30_000;
/** A payment is remembered a day past its authorization, so that a late header never pays or answers twice. */
const KEEP_MS = 24 * 3600 * 1000;
const OPEN_STATES = `('answered', 'pending', 'settled')`;
/** Blocks that one look at the chain asks for. */
const OLDEST_BLOCKS = 50;
const NEWEST_BLOCKS = 10;

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
    block_number INTEGER,
    block_hash TEXT,
    PRIMARY KEY (payer, nonce)
  );
  CREATE INDEX IF NOT EXISTS payment_open ON payment (state) WHERE state IN ('answered', 'pending');
  CREATE INDEX IF NOT EXISTS payment_settled ON payment (block_number) WHERE state = 'settled';
  CREATE TABLE IF NOT EXISTS payment_answer (
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,${ANSWER_COLUMNS},
    top_up TEXT,
    PRIMARY KEY (payer, nonce)
  );
`;

const COLUMNS = `payer, nonce, query, header_hash AS headerHash, payload, state, lease_until_ms AS leaseUntilMs,
  hash AS "transaction", detail`;

type StoredAnswer = AnswerRow & { readonly topUp: string | null };
type StoredRow = PaymentRow & Record<string, SqlStorageValue>;

export class Ledger {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #outbox: SaleOutbox;
  readonly #credits: CreditOutbox;

  constructor(storage: DurableObjectStorage, outbox: SaleOutbox, credits: CreditOutbox) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#outbox = outbox;
    this.#credits = credits;
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
      this.#outbox.drop(paymentSaleId({ payer, nonce }));
    });
  }

  storeAnswer({ payer, nonce }: PaymentKey, answer: SoldAnswer): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        `INSERT OR REPLACE INTO payment_answer (payer, nonce, ${ANSWER_NAMES}, top_up)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        payer,
        nonce,
        ...answerValues(answer),
        answer.topUp ? JSON.stringify(answer.topUp) : null,
      );
      this.#setState({ payer, nonce }, 'answered');
    });
  }

  answerOf({ payer, nonce }: PaymentKey): SoldAnswer | null {
    const rows = this.#sql.exec<StoredAnswer>(
      `SELECT ${ANSWER_NAMES}, top_up AS topUp FROM payment_answer
       WHERE payer = ? AND nonce = ?`,
      payer,
      nonce,
    );
    const row = rows.toArray()[0];
    if (row === undefined) return null;
    const { topUp } = row;
    return {
      ...answerOfRow(row),
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

  /** From the same moment on the devices that served it are owed their part, or the payer its credits. */
  markSettled(key: PaymentKey, receipt: SettledReceipt, block: MinedBlock): void {
    const answer = this.answerOf(key);
    if (answer === null) throw new Error(`payment without an answer: ${paymentSaleId(key)}`);
    const { topUp, served, bought = null } = answer;
    this.#storage.transactionSync(() => {
      this.#setState(key, 'settled', receipt.transaction, null, JSON.stringify(receipt), block);
      this.#outbox.put({
        id: paymentSaleId(key),
        kind: topUp ? 'top-up' : 'x402',
        usdc: BigInt(receipt.amount),
        served,
        bought,
        transaction: receipt.transaction,
        soldMs: null,
      });
      if (topUp) this.#credits.put(key, receipt, topUp.key, null);
    });
  }

  markFailed(key: PaymentKey, transaction: string, detail: string): void {
    this.#storage.transactionSync(() => {
      this.#setState(key, 'failed', transaction, detail);
      this.#outbox.drop(paymentSaleId(key));
    });
  }

  /** Numbers of blocks with settlements that are not final: the oldest, and the newest, which are the likeliest to go. */
  openBlocks(): readonly number[] {
    const ends = [`ASC LIMIT ${OLDEST_BLOCKS}`, `DESC LIMIT ${NEWEST_BLOCKS}`].flatMap((order) =>
      this.#sql
        .exec<{ at: number }>(
          `SELECT DISTINCT block_number AS at FROM payment WHERE state = 'settled' ORDER BY block_number ${order}`,
        )
        .toArray(),
    );
    return [...new Set(ends.map(({ at }) => at))];
  }

  /** @param block as the chain has it now, final: whatever was settled in it is; what was settled in another is not */
  finalize({ number, hash, timestampSeconds }: ChainBlock): void {
    this.#storage.transactionSync(() => {
      const rows = this.#sql.exec<PaymentKey & Record<string, SqlStorageValue>>(
        `UPDATE payment SET state = 'finalized' WHERE state = 'settled' AND block_number = ? AND block_hash = ?
         RETURNING payer, nonce`,
        number,
        hash,
      );
      for (const key of rows.toArray()) {
        this.#outbox.release(paymentSaleId(key), timestampSeconds * 1000);
        const topUp = this.answerOf(key)?.topUp;
        const receipt = this.receiptOf(key);
        if (topUp && receipt) this.#credits.put(key, receipt, topUp.key, timestampSeconds * 1000);
      }
    });
  }

  /** @param block that the chain has at this height now: what was settled in another has to be settled again */
  reopen({ number, hash }: MinedBlock): void {
    this.#sql.exec(
      `UPDATE payment SET state = 'pending' WHERE state = 'settled' AND block_number = ? AND block_hash IS NOT ?`,
      number,
      hash,
    );
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
           (SELECT payer, nonce FROM payment WHERE keep_until_ms < ?1 AND state NOT IN ${OPEN_STATES})`,
        nowMs,
      );
      this.#sql.exec(`DELETE FROM payment WHERE keep_until_ms < ? AND state NOT IN ${OPEN_STATES}`, nowMs);
    });
    return this.#sql.exec('SELECT 1 FROM payment LIMIT 1').toArray().length > 0;
  }

  #setState(
    { payer, nonce }: PaymentKey,
    state: PaymentState,
    transaction: string | null = null,
    detail: string | null = null,
    receipt: string | null = null,
    block: MinedBlock | null = null,
  ): void {
    this.#sql.exec(
      `UPDATE payment SET state = ?, hash = ?, detail = ?, receipt = ?, block_number = ?, block_hash = ?
       WHERE payer = ? AND nonce = ?`,
      state,
      transaction,
      detail,
      receipt,
      block?.number ?? null,
      block?.hash ?? null,
      payer,
      nonce,
    );
  }
}
