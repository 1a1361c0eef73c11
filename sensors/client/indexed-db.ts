/**
 * A queue in a browser's IndexedDB: each append is a row of its own, written with `durability: 'strict'`. One page at a time has
 * it, by a Web Lock; browsers without those leave that to the page.
 */
import type { QueueStorage } from './storage.ts';

const ROWS = 'rows';
const ASIDE = 'aside';

/** @param name of the database: one per device */
export async function openIndexedDb(name: string): Promise<QueueStorage> {
  const { indexedDB, navigator } = globalThis as unknown as BrowserGlobals;
  const release = await lock(navigator, `isobar ${name}`);
  try {
    const opening = indexedDB.open(name, 1);
    opening.addEventListener('upgradeneeded', () => {
      for (const store of [ROWS, ASIDE]) opening.result.createObjectStore(store, { autoIncrement: true });
    });
    return new IndexedDbStorage(await answer(opening), release);
  } catch (error) {
    release();
    throw error;
  }
}

export class PageInUse extends Error {
  constructor(name: string) {
    super(`another page or worker has "${name}" open; close it first`);
  }
}

class IndexedDbStorage implements QueueStorage {
  readonly #database: Database;
  readonly #release: () => void;

  constructor(database: Database, release: () => void) {
    this.#database = database;
    this.#release = release;
  }

  async read(): Promise<Uint8Array> {
    const rows = await answer(this.#database.transaction(ROWS, 'readonly').objectStore(ROWS).getAll());
    const parts = rows.filter((row) => row instanceof Uint8Array);
    const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const part of parts) {
      whole.set(part, end);
      end += part.length;
    }
    return whole;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#write(ROWS, (rows) => rows.add(bytes));
  }

  replace(bytes: Uint8Array): Promise<void> {
    return this.#write(ROWS, (rows) => {
      rows.clear();
      rows.add(bytes);
    });
  }

  async truncate(length: number): Promise<void> {
    await this.replace((await this.read()).slice(0, length));
  }

  setAside(line: string): Promise<void> {
    return this.#write(ASIDE, (rows) => rows.add(line));
  }

  async close(): Promise<void> {
    this.#database.close();
    this.#release();
  }

  /** All or nothing, and on the disk when it resolves. */
  #write(store: string, change: (rows: Rows) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(store, 'readwrite', { durability: 'strict' });
      transaction.addEventListener('complete', () => resolve());
      transaction.addEventListener('error', () => reject(reasonOf(transaction)));
      transaction.addEventListener('abort', () => reject(reasonOf(transaction)));
      change(transaction.objectStore(store));
    });
  }
}

function answer<T>(request: Asked<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(reasonOf(request)));
  });
}

function reasonOf({ error }: { readonly error: Error | null }): Error {
  return error ?? new Error('IndexedDB gives no reason');
}

/** Held until the release; the page's end releases it, too. */
async function lock(navigator: BrowserGlobals['navigator'], name: string): Promise<() => void> {
  const { locks } = navigator;
  if (locks === undefined) return () => {};
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, (held) => {
        if (held === null) throw new PageInUse(name);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}

/** The part of lib.dom that is used here: this project's other programs must not see a browser's globals. */
type Heard = { addEventListener(name: string, listener: () => void): void; readonly error: Error | null };
type Asked<T> = Heard & { readonly result: T };
type Rows = { add(value: unknown): unknown; clear(): unknown; getAll(): Asked<readonly unknown[]> };
type Transaction = Heard & { objectStore(name: string): Rows };
type Database = {
  transaction(store: string, mode: 'readonly' | 'readwrite', options?: { readonly durability: 'strict' }): Transaction;
  createObjectStore(name: string, options: { readonly autoIncrement: true }): unknown;
  close(): void;
};
type Held = (lock: object | null) => Promise<void>;
type BrowserGlobals = {
  readonly indexedDB: { open(name: string, version: number): Asked<Database> };
  readonly navigator: {
    readonly locks?: { request(name: string, options: { readonly ifAvailable: true }, held: Held): Promise<void> };
  };
};
