/**
 * Storage of objects, D1 and R2 for code that runs in this process: SQLite is the real one (node:sqlite), each write may be
 * the last. Only what the epoch close and the Minter use is here; anything else throws.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Fuse, Life } from './fuse.ts';

type Row = Record<string, unknown>;
/** Who writes, and how long an answer takes: a few turns of the event loop, so that runs overlap in many ways. */
export type Access = { readonly life: Life; readonly fuse: Fuse; pause(): Promise<void> };

const WRITE = /^\s*(INSERT|UPDATE|DELETE)(?:\s+OR\s+\w+)?(?:\s+(?:INTO|FROM))?\s+(\w+)/i;

/** `UPDATE tx_intent mined`, where the statement writes; the last word where the first value or the text is one. */
function kindOf(sql: string, [value]: readonly unknown[]): string | null {
  const found = WRITE.exec(sql);
  if (!found) return null;
  const word = typeof value === 'string' && /^[a-z-]+$/.test(value) ? value : /SET state = '(\w+)'/.exec(sql)?.[1];
  return `${found[1]?.toUpperCase() ?? ''} ${found[2] ?? ''}${word === undefined ? '' : ` ${word}`}`;
}

export class Sqlite {
  readonly #db = new DatabaseSync(':memory:');
  readonly #statements = new Map<string, StatementSync>();

  script(sql: string): void {
    this.#db.exec(sql);
  }

  all(sql: string, values: readonly unknown[] = []): Row[] {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement.all(...(values as SQLInputValue[]));
  }

  transaction<T>(task: () => T): T {
    this.#db.exec('BEGIN');
    try {
      const result = task();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Empty tables; statements and tables stay, which is most of what a new database costs. */
  wipe(): void {
    for (const { name } of this.all(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid DESC`))
      this.all(`DELETE FROM ${String(name)}`);
  }
}

/** What `ctx.storage` of an object is. A transaction counts as one write, named after its first one. */
export function objectStorage(db: Sqlite, { life, fuse }: Access, owner: string): DurableObjectStorage {
  let inside: string[] | null = null;
  const exec = (sql: string, ...values: readonly unknown[]) => {
    life.check();
    const kind = kindOf(sql, values);
    const isScript = values.length === 0 && /;\s*\S/.test(sql);
    const rows = isScript || /^\s*CREATE/.test(sql) ? (db.script(sql), []) : db.all(sql, values);
    if (kind !== null && inside !== null) inside.push(kind);
    else if (kind !== null) fuse.wrote(`${owner}: ${kind}`, life);
    return { toArray: () => rows, one: () => rows[0] };
  };
  const transactionSync = <T>(task: () => T): T => {
    life.check();
    inside = [];
    try {
      const result = db.transaction(task);
      const [first] = inside;
      inside = null;
      if (first !== undefined) fuse.wrote(`${owner}: ${first}`, life);
      return result;
    } finally {
      inside = null;
    }
  };
  return { sql: { exec }, transactionSync } as unknown as DurableObjectStorage;
}

class Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly #run: (statements: readonly Statement[]) => Promise<Row[][]>;

  constructor(sql: string, values: readonly unknown[], run: (statements: readonly Statement[]) => Promise<Row[][]>) {
    this.sql = sql;
    this.values = values;
    this.#run = run;
  }

  bind(...values: readonly unknown[]): Statement {
    return new Statement(this.sql, values, this.#run);
  }
  async all(): Promise<{ results: Row[] }> {
    const [results] = await this.#run([this]);
    return { results: results ?? [] };
  }
  async first(column: string): Promise<unknown> {
    const { results } = await this.all();
    return results[0]?.[column] ?? null;
  }
  run(): Promise<{ results: Row[] }> {
    return this.all();
  }
}

/** D1: a batch is one transaction, and one write. */
export function d1(db: Sqlite, { life, fuse, pause }: Access): D1Database {
  const run = async (statements: readonly Statement[]): Promise<Row[][]> => {
    life.check();
    await pause();
    life.check();
    const results = db.transaction(() => statements.map(({ sql, values }) => db.all(sql, values)));
    const kind = statements.map(({ sql, values }) => kindOf(sql, values)).find((found) => found !== null);
    if (kind) fuse.wrote(`d1: ${kind}`, life);
    await pause();
    life.check();
    return results;
  };
  return {
    prepare: (sql: string) => new Statement(sql, [], run),
    batch: async (statements: readonly Statement[]) => (await run(statements)).map((results) => ({ results })),
  } as unknown as D1Database;
}

export function r2(objects: Map<string, string>, { life, fuse, pause }: Access): R2Bucket {
  return {
    async get(key: string) {
      life.check();
      await pause();
      life.check();
      const text = objects.get(key);
      return text === undefined ? null : { text: () => Promise.resolve(text) };
    },
    async put(key: string, text: string) {
      life.check();
      await pause();
      life.check();
      objects.set(key, text);
      fuse.wrote(`r2: put ${key.startsWith('usage/') ? 'usage' : 'report'}`, life);
      await pause();
      life.check();
    },
  } as unknown as R2Bucket;
}
