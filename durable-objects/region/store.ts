/**
 * The region object's SQLite: the log, one table per hour of arrival so that old hours go by `DROP TABLE` (no row is
 * deleted), and the checkpoint. Raw SQL: this is the hot path, and one accepted batch must cost one row.
 */
import { decodeEntry, encodeEntryBody, isEntryKind, type LogRow } from '../../core/region/codec.ts';
import type { EntryBody, LogEntry } from '../../core/region/entry.ts';
import { STATE_VERSION } from '../../core/region/state.ts';

const HOUR_MS = 3_600_000;
/** SQLite rows are at most 2 MB (Durable Objects limits). */
const PAGE_BYTES = 1_900_000;
/** Hours for which blocks are kept: a region that begins later fills a week, and none stays behind for longer. */
const KEPT_BLOCKS = 200;

type Row = { readonly seq: number; readonly received_ms: number; readonly kind: string; readonly body: ArrayBuffer };

export class RegionStore {
  readonly #sql: SqlStorage;
  /** Arrival hour of each log table and its last sequence number, oldest first. */
  readonly #tables: { hour: number; lastSeq: number }[];

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#tables = sql
      .exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'log_[0-9]*'`)
      .toArray()
      .map(({ name }) => Number(name.slice(4)))
      .sort((a, b) => a - b)
      .map((hour) => ({
        hour,
        lastSeq: sql.exec<{ last: number | null }>(`SELECT max(seq) AS last FROM log_${hour}`).one().last ?? 0,
      }));
  }

  /** `receipt` is kept with a batch so that a repeat gets the very same answer. */
  append(seq: number, receivedMs: number, body: EntryBody, receipt: string | null): void {
    const hour = Math.floor(receivedMs / HOUR_MS);
    let table = this.#tables[this.#tables.length - 1];
    if (table === undefined || table.hour !== hour) {
      this.#sql.exec(
        `CREATE TABLE log_${hour} (seq INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, receipt TEXT) WITHOUT ROWID`,
      );
      table = { hour, lastSeq: 0 };
      this.#tables.push(table);
    }
    this.#sql.exec(
      `INSERT INTO log_${hour} VALUES (?, ?, ?, ?, ?)`,
      seq,
      receivedMs,
      body.kind,
      encodeEntryBody(body),
      receipt,
    );
    table.lastSeq = seq;
  }

  receiptOf(seq: number): { readonly receipt: string; readonly receivedMs: number } | null {
    const table = this.#tables.find((candidate) => candidate.lastSeq >= seq);
    if (table === undefined) return null;
    const [row] = this.#sql
      .exec<{ receipt: string | null; received_ms: number }>(
        `SELECT receipt, received_ms FROM log_${table.hour} WHERE seq = ?`,
        seq,
      )
      .toArray();
    return row === undefined || row.receipt === null ? null : { receipt: row.receipt, receivedMs: row.received_ms };
  }

  /** Bodies of the entries of one kind from the arrival hour of `sinceMs` on: reads all that came since. */
  *bodiesSince(kind: EntryBody['kind'], sinceMs: number): Generator<Uint8Array> {
    const hour = Math.floor(sinceMs / HOUR_MS);
    for (const table of this.#tables) {
      if (table.hour < hour) continue;
      for (const row of this.#sql.exec<Row>(`SELECT body FROM log_${table.hour} WHERE kind = ?`, kind))
        yield new Uint8Array(row.body);
    }
  }

  *rows(fromSeq: number, toSeq: number = Number.MAX_SAFE_INTEGER): Generator<LogRow> {
    for (const table of this.#tables) {
      if (table.lastSeq < fromSeq) continue;
      const cursor = this.#sql.exec<Row>(
        `SELECT seq, received_ms, kind, body FROM log_${table.hour} WHERE seq BETWEEN ? AND ? ORDER BY seq`,
        fromSeq,
        toSeq,
      );
      for (const row of cursor) {
        if (!isEntryKind(row.kind)) throw new Error(`log entry ${row.seq} has the unknown kind ${row.kind}`);
        yield { seq: row.seq, receivedMs: row.received_ms, kind: row.kind, body: new Uint8Array(row.body) };
      }
    }
  }

  *entries(fromSeq: number): Generator<LogEntry> {
    for (const row of this.rows(fromSeq)) {
      const entry = decodeEntry(row);
      // Written by ourselves: a body that does not decode is broken storage, not input.
      if (!entry.ok) throw new Error(`log entry ${row.seq}: ${entry.error.detail}`);
      yield entry.value;
    }
  }

  /** Batches with what their devices were told. */
  *batches(fromSeq: number, toSeq: number): Generator<LogRow & { readonly receipt: string | null }> {
    for (const table of this.#tables) {
      if (table.lastSeq < fromSeq) continue;
      const cursor = this.#sql.exec<Row & { readonly receipt: string | null }>(
        `SELECT seq, received_ms, kind, body, receipt FROM log_${table.hour}
         WHERE seq BETWEEN ? AND ? AND kind = 'batch' ORDER BY seq`,
        fromSeq,
        toSeq,
      );
      for (const { seq, received_ms: receivedMs, body, receipt } of cursor)
        yield { seq, receivedMs, kind: 'batch', body: new Uint8Array(body), receipt };
    }
  }

  /** Oldest entry that is still here; 1 while nothing was dropped. */
  get firstSeq(): number {
    const [table] = this.#tables;
    if (table === undefined) return 1;
    return this.#sql.exec<{ first: number | null }>(`SELECT min(seq) AS first FROM log_${table.hour}`).one().first ?? 1;
  }

  /** Batches whose arrival lies in the tables from `sinceMs` on; readings cannot be older than their arrival allows. */
  *rowsSince(sinceMs: number): Generator<LogRow> {
    const first = this.#tables.find((table) => (table.hour + 1) * HOUR_MS > sinceMs);
    if (first === undefined) return;
    const index = this.#tables.indexOf(first);
    const before = this.#tables[index - 1];
    yield* this.rows(before === undefined ? 1 : before.lastSeq + 1);
  }

  readCheckpoint(): { readonly seq: number; readonly state: Uint8Array } | null {
    const pages = this.#sql
      .exec<{ version: number; seq: number; body: ArrayBuffer }>(
        'SELECT version, seq, body FROM checkpoint ORDER BY page',
      )
      .toArray();
    const [first] = pages;
    if (first === undefined || first.version !== STATE_VERSION) return null;
    // All pages of one checkpoint are written in one turn; others would be broken storage, and the log is enough.
    if (pages.some((page) => page.seq !== first.seq)) return null;
    const state = new Uint8Array(pages.reduce((sum, page) => sum + page.body.byteLength, 0));
    let at = 0;
    for (const page of pages) {
      state.set(new Uint8Array(page.body), at);
      at += page.body.byteLength;
    }
    return { seq: first.seq, state };
  }

  writeCheckpoint(seq: number, state: Uint8Array): void {
    const pages = Math.ceil(state.length / PAGE_BYTES);
    for (let page = 0; page < pages; page += 1) {
      const body = state.slice(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      this.#sql.exec(
        `INSERT INTO checkpoint (page, version, seq, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (page) DO UPDATE SET version = excluded.version, seq = excluded.seq, body = excluded.body`,
        page,
        STATE_VERSION,
        seq,
        body,
      );
    }
    const [stale] = this.#sql
      .exec<{ pages: number }>('SELECT count(*) AS pages FROM checkpoint WHERE page >= ?', pages)
      .toArray();
    if (stale !== undefined && stale.pages > 0) this.#sql.exec('DELETE FROM checkpoint WHERE page >= ?', pages);
  }

  /** A block larger than a row is not kept: the region is then absent for its neighbors. No object holds that many devices. */
  keepBlock(hour: number, block: Uint8Array): void {
    if (block.length > PAGE_BYTES) return;
    this.#sql.exec(
      `INSERT INTO block (place, hour, body) VALUES (?, ?, ?)
       ON CONFLICT (place) DO UPDATE SET hour = excluded.hour, body = excluded.body`,
      placeOf(hour),
      hour,
      block,
    );
  }

  blockOf(hour: number): Uint8Array | null {
    const [row] = this.#sql
      .exec<{ body: ArrayBuffer }>('SELECT body FROM block WHERE place = ? AND hour = ?', placeOf(hour), hour)
      .toArray();
    return row === undefined ? null : new Uint8Array(row.body);
  }

  /** The log here begins with the region's first entry, or is empty. */
  get isWhole(): boolean {
    return this.firstSeq === 1;
  }

  dropCheckpoint(): void {
    this.#sql.exec('DELETE FROM checkpoint');
  }

  /** Sealed hours whose receipts have expired. Costs no row. */
  dropArchived(sealedThroughSeq: number, beforeMs: number): void {
    for (;;) {
      const [oldest] = this.#tables;
      if (oldest === undefined || this.#tables.length === 1) return;
      if (oldest.lastSeq > sealedThroughSeq || (oldest.hour + 1) * HOUR_MS > beforeMs) return;
      this.#sql.exec(`DROP TABLE log_${oldest.hour}`);
      this.#tables.shift();
    }
  }
}

/** A ring: the newest hour takes the row of the oldest, so that nothing is ever deleted. */
function placeOf(hour: number): number {
  return ((hour % KEPT_BLOCKS) + KEPT_BLOCKS) % KEPT_BLOCKS;
}
