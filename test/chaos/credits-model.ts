/**
 * The Settler's and the account's own code on a model of their platform and of a chain, each killed after the n-th write of
 * whoever writes it. What they keep survives, nothing else does.
 */
import { build } from 'esbuild';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AccountApi } from '../../durable-objects/account/api.ts';
import type { AccountBindings } from '../../durable-objects/account/account.ts';
import type { PaymentKey, SettlerApi, SettlerBindings } from '../../durable-objects/settler/api.ts';
import type { TransactionStore } from '../../durable-objects/settler/transaction-store.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import { modelsOfThisProcess, sources } from './build-cron.ts';
import { Fuse, Life } from './fuse.ts';
import { d1, objectStorage, Sqlite } from './model-storage.ts';
import type { Edit } from '../support/planted.ts';

type WithAlarm<T> = T & { alarm(): Promise<void> };
type Made<T, Env> = new (ctx: DurableObjectState, env: Env) => WithAlarm<T>;
export type CreditsCode = {
  readonly Settler: Made<SettlerApi, SettlerBindings>;
  readonly Account: Made<AccountApi, AccountBindings>;
};

const CLOCK = 'isobarCreditsNow';
const MIGRATION = 'schema/d1/migrations/0000_initial.sql';
const BLOCK = { number: 7, hash: '0x07' };

export async function loadCredits(edits: readonly Edit[] = []): Promise<CreditsCode> {
  const folder = mkdtempSync(join(tmpdir(), 'isobar-chaos-'));
  const outfile = join(folder, 'credits.mjs');
  const contents = ['settler/settler.ts', 'account/account.ts'].map(
    (file) => `export * from './durable-objects/${file}';`,
  );
  try {
    await build({
      stdin: { contents: contents.join('\n'), resolveDir: ROOT },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
      // Leases and alarms are minutes long: the model says what time it is.
      define: { 'Date.now': CLOCK },
      plugins: [sources(edits)],
    });
    return (await import(pathToFileURL(outfile).href)) as CreditsCode;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Payload = { readonly payload: { readonly payment: PaymentKey } };
let made = 0;

/** One object: its database, its alarm, and whichever life of it is the present one. */
class Seat<T> {
  readonly db = new Sqlite();
  readonly #make: (life: Life, storage: DurableObjectStorage) => WithAlarm<T>;
  readonly #fuse: Fuse;
  readonly #name: string;
  alarmMs: number | null = null;
  #alive: { readonly life: Life; readonly object: WithAlarm<T> } | null = null;

  constructor(name: string, fuse: Fuse, make: (life: Life, storage: DurableObjectStorage) => WithAlarm<T>) {
    this.#name = name;
    this.#fuse = fuse;
    this.#make = make;
  }

  get object(): WithAlarm<T> {
    if (this.#alive === null || this.#alive.life.isDead) {
      const life = new Life();
      const storage = objectStorage(this.db, { life, fuse: this.#fuse, pause: () => Promise.resolve() }, this.#name);
      Object.assign(storage, {
        getAlarm: () => Promise.resolve(this.alarmMs),
        setAlarm: (ms: number) => Promise.resolve(void (this.alarmMs = ms)),
      });
      this.#alive = { life, object: this.#make(life, storage) };
    }
    return this.#alive.object;
  }
}

export class CreditsModel {
  readonly fuse = new Fuse();
  readonly charged: string[] = [];
  readonly database = new Sqlite();
  readonly settler: Seat<SettlerApi>;
  readonly account: Seat<AccountApi>;
  isFinal = false;
  #nowMs = Date.parse('2026-11-23T10:00:00Z');

  constructor(code: CreditsCode) {
    const url = `credits:${++made}`;
    this.database.script(readFileSync(join(ROOT, MIGRATION), 'utf8'));
    Object.assign(globalThis, { [CLOCK]: () => this.#nowMs });
    const context = (storage: DurableObjectStorage) => ({ storage }) as unknown as DurableObjectState;
    const dbOf = (life: Life) => d1(this.database, { life, fuse: this.fuse, pause: () => Promise.resolve() });
    this.account = new Seat('account', this.fuse, (life, storage) => {
      return new code.Account(context(storage), { DB: dbOf(life) });
    });
    this.settler = new Seat('settler', this.fuse, (life, storage) => {
      modelsOfThisProcess().set(url, {
        facilitator: (_: unknown, store: TransactionStore) => this.#facilitator(life, store),
      });
      const ACCOUNT = { getByName: () => this.account.object } as unknown as SettlerBindings['ACCOUNT'];
      const env = { DB: dbOf(life), CHAIN_ID: '10', RPC_URL: url, SETTLER_PRIVATE_KEY: '', ACCOUNT };
      return new code.Settler(context(storage), env);
    });
  }

  /** Everything is mined at once. */
  #facilitator(life: Life, store: TransactionStore) {
    return {
      verify: ({ payload }: Payload) => Promise.resolve({ isValid: !this.charged.includes(payload.payment.nonce) }),
      settle: ({ payload: { payment } }: Payload) => {
        life.check();
        const fees = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
        const isKnown = store.hashOf(payment) !== null;
        if (!isKnown) store.add(0, payment, { hash: '0x0a', raw: '0x0a', ...fees, createdMs: this.#nowMs });
        if (!this.charged.includes(payment.nonce)) this.charged.push(payment.nonce);
        this.fuse.wrote('chain: send', life);
        return Promise.resolve({ success: true, transaction: '0x0a', network: 'eip155:10', block: BLOCK });
      },
      look: () =>
        Promise.resolve({
          finalized: this.isFinal ? BLOCK.number : 0,
          blocks: new Map([[BLOCK.number, { ...BLOCK, timestampSeconds: Math.floor(this.#nowMs / 1000) }]]),
        }),
    };
  }

  /** Alarms that are due; the platform repeats one that failed. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const seat of [this.settler, this.account]) {
      if (seat.alarmMs === null || seat.alarmMs > this.#nowMs) continue;
      seat.alarmMs = null;
      const rang = await seat.object.alarm().then(
        () => true,
        () => false,
      );
      if (!rang) seat.alarmMs ??= this.#nowMs;
    }
  }
}
