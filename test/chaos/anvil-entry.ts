/**
 * The cron Worker as it ships, with one thing around it: whoever writes the n-th time dies. The Minter dies as an object
 * does (`ctx.abort`), a visit of cron by an error after which nothing of it can read or write. Only the chaos suite bundles
 * this file.
 */
import cron, { Minter as RealMinter } from '../../worker/cron/index.ts';
import type { CronBindings } from '../../worker/cron/env.ts';

type Power = { dead: boolean; cut(): void };
type Writes = Record<string, { seen: number; killed: number }>;

const WRITE = /^\s*(INSERT|UPDATE|DELETE)(?:\s+OR\s+\w+)?(?:\s+(?:INTO|FROM))?\s+(\w+)/i;
const fuse = { left: 0, kind: '', kept: false, kills: 0, count: 0 };
const writes: Writes = {};

/** True: this was the last one. */
function wrote(kind: string, power: Power): void {
  const known = (writes[kind] ??= { seen: 0, killed: 0 });
  known.seen++;
  fuse.count++;
  const counts = fuse.left > 0 && (fuse.kind === '' || fuse.kind === kind);
  if (!counts || --fuse.left > 0) return;
  known.killed++;
  fuse.kills++;
  power.dead = true;
  power.cut();
  throw new Error('killed by the chaos suite');
}

function check(power: Power): void {
  if (power.dead) throw new Error('killed by the chaos suite');
}

function kindOf(sql: string, value?: unknown): string | null {
  const found = WRITE.exec(sql);
  if (!found) return null;
  const word = typeof value === 'string' && /^[a-z-]+$/.test(value) ? value : /SET state = '(\w+)'/.exec(sql)?.[1];
  return `${found[1]?.toUpperCase() ?? ''} ${found[2] ?? ''}${word === undefined ? '' : ` ${word}`}`;
}

/** What each statement writes: D1's own do not tell. */
const kinds = new WeakMap<D1PreparedStatement, string>();

function database(db: D1Database, power: Power): D1Database {
  const wrap = (statement: D1PreparedStatement, sql: string, value?: unknown): D1PreparedStatement => {
    const kind = kindOf(sql, value);
    if (kind !== null) kinds.set(statement, kind);
    const { bind } = statement;
    statement.bind = (...values: unknown[]) => wrap(bind.apply(statement, values), sql, values[0]);
    return statement;
  };
  return {
    prepare(sql: string) {
      check(power);
      return wrap(db.prepare(sql), sql);
    },
    async batch(statements: D1PreparedStatement[]) {
      check(power);
      const results = await db.batch(statements);
      check(power);
      const kind = statements.map((statement) => kinds.get(statement)).find((found) => found !== undefined);
      if (kind) wrote(`d1: ${kind}`, power);
      return results;
    },
  } as unknown as D1Database;
}

function archive(bucket: R2Bucket, power: Power): R2Bucket {
  return {
    async get(key: string) {
      check(power);
      return await bucket.get(key);
    },
    async put(key: string, text: string, options: R2PutOptions) {
      check(power);
      const put = await bucket.put(key, text, options);
      wrote(`r2: put ${key.startsWith('usage/') ? 'usage' : 'report'}`, power);
      return put;
    },
  } as unknown as R2Bucket;
}

/** The power of the object that lives now: what it sends over the wire is a write, too. */
let minterPower: Power = { dead: false, cut: () => undefined };
const realFetch = globalThis.fetch;
globalThis.fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  const sends = typeof init?.body === 'string' && init.body.includes('eth_sendRawTransaction');
  const power = minterPower;
  if (sends) check(power);
  const response = await realFetch(input, init);
  if (sends) wrote('chain: send', power);
  return response;
};

export class Minter extends RealMinter {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState, env: CronBindings) {
    const power: Power = {
      dead: false,
      cut() {
        // Either the last write is on the disk, or power failed before it got there.
        if (fuse.kept) void ctx.storage.sync().then(() => ctx.abort('killed by the chaos suite'));
        else ctx.abort('killed by the chaos suite');
      },
    };
    const { sql } = ctx.storage;
    const exec = sql.exec.bind(sql);
    sql.exec = <T extends Record<string, SqlStorageValue>>(query: string, ...values: unknown[]) => {
      check(power);
      const cursor = exec<T>(query, ...values);
      const kind = kindOf(query, values[0]);
      if (kind !== null) wrote(`minter: ${kind}`, power);
      return cursor;
    };
    minterPower = power;
    super(ctx, { ...env, DB: database(env.DB, power), ARCHIVE: archive(env.ARCHIVE, power) });
    this.#ctx = ctx;
  }

  /** Bytes that are stored, oldest first. */
  stored(): readonly { readonly nonce: number; readonly raw: string }[] {
    return this.#ctx.storage.sql
      .exec<{ nonce: number; raw: string }>('SELECT nonce, raw FROM tx_attempt ORDER BY rowid')
      .toArray();
  }

  async forgetAll(): Promise<void> {
    await this.#ctx.storage.deleteAll();
    await this.#ctx.storage.sync();
    this.#ctx.abort('begins anew');
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const { kills, count } = fuse;
    const left = Number(searchParams.get('left'));
    const kept = searchParams.get('kept') === '1';
    Object.assign(fuse, { left, kind: searchParams.get('kind') ?? '', kept, kills: 0, count: 0 });
    return Response.json({ kills, count, writes });
  },

  async scheduled(controller, env) {
    const power: Power = { dead: false, cut: () => undefined };
    const stub = (name: string) => {
      check(power);
      return env.MINTER.getByName(name);
    };
    const MINTER = { getByName: stub } as unknown as CronBindings['MINTER'];
    const own = { ...env, DB: database(env.DB, power), ARCHIVE: archive(env.ARCHIVE, power), MINTER };
    await cron.scheduled(controller, own);
    check(power);
  },
} satisfies ExportedHandler<CronBindings>;
