/** Hooks, their messages, and how far everything has been looked at. One transaction writes what was found and how far. */
import type { Topic } from '../../core/webhook/topic.ts';
import type { Delivery, Hook, HookState } from './api.ts';

const TABLES = `
  CREATE TABLE IF NOT EXISTS hook (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    topic TEXT NOT NULL,
    state TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY,
    hook TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL,
    status INTEGER,
    next_ms INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS message_due ON message (next_ms) WHERE next_ms IS NOT NULL;
  CREATE INDEX IF NOT EXISTS message_hook ON message (hook, created_ms);
  CREATE TABLE IF NOT EXISTS beyond (hook TEXT NOT NULL, device TEXT NOT NULL, PRIMARY KEY (hook, device)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS watched (cell TEXT PRIMARY KEY, through_hour INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS examined (
    hook TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (hook, subject)
  ) WITHOUT ROWID;
`;

/** A receiver can see for this long what became of its messages. */
const KEEP_MESSAGES_MS = 7 * 86_400_000;
const LISTED = 100;

export type Message = { readonly id: string; readonly hook: string; readonly type: string; readonly body: string };
export type DueMessage = Message & { readonly url: string; readonly secret: string; readonly attempts: number };

type HookRow = Omit<Hook, 'topic' | 'createdMs'> & { readonly topic: string; readonly createdMs: number };
const HOOK = 'id, owner, url, topic, state, created_ms AS createdMs';

export class NotifierStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(TABLES);
  }

  transaction(write: () => void): void {
    this.#storage.transactionSync(write);
  }

  addHook({ id, owner, url, topic, state, createdMs }: Hook, secret: string): void {
    this.#sql.exec(
      'INSERT INTO hook (id, owner, url, secret, topic, state, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
      id,
      owner,
      url,
      secret,
      JSON.stringify(topic),
      state,
      createdMs,
    );
  }

  hooksOf(owner: string): readonly Hook[] {
    return this.#sql
      .exec<HookRow>(`SELECT ${HOOK} FROM hook WHERE owner = ? ORDER BY created_ms, id`, owner)
      .toArray()
      .map(toHook);
  }

  activeHooks(): readonly Hook[] {
    return this.#sql.exec<HookRow>(`SELECT ${HOOK} FROM hook WHERE state = 'active' ORDER BY id`).toArray().map(toHook);
  }

  hook(owner: string, id: string): Hook | null {
    const rows = this.#sql.exec<HookRow>(`SELECT ${HOOK} FROM hook WHERE id = ? AND owner = ?`, id, owner).toArray();
    return rows[0] === undefined ? null : toHook(rows[0]);
  }

  anyHook(id: string): Hook | null {
    const rows = this.#sql.exec<HookRow>(`SELECT ${HOOK} FROM hook WHERE id = ?`, id).toArray();
    return rows[0] === undefined ? null : toHook(rows[0]);
  }

  removeHook(id: string): void {
    this.transaction(() => {
      for (const table of ['message', 'beyond', 'examined']) this.#sql.exec(`DELETE FROM ${table} WHERE hook = ?`, id);
      this.#sql.exec('DELETE FROM hook WHERE id = ?', id);
    });
  }

  setState(id: string, state: HookState): void {
    this.#sql.exec('UPDATE hook SET state = ? WHERE id = ?', state, id);
  }

  /** A message under an id that exists is the same message: nothing happens. Nor for a hook that was removed meanwhile. */
  addMessage({ id, hook, type, body }: Message, nowMs: number): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO message (id, hook, type, body, created_ms, attempts, state, next_ms)
       SELECT ?1, id, ?3, ?4, ?5, 0, 'waiting', ?5 FROM hook WHERE id = ?2`,
      id,
      hook,
      type,
      body,
      nowMs,
    );
  }

  due(nowMs: number, limit: number): readonly DueMessage[] {
    return this.#sql
      .exec<DueMessage>(
        `SELECT message.id, hook, type, body, url, secret, attempts FROM message JOIN hook ON hook.id = message.hook
         WHERE next_ms <= ? ORDER BY next_ms LIMIT ?`,
        nowMs,
        limit,
      )
      .toArray();
  }

  nextDueMs(): number | null {
    return this.#sql.exec<{ at: number | null }>('SELECT min(next_ms) AS at FROM message').one().at;
  }

  noteAttempt(id: string, state: Delivery['state'], status: number | null, nextMs: number | null): void {
    this.#sql.exec(
      'UPDATE message SET attempts = attempts + 1, state = ?, status = ?, next_ms = ? WHERE id = ?',
      state,
      status,
      nextMs,
      id,
    );
  }

  /** Nothing more is sent to this hook but what is asked for. */
  giveUp(hook: string): void {
    this.#sql.exec(`UPDATE message SET state = 'failed', next_ms = NULL WHERE hook = ? AND next_ms IS NOT NULL`, hook);
  }

  deliveries(hook: string): readonly Delivery[] {
    return this.#sql
      .exec<Delivery & Record<string, SqlStorageValue>>(
        `SELECT id, type, created_ms AS createdMs, attempts, state, status, next_ms AS nextMs
         FROM message WHERE hook = ? ORDER BY created_ms DESC, id LIMIT ${LISTED}`,
        hook,
      )
      .toArray();
  }

  beyond(hook: string): ReadonlySet<string> {
    const rows = this.#sql.exec<{ device: string }>('SELECT device FROM beyond WHERE hook = ?', hook).toArray();
    return new Set(rows.map(({ device }) => device));
  }

  setBeyond(hook: string, device: string, isBeyond: boolean): void {
    const sql = isBeyond
      ? 'INSERT OR IGNORE INTO beyond (hook, device) VALUES (?, ?)'
      : 'DELETE FROM beyond WHERE hook = ? AND device = ?';
    this.#sql.exec(sql, hook, device);
  }

  watched(cell: string): number | null {
    const rows = this.#sql.exec<{ hour: number }>('SELECT through_hour AS hour FROM watched WHERE cell = ?', cell);
    return rows.toArray()[0]?.hour ?? null;
  }

  setWatched(cell: string, throughHour: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO watched (cell, through_hour) VALUES (?, ?)', cell, throughHour);
  }

  /** Regions that nobody watches any more: who comes next is told of hours from then on, not of old ones. */
  forgetOtherCells(cells: readonly string[]): void {
    this.#sql.exec('DELETE FROM watched WHERE cell NOT IN (SELECT value FROM json_each(?))', JSON.stringify(cells));
  }

  isExamined(hook: string, subject: string): boolean {
    return this.#sql.exec('SELECT 1 FROM examined WHERE hook = ? AND subject = ?', hook, subject).toArray().length > 0;
  }

  setExamined(hook: string, subject: string, nowMs: number): void {
    this.#sql.exec('INSERT OR IGNORE INTO examined (hook, subject, at_ms) VALUES (?, ?, ?)', hook, subject, nowMs);
  }

  purge(nowMs: number, keepExaminedMs: number): void {
    this.#sql.exec('DELETE FROM message WHERE next_ms IS NULL AND created_ms < ?', nowMs - KEEP_MESSAGES_MS);
    this.#sql.exec('DELETE FROM examined WHERE at_ms < ?', nowMs - keepExaminedMs);
  }
}

function toHook({ topic, ...row }: HookRow): Hook {
  return { ...row, topic: JSON.parse(topic) as Topic };
}
