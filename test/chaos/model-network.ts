/** A whole network in this process: the cron Worker's code on a model platform and a model chain, seeded from one number. */
import { mintData } from '../../durable-objects/minter/calldata.ts';
import { batchesOfReport, hashReport, reportKey } from '../../core/reward/report.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { epochOf, epochStartMs } from '../../core/time.ts';
import type { CronCode } from './build-cron.ts';
import type { Crash, Fuse } from './fuse.ts';
import { BASE_FEE, ModelChain } from './model-chain.ts';
import { ModelPlatform } from './model-platform.ts';
import { parse } from './model-rpc.ts';
import type {
  Dropped,
  EpochStanding,
  Network,
  SaleStanding,
  Standing,
  Tampering,
  TickFaults,
  TickOutcome,
} from './network.ts';
import { randomOf } from './random.ts';
import { closedHours, deviceDays, ownersOf, regionRow, saleRows } from './seed-rows.ts';
import { LOST_ROWS, ALTER_PAYOUTS, tampered } from './tamper.ts';
import { SendWatch } from './watch.ts';

const RULES = MAIN_RULES.time;
const FIRST_EPOCH = 20_000;
/** As on the real network. */
const DELAY_SECONDS = 3 * 3600;
const BLOCK_SECONDS = 2;
/** Past the hour's close, so that the epochs before today are closable. */
const STARTS_MS = 20 * 60_000;

export class ModelNetwork implements Network {
  readonly #watch: SendWatch;
  readonly #chain: ModelChain;
  readonly #platform: ModelPlatform;
  readonly #seed: number;
  readonly #guarded: boolean;
  readonly #owners: readonly string[];
  readonly #reports = new Map<number, string>();
  /** What the archive held when it was last looked at. */
  readonly #seen = new Map<string, string>();
  readonly #undo: (() => void)[] = [];
  #nowMs: number;
  #skewSeconds = 0;
  #seededTo = FIRST_EPOCH;
  #foreign = 0;
  #closedThrough: string | number | undefined;

