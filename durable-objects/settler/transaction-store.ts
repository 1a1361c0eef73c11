/**
 * Signed transactions of the settler's key, stored before they are broadcast. The chain decides which of them count;
 * this table only makes sure that one payment never gets two nonces and that bytes can be sent again.
 */
import type { PaymentKey } from './api.ts';

/** Older than any reorganization and any wait for a receipt. */
const KEEP_MS = 24 * 3600 * 1000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS settlement (
    chain_nonce INTEGER PRIMARY KEY,
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    hash TEXT NOT NULL,
    raw TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS settlement_payment ON settlement (payer, nonce);
`;

export type SignedTransaction = { readonly hash: `0x${string}`; readonly raw: `0x${string}` };

export class TransactionStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(TABLES);
  }

  /** The newest transaction that carries this payment. */
  hashOf({ payer, nonce }: PaymentKey): `0x${string}` | null {
    const rows = this.#sql.exec<{ hash: `0x${string}` }>(
      'SELECT hash FROM settlement WHERE payer = ? AND nonce = ? ORDER BY chain_nonce DESC LIMIT 1',
      payer,
      nonce,
    );
    return rows.toArray()[0]?.hash ?? null;
  }

  /** First nonce that neither the chain nor a stored transaction uses. */
  nextChainNonce(chainCount: number): number {
    const rows = this.#sql.exec<{ highest: number | null }>('SELECT max(chain_nonce) AS highest FROM settlement');
    return Math.max(chainCount, (rows.one().highest ?? -1) + 1);
  }

  add(chainNonce: number, { payer, nonce }: PaymentKey, signed: SignedTransaction, nowMs: number): void {
    this.#sql.exec(
      'INSERT INTO settlement (chain_nonce, payer, nonce, hash, raw, created_ms) VALUES (?, ?, ?, ?, ?, ?)',
      chainNonce,
      payer,
      nonce,
      signed.hash,
      signed.raw,
      nowMs,
    );
  }

  /** Bytes that the chain has not counted yet, lowest nonce first. */
  unmined(chainCount: number): readonly SignedTransaction[] {
    return this.#sql
      .exec<SignedTransaction & Record<string, SqlStorageValue>>(
        'SELECT hash, raw FROM settlement WHERE chain_nonce >= ? ORDER BY chain_nonce',
        chainCount,
      )
      .toArray();
  }

  /** Its nonce was used by something else: it can never be mined, and the payment may get another. */
  forget(hash: string): void {
    this.#sql.exec('DELETE FROM settlement WHERE hash = ?', hash);
  }

  /** The newest stays: it says which nonces are taken. */
  purge(nowMs: number): void {
    this.#sql.exec(
      'DELETE FROM settlement WHERE created_ms < ? AND chain_nonce < (SELECT max(chain_nonce) FROM settlement)',
      nowMs - KEEP_MS,
    );
  }
}
