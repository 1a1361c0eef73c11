/** The platform in this process: a cron handler, one Minter object that dies and comes back, and their storage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Minter, MinterReport } from '../../durable-objects/minter/minter.ts';
import { ROOT } from '../../scripts/lib/files.ts';
import type { CronBindings } from '../../worker/cron/env.ts';
import { type CronCode, modelsOfThisProcess } from './build-cron.ts';
import { type Crash, type Fuse, Killed, Life } from './fuse.ts';
import type { ModelChain, Transaction } from './model-chain.ts';
import { callOf, type Hex, modelDistributorReader, modelMinterChain, Wire } from './model-rpc.ts';
import { type Access, d1, objectStorage, r2, Sqlite } from './model-storage.ts';
import type { TickFaults, TickOutcome } from './network.ts';
import type { Random } from './random.ts';
import { TREASURY } from './seed-rows.ts';

const TABLES = readFileSync(join(ROOT, 'schema/d1/migrations/0000_initial.sql'), 'utf8').replaceAll(
  '--> statement-breakpoint',
  '',
);
const NOBODY = `0x${'11'.repeat(20)}`;

const models: Map<string, unknown> = modelsOfThisProcess();
models.set('calls', { callOf });
let made = 0;
/** Databases of networks that are done with. */
const spare: { readonly database: Sqlite; readonly storage: Sqlite }[] = [];

export class ModelPlatform {
  readonly database: Sqlite;
  readonly objects = new Map<string, string>();
  readonly fuse: Fuse;
  readonly wire: Wire;
  /** What escaped from a run that nobody killed. */
  readonly errors: string[] = [];
  readonly #storage: Sqlite;
  readonly #code: CronCode;
  readonly #url = `model:${++made}`;
  readonly #pause: () => Promise<void>;
  #minter: { readonly life: Life; readonly object: Minter } | null = null;
  /** Whose code is being started. */
  #starting = new Life();

  constructor(code: CronCode, chain: ModelChain, fuse: Fuse, random: Random, onSend: (sent: Transaction) => void) {
    const { database, storage } = spare.pop() ?? newDatabases();
    this.database = database;
    this.#storage = storage;
    this.#code = code;
    this.fuse = fuse;
    this.#pause = async () => {
      for (let turns = random.below(3); turns > 0; turns--) await Promise.resolve();
    };
    this.wire = new Wire(chain, fuse, this.#pause, onSend);
    models.set(this.#url, {
      minterChain: () => modelMinterChain(this.wire, this.#starting),
      distributorReader: () => modelDistributorReader(this.wire, this.#starting),
    });
  }

  async tick(nowMs: number, faults: TickFaults, meanwhile: () => void): Promise<TickOutcome> {
    this.wire.start(faults);
    this.fuse.arm(faults.crash ?? null);
    const runs = Array.from({ length: faults.runs ?? 1 }, () => this.#run(nowMs));
    await Promise.all([...runs, faults.mines ? this.#later(meanwhile) : null]);
    const { kills, count } = this.fuse;
    this.fuse.arm(null);
    const { lost, failed } = this.wire;
    this.wire.start({});
    return { killed: kills, lost, failed, writes: count };
  }

  async #later(task: () => void): Promise<void> {
    for (let n = 0; n < 3; n++) {
      for (let turns = 0; turns < 12; turns++) await this.#pause();
      task();
    }
  }

  async #run(nowMs: number): Promise<void> {
    const life = new Life();
    const access: Access = { life, fuse: this.fuse, pause: this.#pause };
    const env = this.#bindings(access);
    this.#starting = life;
    try {
      await this.#code.default.scheduled({ scheduledTime: nowMs }, env);
    } catch (error) {
      if (!(error instanceof Killed)) this.errors.push(String(error));
    }
  }

  #bindings(access: Access): CronBindings {
    const { life } = access;
    return {
      DB: d1(this.database, access),
      ARCHIVE: r2(this.objects, access),
      RULES: 'main',
      CHAIN_ID: '10',
      RPC_URL: this.#url,
      DISTRIBUTOR_ADDRESS: NOBODY,
      TREASURY_ADDRESS: TREASURY,
      MAX_TRANSACTION_FEE_WEI: '10000000000000000',
      COMMITTER_PRIVATE_KEY: `0x${'1'.repeat(64)}`,
      MINTER: { getByName: () => this.#stub(life) },
    } as unknown as CronBindings;
  }

  /** Every call may find another object behind the name than the one before. */
  #stub(caller: Life): unknown {
    const call = async (method: string, values: readonly unknown[]): Promise<unknown> => {
      caller.check();
      await this.#pause();
      const object = this.#live() as unknown as Record<string, (...values: readonly unknown[]) => unknown>;
      const answer = await object[method]?.(...values);
      caller.check();
      return answer;
    };
    return new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...values: readonly unknown[]) =>
            call(String(method), values),
      },
    );
  }

  #live(): Minter {
    if (this.#minter && !this.#minter.life.isDead) return this.#minter.object;
    const life = new Life();
    const access: Access = { life, fuse: this.fuse, pause: this.#pause };
    const ctx = { storage: objectStorage(this.#storage, access, 'minter') } as unknown as DurableObjectState;
    this.#starting = life;
    const object = new this.#code.Minter(ctx, this.#bindings(access));
    this.#minter = { life, object };
    return object;
  }

  /** The operator has looked at it. */
  async resume(nowMs: number, crash: Crash | null): Promise<boolean> {
    this.fuse.arm(crash);
    await this.#live()
      .resume(nowMs)
      .catch((error: unknown) => {
        if (!(error instanceof Killed)) this.errors.push(String(error));
      });
    const { kills } = this.fuse;
    this.fuse.arm(null);
    return kills > 0;
  }

  status(): MinterReport {
    return this.#live().status();
  }

  /** Whether these bytes are in the Minter's storage now. */
  isStored(raw: string): boolean {
    return this.#storage.all('SELECT 1 FROM tx_attempt WHERE raw = ?', [raw]).length > 0;
  }

  /** Bytes that a better price has replaced, oldest first. */
  replaced(): readonly Hex[] {
    this.#live();
    return this.#storage
      .all(
        `SELECT raw FROM tx_attempt AS a WHERE EXISTS (
           SELECT 1 FROM tx_attempt AS b WHERE b.nonce = a.nonce AND b.rowid > a.rowid) ORDER BY rowid`,
      )
      .map((row) => row['raw'] as Hex);
  }

  close(): void {
    models.delete(this.#url);
    this.database.wipe();
    this.#storage.wipe();
    spare.push({ database: this.database, storage: this.#storage });
  }
}

function newDatabases() {
  const database = new Sqlite();
  database.script(TABLES);
  return { database, storage: new Sqlite() };
}
