/** The job's SQLite: its order, how it stands, and one row for each part that is in R2. */
import type { StoredPart } from '../../core/export/manifest.ts';
import type { ExportOrder } from '../../core/export/order.ts';

const TABLES = `
  CREATE TABLE IF NOT EXISTS job (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    body TEXT NOT NULL,
    phase TEXT NOT NULL,
    failures INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    detail TEXT
  );
  CREATE TABLE IF NOT EXISTS part (
    number INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL
  );
`;

/** prepared: sold or about to be, nobody has come for it. */
export type Phase = 'prepared' | 'running' | 'done' | 'failed';
export type JobRow = {
  readonly order: ExportOrder;
  readonly phase: Phase;
  /** In a row, without a part done. */
  readonly failures: number;
  readonly expiresMs: number;
  readonly detail: string | null;
};
export type Progress = { readonly parts: number; readonly rows: number; readonly bytes: number };

export class JobStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Null: nothing was ever ordered here, or it is over; such an object stores nothing. */
  read(): JobRow | null {
    const known = this.#sql.exec(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'job'`).toArray();
    if (known.length === 0) return null;
    const [row] = this.#sql
      .exec<{ body: string; phase: Phase; failures: number; expires_ms: number; detail: string | null }>(
        'SELECT body, phase, failures, expires_ms, detail FROM job',
      )
      .toArray();
    if (row === undefined) return null;
    const { body, phase, failures, expires_ms: expiresMs, detail } = row;
    return { order: JSON.parse(body) as ExportOrder, phase, failures, expiresMs, detail };
  }

  prepare(order: ExportOrder, expiresMs: number): void {
    this.#sql.exec(TABLES);
    this.#sql.exec(
      `INSERT INTO job VALUES (1, ?, 'prepared', 0, ?, NULL) ON CONFLICT (only) DO NOTHING`,
      JSON.stringify(order),
      expiresMs,
    );
  }

  setPhase(phase: Phase, expiresMs: number, detail: string | null = null): void {
    this.#sql.exec('UPDATE job SET phase = ?, failures = 0, expires_ms = ?, detail = ?', phase, expiresMs, detail);
  }

  noteFailure(failures: number, detail: string): void {
    this.#sql.exec('UPDATE job SET failures = ?, detail = ?', failures, detail);
  }

  /** The part counts as done: its object is in R2. */
  addPart(number: number, part: StoredPart): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?)',
      number,
      part.path,
      part.rows,
      part.bytes,
      part.sha256,
    );
    this.#sql.exec('UPDATE job SET failures = 0, detail = NULL WHERE failures > 0');
  }

  progress(): Progress {
    return this.#sql
      .exec<Progress>(
        'SELECT count(*) AS parts, coalesce(sum(row_count), 0) AS rows, coalesce(sum(bytes), 0) AS bytes FROM part',
      )
      .one();
  }

  parts(): readonly StoredPart[] {
    return this.#sql
      .exec<StoredPart>('SELECT path, row_count AS rows, bytes, sha256 FROM part ORDER BY number')
      .toArray();
  }
}
