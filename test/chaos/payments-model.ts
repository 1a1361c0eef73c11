/**
 * The Settler's own code (object, cashier, ledger, transaction table) on a model of its platform; only its facilitator,
 * which speaks x402 and JSON-RPC, is replaced by one over a model chain that keeps to the same table. Buyers pay, lose
 * connections, ask again; whoever was charged gets the answer, and nobody is charged twice.
 */
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  OpenReply,
  Outcome,
  PaymentClaim,
  PaymentKey,
  SettlerBindings,
} from '../../durable-objects/settler/api.ts';
import type { Settler } from '../../durable-objects/settler/settler.ts';
import type { TransactionStore } from '../../durable-objects/settler/transaction-store.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import { modelsOfThisProcess, sources } from './build-cron.ts';
import { Fuse, Killed, Life } from './fuse.ts';
import { objectStorage, Sqlite } from './model-storage.ts';
import type { Edit } from './plants.ts';
import { randomOf, type Random } from './random.ts';

export type SettlerCode = { readonly Settler: new (ctx: DurableObjectState, env: SettlerBindings) => Settler };

const CLOCK = 'isobarChaosNow';

export async function loadSettler(edits: readonly Edit[] = []): Promise<SettlerCode> {
  const folder = mkdtempSync(join(tmpdir(), 'isobar-chaos-'));
  const outfile = join(folder, 'settler.mjs');
  try {
    await build({
      entryPoints: [join(ROOT, 'durable-objects/settler/settler.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
      // Leases and alarms are minutes long: the schedule's clock says what time it is.
      define: { 'Date.now': CLOCK },
      plugins: [sources(edits)],
    });
    return (await import(pathToFileURL(outfile).href)) as SettlerCode;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Sent = { readonly nonce: number; readonly payment: string };
type Payload = { readonly payload: { readonly payment: PaymentKey } };
type Store = TransactionStore;

const nameOf = ({ payer, nonce }: PaymentKey): string => `${payer} ${nonce}`;
let made = 0;

export class PaymentsModel {
  readonly wrongs: string[] = [];
  readonly fuse = new Fuse();
  readonly #random: Random;
  readonly #code: SettlerCode;
  readonly #db = new Sqlite();
  readonly #url = `payments:${++made}`;
  readonly #pool = new Map<number, Sent>();
  /** Payments by how often they were charged. */
  readonly #charged = new Map<string, number>();
  readonly #answers = new Map<string, string>();
  #count = 0;
  #mined = new Set<string>();
  #nowMs = 1_800_000_000_000;
  #alarmMs: number | null = null;
  #alive: { readonly life: Life; readonly object: Settler } | null = null;
  #down = false;
  #asked = 0;

  constructor(code: SettlerCode, seed: number) {
    this.#code = code;
    this.#random = randomOf(seed);
  }

  #pause = async (): Promise<void> => {
    for (let turns = this.#random.below(3); turns > 0; turns--) await Promise.resolve();
  };

  #live(): Settler {
    if (this.#alive && !this.#alive.life.isDead) return this.#alive.object;
    const life = new Life();
    const storage = objectStorage(this.#db, { life, fuse: this.fuse, pause: this.#pause }, 'settler');
    Object.assign(storage, {
      getAlarm: () => Promise.resolve(this.#alarmMs),
      setAlarm: (ms: number) => Promise.resolve(void (this.#alarmMs = ms)),
    });
    modelsOfThisProcess().set(this.#url, {
      facilitator: (_ledger: unknown, store: Store) => this.#facilitator(life, store),
    });
    const ACCOUNT = {} as SettlerBindings['ACCOUNT'];
    const env: SettlerBindings = { CHAIN_ID: '10', RPC_URL: this.#url, SETTLER_PRIVATE_KEY: '', ACCOUNT };
    const object = new this.#code.Settler({ storage } as unknown as DurableObjectState, env);
    this.#alive = { life, object };
    return object;
  }

  #facilitator(life: Life, store: Store) {
    const ask = async (): Promise<void> => {
      await this.#pause();
      life.check();
      if (this.#down) throw new Error('the chain does not answer');
    };
    const send = (nonce: number, payment: string): void => {
      if (nonce >= this.#count && !this.#pool.has(nonce)) this.#pool.set(nonce, { nonce, payment });
      this.fuse.wrote('chain: send', life);
    };
    return {
      verify: async ({ payload }: Payload) => {
        await ask();
        const isUsed = this.#charged.has(nameOf(payload.payment));
        return isUsed ? { isValid: false, invalidReason: 'the authorization is used' } : { isValid: true };
      },
      settle: async ({ payload: { payment } }: Payload) => {
        await ask();
        const name = nameOf(payment);
        let hash = store.hashOf(payment);
        if (hash === null && this.#charged.has(name)) return { success: false, errorReason: 'used', transaction: '' };
        if (hash === null) {
          const nonce = store.nextChainNonce(this.#count);
          hash = `0x${nonce.toString(16)}`;
          const fees = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
          store.add(nonce, payment, { hash, raw: hash, ...fees, createdMs: this.#nowMs });
        }
        for (const { chainNonce, payment: waiting } of store.unmined(this.#count)) send(chainNonce, nameOf(waiting));
        if (this.#random.below(3) > 0) this.mine();
        await ask();
        if (!this.#mined.has(hash)) return { success: false, errorReason: 'settlement_pending', transaction: hash };
        return { success: true, transaction: hash, network: 'eip155:10' };
      },
    };
  }

  mine(): void {
    for (let next = this.#pool.get(this.#count); next; next = this.#pool.get(this.#count)) {
      this.#pool.delete(this.#count++);
      this.#mined.add(`0x${next.nonce.toString(16)}`);
      this.#charged.set(next.payment, (this.#charged.get(next.payment) ?? 0) + 1);
    }
  }

  /** The pool forgets what waits. */
  drop(): void {
    this.#pool.clear();
  }

  #claimOf(n: number): PaymentClaim {
    const payment: PaymentKey = { payer: `0x${n}`, nonce: `0x${n}` };
    const payload = { payload: { signature: `0x${n}`, payment }, accepted: { amount: '1' } };
    const validBeforeSeconds = this.#nowMs / 1000 + 300;
    return {
      ...payment,
      query: 'q',
      headerHash: `h${n}`,
      offered: true,
      payload: JSON.stringify(payload),
      validBeforeSeconds,
    };
  }

  /** One request of buyer n; true: it brought the answer. */
  async buy(n: number): Promise<boolean> {
    const claim = this.#claimOf(n);
    const reply = await this.#call((settler) => settler.open(claim));
    const answer = { contentType: 'text/plain', body: `${n}: ${++this.#asked}`, served: [] };
    const outcome = reply?.status === 'verified' ? await this.#call((settler) => settler.settle(claim, answer)) : reply;
    if (outcome === null) return false;
    if (outcome.status === 'refused' && this.#charged.has(nameOf(claim)))
      this.wrongs.push(`buyer ${n} was charged and refused: ${outcome.detail}`);
    if (outcome.status !== 'settled') return false;
    if (!this.#charged.has(nameOf(claim))) this.wrongs.push(`buyer ${n} got an answer without being charged`);
    const first = this.#answers.get(nameOf(claim)) ?? String(outcome.answer.body);
    if (first !== String(outcome.answer.body)) this.wrongs.push(`buyer ${n} got two answers for one payment`);
    this.#answers.set(nameOf(claim), first);
    return true;
  }

  /** Null: whoever was asked died, or the connection was lost with it. */
  async #call<T extends OpenReply | Outcome | void>(ask: (settler: Settler) => Promise<T>): Promise<T | null> {
    Object.assign(globalThis, { [CLOCK]: () => this.#nowMs });
    try {
      return await ask(this.#live());
    } catch (error) {
      if (!(error instanceof Killed)) this.wrongs.push(`a call ended with ${String(error)}`);
      return null;
    }
  }

  setDown(down: boolean): void {
    this.#down = down;
  }

  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    if (this.#alarmMs === null || this.#alarmMs > this.#nowMs) return;
    this.#alarmMs = null;
    await this.#call((settler) => settler.alarm());
    // The platform repeats an alarm that failed.
    this.#alarmMs ??= this.#nowMs + 10_000;
  }

  charges(): readonly number[] {
    return [...this.#charged.values()];
  }

  close(): void {
    modelsOfThisProcess().delete(this.#url);
  }
}

const BUYERS = 6;

/** @return what was wrong, and how many faults took effect */
export async function runPayments(code: SettlerCode, seed: number) {
  const model = new PaymentsModel(code, seed);
  const random = randomOf(seed ^ 0xbeef);
  const got = new Set<number>();
  const faults: string[] = [];
  const buy = async (n: number): Promise<void> => {
    if (await model.buy(n)) got.add(n);
  };
  for (
    let step = 0;
    (faults.length < 3 + (seed % 4) || got.size < 2) && step < 100 && model.wrongs.length === 0;
    step++
  ) {
    const n = random.below(BUYERS);
    switch (random.below(6)) {
      case 0:
        model.fuse.arm({ kind: null, writes: 1 + random.below(6) });
        await buy(n);
        if (model.fuse.kills > 0) faults.push('crash after a write');
        model.fuse.arm(null);
        break;
      case 1:
        await Promise.all([buy(n), buy(n), buy(random.below(BUYERS))]);
        faults.push('the same payment twice at once');
        break;
      case 2:
        model.setDown(true);
        await buy(n);
        model.setDown(false);
        faults.push('chain does not answer');
        break;
      case 3:
        model.drop();
        faults.push('transactions dropped');
        break;
      case 4:
        await model.pass(random.pick([1000, 12_000, 40_000]));
        model.mine();
        break;
      default:
        await buy(n);
    }
  }
  for (let round = 0; round < 20 && got.size < BUYERS && model.wrongs.length === 0; round++) {
    for (let n = 0; n < BUYERS; n++) if (!got.has(n)) await buy(n);
    model.mine();
    await model.pass(40_000);
  }
  if (model.wrongs.length === 0 && got.size < BUYERS)
    model.wrongs.push(`only ${got.size} of ${BUYERS} buyers got an answer`);
  const double = model.charges().filter((times) => times > 1).length;
  if (double > 0) model.wrongs.push(`${double} buyers were charged twice`);
  model.close();
  return { wrongs: model.wrongs, faults, payments: got.size };
}
