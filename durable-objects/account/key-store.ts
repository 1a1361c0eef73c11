/** The account's API keys, by hash, and the sign-ins that changed them. */
import { keyIdOf, type KeyScope, type NewKey } from '../../core/credits/api-key.ts';
import type { KeyRow, UsedSignIn } from './api.ts';

/** A revoked key is told so for this long; then it is unknown. */
const KEEP_REVOKED_MS = 90 * 24 * 3600 * 1000;

export const KEY_TABLES = `
  CREATE TABLE IF NOT EXISTS api_key (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    monthly_limit TEXT,
    last_used_day TEXT,
    revoked_ms INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sign_in (nonce TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
`;

const COLUMNS = `hash, id, name, scopes, created_ms AS createdMs, expires_ms AS expiresMs, monthly_limit AS monthlyLimit,
  last_used_day AS lastUsedDay, revoked_ms AS revokedMs`;

type StoredKey = Omit<KeyRow, 'scopes'> & { readonly scopes: string } & Record<string, SqlStorageValue>;

export class KeyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(hash: string): KeyRow | null {
    return this.#read('WHERE hash = ?', hash)[0] ?? null;
  }

  findById(id: string): KeyRow | null {
    return this.#read('WHERE id = ?', id)[0] ?? null;
  }

  list(): readonly KeyRow[] {
    return this.#read('ORDER BY created_ms, id');
  }

  countLive(): number {
    return this.#sql.exec<{ live: number }>('SELECT count(*) AS live FROM api_key WHERE revoked_ms IS NULL').one().live;
  }

  add(key: NewKey, nowMs: number): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO api_key (hash, id, name, scopes, created_ms, expires_ms, monthly_limit)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      key.hash,
      keyIdOf(key.hash),
      key.name,
      JSON.stringify(key.scopes),
      nowMs,
      key.expiresMs,
      key.monthlyLimit,
    );
  }

  revoke(id: string, nowMs: number): void {
    this.#sql.exec('UPDATE api_key SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL', nowMs, id);
  }

  markUsed(key: KeyRow, day: string): void {
    if (key.lastUsedDay !== day) this.#sql.exec('UPDATE api_key SET last_used_day = ? WHERE hash = ?', day, key.hash);
  }

  /** False: it was used before. */
  useSignIn({ nonce, untilMs }: UsedSignIn): boolean {
    const added = 'INSERT OR IGNORE INTO sign_in (nonce, until_ms) VALUES (?, ?) RETURNING nonce';
    return this.#sql.exec(added, nonce, untilMs).toArray().length > 0;
  }

  purge(nowMs: number): void {
    this.#sql.exec('DELETE FROM sign_in WHERE until_ms < ?', nowMs);
    this.#sql.exec('DELETE FROM api_key WHERE revoked_ms < ?', nowMs - KEEP_REVOKED_MS);
  }

  #read(where: string, ...bindings: string[]): readonly KeyRow[] {
    return this.#sql
      .exec<StoredKey>(`SELECT ${COLUMNS} FROM api_key ${where}`, ...bindings)
      .toArray()
      .map((row) => ({ ...row, scopes: JSON.parse(row.scopes) as readonly KeyScope[] }));
  }
}
