/**
 * Brings what an object sold to D1, each sale once: rows are written in the same SQLite transaction as the money, sent
 * under the sale's own id (a repeat changes nothing), and kept until the epoch that counted them is final, so that a
 * database that was lost is filled again. Used by whatever object takes money.
 */
import type { Sale, SaleKind, ServedUnits } from '../core/reward/sale.ts';
import type { Bought } from '../core/webhook/recall.ts';
import { bulkUpsert } from '../schema/d1/bulk-upsert.ts';
import { sales } from '../schema/d1/sales.ts';

/** What a look at the outbox takes on; 5,000 units a sale make a row of at most 350 KB. */
const MOST_AT_ONCE = 100;
/** How often D1 is asked whether what it has been given is counted and final. */
const ASK_AGAIN_MS = 3600 * 1000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS sale_outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    usdc TEXT NOT NULL,
    served TEXT NOT NULL,
    bought TEXT,
    hash TEXT,
    sold_ms INTEGER,
    asked_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sale_outbox_due ON sale_outbox (asked_ms) WHERE sold_ms IS NOT NULL;
`;

/** Null: the chain may still take the settlement back. */
export type OutgoingSale = Omit<Sale, 'soldMs'> & {
  readonly soldMs: number | null;
  /** For recalls; no epoch reads it. */
  readonly bought: Bought | null;
};

type StoredRow = {
  readonly id: string;
  readonly kind: SaleKind;
  readonly usdc: string;
  readonly served: string;
  readonly bought: string | null;
  readonly hash: string | null;
  readonly sold_ms: number;
};

export class SaleOutbox {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(TABLES);
  }

  /** Call it in the transaction that takes the money. The same id again replaces what was not final. */
  put({ id, kind, usdc, served, bought, transaction, soldMs }: OutgoingSale): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO sale_outbox (id, kind, usdc, served, bought, hash, sold_ms, asked_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`,
      id,
      kind,
      String(usdc),
      JSON.stringify(toPairs(served)),
      bought === null ? null : JSON.stringify(toBought(bought)),
      transaction,
      soldMs,
    );
  }

  /** Nothing can undo the sale any more: it may go out. */
  release(id: string, soldMs: number): void {
    this.#sql.exec('UPDATE sale_outbox SET sold_ms = ? WHERE id = ? AND sold_ms IS NULL', soldMs, id);
  }

  /** The sale came to nothing. */
  drop(id: string): void {
    this.#sql.exec('DELETE FROM sale_outbox WHERE id = ? AND sold_ms IS NULL', id);
  }

  /**
   * Sends what D1 has not been given, and forgets what is counted for good. What D1 no longer has is sent again.
   * @return milliseconds until it should be called again; null: nothing is left
   */
  async deliver(db: D1Database, nowMs: number): Promise<number | null> {
    const unsent = this.#rows('asked_ms IS NULL');
    if (unsent.length > 0) {
      await db.batch(bulkUpsert(db, sales, unsent.map(toRow), { replace: [] }));
      this.#each(unsent, 'UPDATE sale_outbox SET asked_ms = ?2 WHERE id = ?1', nowMs);
    }
    const due = this.#rows('asked_ms <= ?', nowMs - ASK_AGAIN_MS);
    if (due.length > 0) await this.#ask(db, due, nowMs);
    if (unsent.length === MOST_AT_ONCE || due.length === MOST_AT_ONCE || this.#rows('asked_ms IS NULL').length > 0)
      return 0;
    const oldest = this.#sql
      .exec<{ at: number | null }>('SELECT min(asked_ms) AS at FROM sale_outbox WHERE sold_ms IS NOT NULL')
      .one().at;
    return oldest === null ? null : Math.max(0, oldest + ASK_AGAIN_MS - nowMs);
  }

  async #ask(db: D1Database, rows: readonly StoredRow[], nowMs: number): Promise<void> {
    const { results } = await db
      .prepare(
        `SELECT sale.id, epoch.state FROM sale LEFT JOIN epoch ON epoch.epoch = sale.epoch
         WHERE sale.id IN (SELECT value FROM json_each(?))`,
      )
      .bind(JSON.stringify(rows.map(({ id }) => id)))
      .all<{ id: string; state: string | null }>();
    const states = new Map(results.map(({ id, state }) => [id, state]));
    const [lost, known] = [rows.filter(({ id }) => !states.has(id)), rows.filter(({ id }) => states.has(id))];
    this.#each(lost, 'UPDATE sale_outbox SET asked_ms = NULL WHERE id = ?1');
    this.#each(
      known.filter(({ id }) => states.get(id) === 'final'),
      'DELETE FROM sale_outbox WHERE id = ?1',
    );
    this.#each(
      known.filter(({ id }) => states.get(id) !== 'final'),
      'UPDATE sale_outbox SET asked_ms = ?2 WHERE id = ?1',
      nowMs,
    );
  }

  #rows(where: string, ...bindings: readonly number[]): readonly StoredRow[] {
    return this.#sql
      .exec<StoredRow>(
        `SELECT id, kind, usdc, served, bought, hash, sold_ms FROM sale_outbox
         WHERE sold_ms IS NOT NULL AND ${where} ORDER BY asked_ms LIMIT ${MOST_AT_ONCE}`,
        ...bindings,
      )
      .toArray();
  }

  #each(rows: readonly StoredRow[], sql: string, ...more: readonly number[]): void {
    for (const { id } of rows) this.#sql.exec(sql, id, ...more);
  }
}

function toPairs(served: readonly ServedUnits[]): readonly (readonly [string, number])[] {
  return served.map(({ device, units }) => [device, units]);
}

function toBought({ quantities, fromMs, untilMs }: Bought): readonly [readonly string[], number, number] {
  return [quantities, fromMs, untilMs];
}

function toRow({ id, kind, usdc, served, bought, hash, sold_ms: soldMs }: StoredRow): typeof sales.$inferInsert {
  const pairs = JSON.parse(served) as readonly (readonly [string, number])[];
  const about = bought === null ? null : (JSON.parse(bought) as ReturnType<typeof toBought>);
  return { id, kind, usdc, served: pairs, bought: about, transaction: hash, soldMs, epoch: null };
}
