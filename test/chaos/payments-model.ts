/**
 * The Settler's own code (object, cashier, ledger, transaction table) on a model of its platform; only its facilitator,
 * which speaks x402 and JSON-RPC, is replaced by one over a model chain that keeps to the same table. Buyers pay, lose
 * connections, ask again; whoever was charged gets the answer, nobody is charged twice, and every charge that the chain
 * keeps is counted by one epoch, whatever becomes of objects, blocks and the database.
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
import { PaymentsChain } from './payments-chain.ts';
import { d1, objectStorage, Sqlite } from './model-storage.ts';
import { SalesModel } from './sales-model.ts';
import type { Edit } from '../support/planted.ts';
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
      // Of chains that do not answer.
      drop: ['console'],
      plugins: [sources(edits)],
    });
    return (await import(pathToFileURL(outfile).href)) as SettlerCode;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Payload = { readonly payload: { readonly payment: PaymentKey } };
type Store = TransactionStore;

const nameOf = ({ payer, nonce }: PaymentKey): string => `${payer} ${nonce}`;
const AMOUNT = 1000;
const servedBy = (n: number) => [{ device: `did:key:z6Mk${n}`, units: n + 1 }];
let made = 0;

export class PaymentsModel {
  readonly wrongs: string[] = [];
  readonly fuse = new Fuse();
  readonly #random: Random;
  readonly #code: SettlerCode;
  readonly #db = new Sqlite();
  readonly #url = `payments:${++made}`;
  readonly #chain = new PaymentsChain();
  readonly #sales = new SalesModel();
  readonly #answers = new Map<string, string>();
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
    const DB = d1(this.#sales.database, { life, fuse: this.fuse, pause: this.#pause });
    // Nobody tops up here; credits.test.ts does.
    const ACCOUNT = {} as SettlerBindings['ACCOUNT'];
    const env: SettlerBindings = { DB, CHAIN_ID: '10', RPC_URL: this.#url, SETTLER_PRIVATE_KEY: '', ACCOUNT };
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
    const chain = this.#chain;
    const send = (nonce: number, payment: string): void => {
      chain.send(nonce, payment);
      this.fuse.wrote('chain: send', life);
    };
    return {
      verify: async ({ payload }: Payload) => {
        await ask();
        const isUsed = chain.isCharged(nameOf(payload.payment));
        return isUsed ? { isValid: false, invalidReason: 'the authorization is used' } : { isValid: true };
      },
      settle: async ({ payload: { payment } }: Payload) => {
        await ask();
        const name = nameOf(payment);
        let hash = store.hashOf(payment);
        if (hash === null && chain.isCharged(name))
          return { success: false, errorReason: 'used', transaction: '', block: null };
        if (hash === null) {
          const nonce = store.nextChainNonce(chain.count);
          hash = chain.hashOf(nonce);
          const fees = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
          store.add(nonce, payment, { hash, raw: hash, ...fees, createdMs: this.#nowMs });
        }
        for (const { chainNonce, payment: waiting } of store.unmined(chain.count)) send(chainNonce, nameOf(waiting));
        if (this.#random.below(3) > 0) this.mine();
        await ask();
        const block = chain.blockOf(hash);
        if (block === null) return { success: false, errorReason: 'settlement_pending', transaction: hash, block };
        return { success: true, transaction: hash, network: 'eip155:10', block };
      },
      look: async (numbers: readonly number[]) => {
        await ask();
        return chain.look(numbers);
      },
    };
  }

  mine(): void {
    this.#chain.mine(Math.floor(this.#nowMs / 1000));
  }

  /** The pool forgets what waits. */
  drop(): void {
    this.#chain.drop();
  }

  /** True: it took payments with it. */
  reorganize(depth: number, keep: boolean): boolean {
    return this.#chain.reorganize(depth, keep);
  }

  /** True: there were rows to lose. */
  loseDatabase(): boolean {
    return this.#sales.lose();
  }

  countSales(): void {
    this.wrongs.push(...this.#sales.count(this.#chain.finalCharges()));
  }

  /** Every payment that the chain keeps, and nothing else, was counted. */
  judgeSales(): void {
    this.wrongs.push(...this.#sales.judge(this.#chain.charges()));
  }

  #claimOf(n: number): PaymentClaim {
    const payment: PaymentKey = { payer: `0x${n}`, nonce: `0x${n}` };
    const payload = { payload: { signature: `0x${n}`, payment }, accepted: { amount: String(AMOUNT) } };
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
    const answer = { contentType: 'text/plain', body: `${n}: ${++this.#asked}`, served: servedBy(n) };
    const outcome = reply?.status === 'verified' ? await this.#call((settler) => settler.settle(claim, answer)) : reply;
    if (outcome === null) return false;
    if (outcome.status === 'refused' && this.#chain.isCharged(nameOf(claim)))
      this.wrongs.push(`buyer ${n} was charged and refused: ${outcome.detail}`);
    if (outcome.status !== 'settled') return false;
    // A reorganization may have taken the charge away again; the calm at the end brings it back.
    if (!this.#chain.wasCharged(nameOf(claim))) this.wrongs.push(`buyer ${n} got an answer without being charged`);
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
    return [...this.#chain.charges().values()];
  }

  close(): void {
    modelsOfThisProcess().delete(this.#url);
  }
}

const BUYERS = 6;
/** A sale is paid, mined, final and counted: faults have to come in between. */
const LEAST_STEPS = 25;

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
    (faults.length < 3 + (seed % 4) || got.size < 2 || step < LEAST_STEPS) && step < 100 && model.wrongs.length === 0;
    step++
  ) {
    const n = random.below(BUYERS);
    switch (random.below(12)) {
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
        if (model.reorganize(1 + random.below(2), random.below(2) === 0)) faults.push('settlements reorganized out');
        break;
      case 5:
        if (model.loseDatabase()) faults.push('database lost');
        break;
      case 6:
        model.countSales();
        break;
      case 7:
      case 8:
      case 9:
        model.fuse.arm(random.below(2) === 0 ? { kind: null, writes: 1 + random.below(6) } : null);
        await model.pass(random.pick([1000, 12_000, 40_000]));
        if (model.fuse.kills > 0) faults.push('crash after a write');
        model.fuse.arm(null);
        if (random.below(2) === 0) model.mine();
        break;
      default:
        await buy(n);
    }
  }
  for (let round = 0; round < 20 && model.wrongs.length === 0; round++) {
    for (let n = 0; n < BUYERS; n++) if (!got.has(n)) await buy(n);
    model.mine();
    await model.pass(40_000);
    // What was lost is asked for once an hour.
    if (round % 8 === 7) await model.pass(3_700_000);
  }
  model.countSales();
  if (model.wrongs.length === 0) model.judgeSales();
  if (model.wrongs.length === 0 && got.size < BUYERS)
    model.wrongs.push(`only ${got.size} of ${BUYERS} buyers got an answer`);
  const double = model.charges().filter((times) => times > 1).length;
  if (double > 0) model.wrongs.push(`${double} buyers were charged twice`);
  model.close();
  return { wrongs: model.wrongs, faults, payments: got.size };
}
