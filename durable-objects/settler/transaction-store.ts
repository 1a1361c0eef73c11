/**
 * Signed transactions of the settler's key, stored before they are broadcast. The chain decides which of them count;
 * this table only makes sure that one payment never gets two nonces, and that bytes can be sent again or for more.
 */
import type { Fees } from '../../core/fees.ts';
import type { PaymentKey } from './api.ts';

/** Older than any reorganization and any wait for a receipt. */
const KEEP_MS = 24 * 3600 * 1000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS settlement (
    hash TEXT PRIMARY KEY,
    chain_nonce INTEGER NOT NULL,
    payer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    raw TEXT NOT NULL,
    max_fee TEXT NOT NULL,
    max_priority TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS settlement_payment ON settlement (payer, nonce);
  CREATE INDEX IF NOT EXISTS settlement_nonce ON settlement (chain_nonce);
`;

export type SignedTransaction = Fees & {
  readonly hash: `0x${string}`;
  readonly raw: `0x${string}`;
  readonly createdMs: number;
};

/** A nonce that the chain has not counted, and the last of the transactions that were signed for it. */
export type Unmined = {
  readonly chainNonce: number;
  readonly payment: PaymentKey;
  readonly attempts: number;
  readonly last: SignedTransaction;
};

type StoredRow = {
  readonly hash: `0x${string}`;
  readonly chain_nonce: number;
  readonly payer: string;
  readonly nonce: string;
  readonly raw: `0x${string}`;
  readonly max_fee: string;
  readonly max_priority: string;
  readonly created_ms: number;
};

export class TransactionStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(TABLES);
  }

  /** The newest transaction that carries this payment. */
  hashOf({ payer, nonce }: PaymentKey): `0x${string}` | null {
    const rows = this.#sql.exec<{ hash: `0x${string}` }>(
      'SELECT hash FROM settlement WHERE payer = ? AND nonce = ? ORDER BY rowid DESC LIMIT 1',
      payer,
      nonce,
    );
    return rows.toArray()[0]?.hash ?? null;
  }

  /** All transactions at this one's nonce: one of them may be mined, whichever it is. */
  attemptsOf(hash: `0x${string}`): readonly `0x${string}`[] {
    const rows = this.#sql
      .exec<{ hash: `0x${string}` }>(
        'SELECT hash FROM settlement WHERE chain_nonce = (SELECT chain_nonce FROM settlement WHERE hash = ?) ORDER BY rowid',
        hash,
      )
      .toArray();
    return rows.length > 0 ? rows.map((row) => row.hash) : [hash];
  }

  chainNonceOf(hash: string): number | null {
    const rows = this.#sql.exec<{ chain_nonce: number }>('SELECT chain_nonce FROM settlement WHERE hash = ?', hash);
    return rows.toArray()[0]?.chain_nonce ?? null;
  }

  /** First nonce that neither the chain nor a stored transaction uses. */
  nextChainNonce(chainCount: number): number {
    const rows = this.#sql.exec<{ highest: number | null }>('SELECT max(chain_nonce) AS highest FROM settlement');
    return Math.max(chainCount, (rows.one().highest ?? -1) + 1);
  }

  add(chainNonce: number, { payer, nonce }: PaymentKey, signed: SignedTransaction): void {
    this.#sql.exec(
      `INSERT INTO settlement (hash, chain_nonce, payer, nonce, raw, max_fee, max_priority, created_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      signed.hash,
      chainNonce,
      payer,
      nonce,
      signed.raw,
      String(signed.maxFeePerGas),
      String(signed.maxPriorityFeePerGas),
      signed.createdMs,
    );
  }

  /** What the chain has not counted yet, lowest nonce first. */
  unmined(chainCount: number): readonly Unmined[] {
    const rows = this.#sql
      .exec<StoredRow>('SELECT * FROM settlement WHERE chain_nonce >= ? ORDER BY chain_nonce, rowid', chainCount)
      .toArray();
    const attempts = Map.groupBy(rows, (row) => row.chain_nonce);
    return [...attempts].flatMap(([chainNonce, signed]) => {
      const last = signed.at(-1);
      return last === undefined
        ? []
        : [{ chainNonce, payment: last, attempts: signed.length, last: transactionOf(last) }];
    });
  }

  /** Its nonce was used by something else: it can never be mined, and the payment may get another. */
  forget(hash: `0x${string}`): void {
    for (const attempt of this.attemptsOf(hash)) this.#sql.exec('DELETE FROM settlement WHERE hash = ?', attempt);
  }

  /** The newest stays: it says which nonces are taken. So does what may have to be sent again. */
  purge(nowMs: number): void {
    this.#sql.exec(
      `DELETE FROM settlement WHERE created_ms < ? AND chain_nonce < (SELECT max(chain_nonce) FROM settlement)
         AND NOT EXISTS (
           SELECT 1 FROM payment WHERE payment.payer = settlement.payer AND payment.nonce = settlement.nonce
             AND payment.state IN ('answered', 'pending', 'settled'))`,
      nowMs - KEEP_MS,
    );
  }
}

function transactionOf(row: StoredRow): SignedTransaction {
  return {
    hash: row.hash,
    raw: row.raw,
    maxFeePerGas: BigInt(row.max_fee),
    maxPriorityFeePerGas: BigInt(row.max_priority),
    createdMs: row.created_ms,
  };
}
