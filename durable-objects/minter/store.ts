/**
 * The Minter's SQLite: one row a nonce (`tx_intent`), one row a signed transaction at that nonce (`tx_attempt`). Bytes
 * are here before they are anywhere else, so whatever dies, the same bytes are sent again and never others.
 */
import type { Intent, IntentState, Sighting } from '../../core/reward/mint/intent.ts';

export type StoredIntent = Intent & {
  /** The attempt that is in the chain; null before. */
  readonly minedHash: string | null;
  /** Since when it has not been in a block. */
  readonly waitsSinceMs: number;
};

export type Attempt = {
  readonly hash: `0x${string}`;
  readonly raw: `0x${string}`;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly signedMs: number;
};

/** A region that is behind, and how far it was when it last made progress. */
type Stall = { readonly cell: string; readonly closed_through: number | null; readonly since_ms: number };

type IntentRow = {
  readonly nonce: number;
  readonly key: string;
  readonly epoch: number;
  readonly state: string;
  readonly block_number: number | null;
  readonly mined_hash: string | null;
  readonly waits_since_ms: number;
};
type AttemptRow = {
  readonly hash: string;
  readonly raw: string;
  readonly max_fee: string;
  readonly max_priority: string;
  readonly signed_ms: number;
};

export class MinterStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS tx_intent (
        nonce INTEGER PRIMARY KEY, key TEXT NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL,
        block_number INTEGER, mined_hash TEXT, waits_since_ms INTEGER NOT NULL);
      CREATE UNIQUE INDEX IF NOT EXISTS tx_intent_key ON tx_intent (key) WHERE state <> 'void';
      CREATE TABLE IF NOT EXISTS tx_attempt (
        hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL REFERENCES tx_intent (nonce), raw TEXT NOT NULL,
        max_fee TEXT NOT NULL, max_priority TEXT NOT NULL, signed_ms INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS tx_attempt_nonce ON tx_attempt (nonce);
      CREATE TABLE IF NOT EXISTS region_stall (cell TEXT PRIMARY KEY, closed_through INTEGER, since_ms INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL)`);
  }

  /** Nonce, bytes and hash in one transaction: a nonce without bytes would stop the row of nonces for good. */
  plan(nonce: number, key: string, epoch: number, attempt: Attempt): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        `INSERT INTO tx_intent (nonce, key, epoch, state, waits_since_ms) VALUES (?, ?, ?, 'signed', ?)`,
        nonce,
        key,
        epoch,
        attempt.signedMs,
      );
      this.addAttempt(nonce, attempt);
    });
  }

  addAttempt(nonce: number, attempt: Attempt): void {
    this.#sql.exec(
      `INSERT INTO tx_attempt (hash, nonce, raw, max_fee, max_priority, signed_ms) VALUES (?, ?, ?, ?, ?, ?)`,
      attempt.hash,
      nonce,
      attempt.raw,
      String(attempt.maxFeePerGas),
      String(attempt.maxPriorityFeePerGas),
      attempt.signedMs,
    );
  }

  setBroadcast(nonce: number): void {
    this.#sql.exec(`UPDATE tx_intent SET state = 'broadcast' WHERE nonce = ? AND state = 'signed'`, nonce);
  }

  /** The way back: its block is gone, and the bytes that are here have to be sent again. */
  setDropped(nonce: number, nowMs: number): void {
    this.#sql.exec(
      `UPDATE tx_intent SET state = 'broadcast', block_number = NULL, mined_hash = NULL, waits_since_ms = ? WHERE nonce = ?`,
      nowMs,
      nonce,
    );
  }

  /** Somebody else's transaction has the nonce for good, or the guardian took its commit back: the work is free again. */
  giveUp(nonce: number): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(`UPDATE tx_intent SET state = 'void' WHERE nonce = ?`, nonce);
      this.#sql.exec(`DELETE FROM tx_attempt WHERE nonce = ?`, nonce);
    });
  }

  setSeen(nonce: number, state: IntentState, sighting: Sighting): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        `UPDATE tx_intent SET state = ?, block_number = ?, mined_hash = ? WHERE nonce = ?`,
        state,
        sighting.blockNumber,
        sighting.hash,
        nonce,
      );
      // What is final is never sent again: its bytes, up to 50 KB, need not stay.
      if (state === 'finalized' || state === 'void') this.#sql.exec(`DELETE FROM tx_attempt WHERE nonce = ?`, nonce);
    });
  }

  /** Null: this key has sent nothing yet, and whatever it did before counts as ours. */
  nextNonce(): number | null {
    const { last } = this.#sql.exec<{ last: number | null }>(`SELECT max(nonce) AS last FROM tx_intent`).one();
    return last === null ? null : Math.max(last + 1, Number(this.fact('first-nonce') ?? 0));
  }

  /** Nonces below were used by somebody else, for good. */
  skipTo(firstNonce: number): void {
    this.setFact('first-nonce', String(firstNonce));
  }

  openIntents(): readonly StoredIntent[] {
    return this.#intents(`WHERE state NOT IN ('finalized', 'void')`);
  }

  /** Everything that matters to epochs from this one on, and whatever is open. */
  intentsFrom(epoch: number): readonly StoredIntent[] {
    return this.#intents(`WHERE epoch >= ? OR state NOT IN ('finalized', 'void')`, epoch);
  }

  /** Of this key, or of one before. `hash` is null until it has been seen in a block. */
  commitOf(epoch: number): { readonly hash: string | null } | null {
    const [own] = this.#intents(`WHERE key = ? AND state <> 'void'`, `commit:${epoch}`);
    if (own) return { hash: own.minedHash };
    const hash = this.fact(`commit:${epoch}`);
    return hash === null ? null : { hash };
  }

  newest(limit: number): readonly StoredIntent[] {
    return this.#intents(`WHERE nonce > (SELECT max(nonce) FROM tx_intent) - ?`, limit);
  }

  #intents(where: string, ...values: readonly (number | string)[]): readonly StoredIntent[] {
    return this.#sql
      .exec<IntentRow>(`SELECT * FROM tx_intent ${where} ORDER BY nonce`, ...values)
      .toArray()
      .map((row) => ({
        nonce: row.nonce,
        key: row.key,
        epoch: row.epoch,
        state: row.state as IntentState,
        blockNumber: row.block_number,
        minedHash: row.mined_hash,
        waitsSinceMs: row.waits_since_ms,
      }));
  }

  /** As they were signed, whatever the clock said then; the last one is the dearest. */
  attempts(nonce: number): readonly Attempt[] {
    return this.#sql
      .exec<AttemptRow>(`SELECT * FROM tx_attempt WHERE nonce = ? ORDER BY rowid`, nonce)
      .toArray()
      .map((row) => ({
        hash: row.hash as `0x${string}`,
        raw: row.raw as `0x${string}`,
        maxFeePerGas: BigInt(row.max_fee),
        maxPriorityFeePerGas: BigInt(row.max_priority),
        signedMs: row.signed_ms,
      }));
  }

  /** Since when each of these regions has made no progress: from now, where it has moved since it was last asked about. */
  stalledSince(
    behind: readonly { cell: string; closedThrough: number | null }[],
    nowMs: number,
  ): Record<string, number> {
    const since: Record<string, number> = {};
    for (const { cell, closedThrough } of behind) {
      const [known] = this.#sql.exec<Stall>(`SELECT * FROM region_stall WHERE cell = ?`, cell).toArray();
      const still = known !== undefined && known.closed_through === closedThrough;
      since[cell] = still ? known.since_ms : nowMs;
      if (!still) this.#sql.exec(`INSERT OR REPLACE INTO region_stall VALUES (?, ?, ?)`, cell, closedThrough, nowMs);
    }
    return since;
  }

  /** Nonces belong to a key. Another key starts anew, but not by itself while anything of the old one is open. */
  claimFor(signer: string, force = false): boolean {
    const before = this.fact('signer');
    if (before === signer) return true;
    if (before !== null && !force && this.openIntents().length > 0) return false;
    this.#storage.transactionSync(() => {
      // The events of its commits stay the only place that names their reports.
      this.#sql.exec(
        `INSERT OR REPLACE INTO fact SELECT key, mined_hash FROM tx_intent WHERE key LIKE 'commit:%' AND state = 'finalized';
         DELETE FROM tx_attempt; DELETE FROM tx_intent; DELETE FROM fact WHERE name = 'first-nonce'`,
      );
      this.setFact('signer', signer);
    });
    return true;
  }

  fact(name: string): string | null {
    return this.#sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?`, name).toArray()[0]?.value ?? null;
  }

  setFact(name: string, value: string): void {
    if (this.fact(name) !== value) this.#sql.exec(`INSERT OR REPLACE INTO fact VALUES (?, ?)`, name, value);
  }
}