  /** @param watched false: only what comes of it is judged, not what is sent */
  constructor(code: CronCode, seed: number, fuse: Fuse, watched = true) {
    const random = randomOf(seed);
    this.#seed = seed;
    this.#guarded = random.below(2) === 0;
    this.#owners = ownersOf(seed);
    this.#nowMs = epochStartMs(FIRST_EPOCH + 1 + random.below(3), RULES) + STARTS_MS;
    this.#chain = new ModelChain({
      firstEpoch: FIRST_EPOCH,
      epochSeconds: RULES.epochSeconds,
      delaySeconds: DELAY_SECONDS,
      guarded: this.#guarded,
      seconds: this.#nowMs / 1000 - 60,
    });
    for (let n = 0; n < 6; n++) this.#chain.mine(this.#nowMs / 1000 - 30);
    this.#watch = new SendWatch({
      reportOf: (epoch) => this.#reports.get(epoch),
      isStored: (raw) => this.#platform.isStored(raw),
      isUsedUp: (nonce, data) => this.#isUsedUp(nonce, data),
    });
    this.#platform = new ModelPlatform(code, this.#chain, fuse, random, ({ nonce, data, raw }) => {
      if (watched && data !== null) void this.#watch.sent({ nonce, data, raw });
    });
    this.#execute([regionRow(FIRST_EPOCH, RULES)]);
    this.#pass(0);
  }

  get wrongs(): readonly string[] {
    return this.#watch.wrongs;
  }

  async tick(faults: TickFaults = {}): Promise<TickOutcome> {
    const outcome = await this.#platform.tick(this.#nowMs + this.#skewSeconds * 1000, faults, () => this.#mineOne());
    for (const [key, text] of this.#platform.objects) this.#remember(key, text);
    for (const error of this.#platform.errors.splice(0)) this.#watch.wrongs.push(`a run ended with ${error}`);
    return outcome;
  }

  /** Reports are remembered before anybody can change them. */
  #remember(key: string, text: string): void {
    if (this.#seen.get(key) === text || key.startsWith('usage/')) return;
    const { epoch } = JSON.parse(text) as { epoch: number };
    if (this.#watch.isChanged(epoch)) return;
    this.#seen.set(key, text);
    const known = this.#reports.get(epoch);
    if (known === undefined) this.#reports.set(epoch, text);
    else if (known !== text) this.#watch.wrongs.push(`epoch ${epoch} has a second report, ${key}`);
  }

  mine(blocks: number, seconds: number): Promise<void> {
    this.#pass(seconds);
    for (let n = 0; n < blocks; n++) this.#mineOne();
    return Promise.resolve();
  }

  #mineOne(): void {
    this.#pass(BLOCK_SECONDS);
    this.#chain.mine(Math.floor(this.#nowMs / 1000));
  }

  wait(seconds: number): Promise<void> {
    this.#pass(seconds);
    return Promise.resolve();
  }

  #pass(seconds: number): void {
    this.#nowMs += seconds * 1000;
    for (; this.#seededTo < epochOf(this.#nowMs, RULES); this.#seededTo++) {
      const isFirst = this.#seededTo === FIRST_EPOCH;
      this.#execute(deviceDays(this.#seededTo, isFirst, this.#owners, this.#seed));
      this.#execute(saleRows(this.#seededTo, isFirst, this.#seed, RULES));
    }
    const [closedThrough] = closedHours(this.#nowMs, RULES).values;
    if (closedThrough === this.#closedThrough) return;
    this.#closedThrough = closedThrough;
    this.#execute([closedHours(this.#nowMs, RULES)]);
  }

  #execute(statements: readonly { readonly sql: string; readonly values: readonly unknown[] }[]): void {
    for (const { sql, values } of statements) this.#platform.database.all(sql, values);
  }

  skew(seconds: number): void {
    this.#skewSeconds = seconds;
  }

  drop(n: number): Promise<boolean> {
    const nonces = [...this.#chain.pool.keys()];
    const nonce = nonces[n % nonces.length];
    return Promise.resolve(nonce !== undefined && this.#chain.pool.delete(nonce));
  }

  revive(n: number): Promise<boolean> {
    const open = this.#platform.replaced().map(parse);
    const waiting = open.filter(({ nonce }) => nonce >= this.#chain.latest.nonce);
    const old = waiting[n % waiting.length];
    if (old) this.#chain.pool.set(old.nonce, old);
    return Promise.resolve(old !== undefined);
  }

  useKey(times: number): Promise<void> {
    for (let { nonce } = this.#chain.latest; times-- > 0; nonce++) {
      const hash = `0xf0${++this.#foreign}` as const;
      this.#chain.pool.set(nonce, { hash, raw: hash, from: 'committer', nonce, data: null, maxFeePerGas: 10n ** 18n });
    }
    return Promise.resolve();
  }

  loseRows(): Promise<void> {
    this.#execute([...LOST_ROWS]);
    return Promise.resolve();
  }

  async resume(crash: Crash | null = null): Promise<boolean> {
    return await this.#platform.resume(this.#nowMs, crash);
  }

  reorganize(depth: number, keep: boolean): Promise<Dropped> {
    const dropped = this.#chain
      .reorganize(depth, keep)
      .flatMap(({ data, from }) => (data === null || from === 'stranger' ? [] : [this.#chain.decode(data).kind]));
    const commits = dropped.filter((kind) => kind === 'commit').length;
    return Promise.resolve({ commits, mints: dropped.length - commits });
  }

  tamper(n: number, how: Tampering): Promise<boolean> {
    const { epochs } = this.#chain.latest.state;
    const rows = new Set(this.#platform.database.all('SELECT epoch FROM epoch').map((row) => Number(row['epoch'])));
    const open = [...epochs].filter(
      ([epoch, { minted, batchCount }]) => minted.size < batchCount && rows.has(epoch) && !this.#watch.isChanged(epoch),
    );
    const epoch = open[n % open.length]?.[0];
    const text = epoch === undefined ? undefined : this.#reports.get(epoch);
    if (epoch === undefined || text === undefined) return Promise.resolve(false);
    const changed = tampered(text, how);
    const key = reportKey(hashReport(text));
    const { objects } = this.#platform;
    if (changed.text === null) objects.delete(key);
    else objects.set(changed.row ? reportKey(changed.row.reportHash) : key, changed.text);
    const setRow = (row: { readonly root: string; readonly reportHash: string }) =>
      this.#execute([
        {
          sql: 'UPDATE epoch SET root = ?, report_hash = ? WHERE epoch = ?',
          values: [row.root, row.reportHash, epoch],
        },
      ]);
    if (changed.row) setRow(changed.row);
    const alterPayouts = () => this.#execute([{ sql: ALTER_PAYOUTS, values: [epoch] }]);
    if (how === 'everywhere') alterPayouts();
    this.#watch.changed(epoch);
    this.#undo.push(() => {
      objects.set(key, text);
      if (how === 'everywhere') alterPayouts();
      if (!changed.row) return;
      objects.delete(reportKey(changed.row.reportHash));
      setRow({ root: (JSON.parse(text) as { root: string }).root, reportHash: hashReport(text) });
    });
    return Promise.resolve(true);
  }

  restore(): Promise<void> {
    for (const undo of this.#undo.splice(0)) undo();
    this.#watch.restored();
    return Promise.resolve();
  }

  mintAsStranger(n: number): Promise<boolean> {
    // Without the contract's guard a stranger could pay twice, and that would prove nothing about the Minter.
    if (!this.#guarded) return Promise.resolve(false);
    const { latest } = this.#chain;
    const ripe = [...latest.state.epochs].flatMap(([epoch, { maturesAt, batchCount, minted }]) =>
      maturesAt > latest.seconds
        ? []
        : Array.from({ length: batchCount }, (_, index) => ({ epoch, index })).filter(
            ({ index }) => !minted.has(index),
          ),
    );
    const chosen = ripe[n % ripe.length];
    const text = chosen && this.#reports.get(chosen.epoch);
    if (!chosen || text === undefined) return Promise.resolve(false);
    const { root } = JSON.parse(text) as { root: string };
    const batches = batchesOfReport(text, hashReport(text), root);
    const data = batches.ok ? mintData(batches.value, chosen.index) : null;
    if (data === null) return Promise.resolve(false);
    const hash = `0x50${latest.number}${chosen.epoch}${chosen.index}` as const;
    this.#chain.submit({ hash, raw: hash, from: 'stranger', nonce: 0, data, maxFeePerGas: 0n });
    return Promise.resolve(true);
  }

  raiseFees(factor: number): Promise<void> {
    this.#chain.baseFeePerGas = BASE_FEE * BigInt(factor);
    return Promise.resolve();
  }

  /** The nonce was used without effect, or by something else. */
  #isUsedUp(nonce: number, data: string): boolean {
    const { finalized } = this.#chain;
    if (nonce >= finalized.nonce) return false;
    const mined = this.#chain.blocks
      .slice(0, finalized.number + 1)
      .flatMap((block) => block.mined)
      .find((given) => given.from === 'committer' && given.nonce === nonce);
    return mined?.why !== null || mined.data !== data;
  }

  standing(): Promise<Standing> {
    const { database } = this.#platform;
    const { latest, blocks } = this.#chain;
    const epochs = database
      .all('SELECT epoch, state, report_hash AS reportHash, root FROM epoch ORDER BY epoch')
      .map((row): EpochStanding => {
        const { epoch, state, reportHash, root } = row as Omit<EpochStanding, 'committed'>;
        return { epoch, state, reportHash, root, committed: latest.state.epochs.get(epoch) ?? null };
      });
    const { alarms, pendingTransactions } = this.#platform.status();
    return Promise.resolve({
      over: this.#seededTo - FIRST_EPOCH,
      epochs,
      reports: this.#reports,
      payouts: new Map(
        database
          .all('SELECT epoch, owner, amount FROM payout')
          .map((row) => [`${String(row['epoch'])} ${String(row['owner'])}`, BigInt(String(row['amount']))]),
      ),
      sales: database.all('SELECT id, kind, usdc, epoch FROM sale') as readonly unknown[] as readonly SaleStanding[],
      balances: latest.state.balances,
      alarms,
      pending: pendingTransactions,
      foreign: blocks.some(({ mined }) => mined.some(({ data }) => data === null)),
    });
  }

  close(): void {
    this.#platform.close();
  }
}
