/** A network on real anvil and real workerd, for one schedule. */
import { createPublicClient, type Hex, http, keccak256, type PublicClient } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { rewardTokenAbi } from '../../contracts/abi/reward-token.gen.ts';
import { batchesOfReport, hashReport, reportKey } from '../../core/reward/report.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { epochOf, epochStartMs } from '../../core/time.ts';
import { mintData } from '../../durable-objects/minter/calldata.ts';
import type { Bed } from './anvil-bed.ts';
import type { Crash } from './fuse.ts';
import { AnvilWire, dataOf } from './anvil-wire.ts';
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
import { closedHours, deviceDays, ownersOf, regionRow, saleRows, type Statement, TREASURY } from './seed-rows.ts';
import { LOST_ROWS, ALTER_PAYOUTS, tampered } from './tamper.ts';
import { SendWatch } from './watch.ts';

const RULES = MAIN_RULES.time;
const BLOCK_SECONDS = 2;
/** Past the hour's close, so that the epochs before today are closable. */
const STARTS_MS = 20 * 60_000;
const BASE_FEE = 1_000_000n;
/** Blocks between `latest` and `finalized` at two slots an epoch. */
const FINALITY_BLOCKS = 4;
const MUCH_GAS = '0x7a120';

type Row = {
  readonly epoch: number;
  readonly state: string;
  readonly reportHash: string;
  readonly root: Hex;
  readonly batchCount: number;
};

export class AnvilNetwork implements Network {
  readonly #bed: Bed;
  readonly #watch: SendWatch;
  readonly #wire: AnvilWire;
  readonly #client: PublicClient;
  readonly #owners: readonly string[];
  readonly #seed: number;
  readonly #reports = new Map<number, string>();
  readonly #undo: (() => Promise<void>)[] = [];
  readonly #foreign: Hex[] = [];
  #nowMs: number;
  #skewSeconds = 0;
  #seededTo: number;
  #closedThrough: string | number | undefined;
  #baseFee = BASE_FEE;
  #finalized = 0;

  /** After `bed.reset()`. */
  static async begin(bed: Bed, seed: number): Promise<AnvilNetwork> {
    const network = new AnvilNetwork(bed, seed);
    await network.#execute([regionRow(bed.firstEpoch, RULES)]);
    await network.#pass(0);
    for (let n = 0; n < 6; n++) await network.#mineOne();
    return network;
  }

  private constructor(bed: Bed, seed: number) {
    this.#bed = bed;
    this.#seed = seed;
    this.#owners = ownersOf(seed);
    this.#seededTo = bed.firstEpoch;
    this.#nowMs = epochStartMs(bed.firstEpoch + 1 + randomOf(seed).below(3), RULES) + STARTS_MS;
    this.#client = createPublicClient({ transport: http(bed.chain.rpc, { batch: true }), pollingInterval: 50 });
    this.#watch = new SendWatch({
      reportOf: (epoch) => this.#reports.get(epoch),
      isStored: async (raw) => (await bed.minter().stored()).some((attempt) => attempt.raw === raw),
      isUsedUp: (nonce, data) => this.#isUsedUp(nonce, data),
    });
    this.#wire = new AnvilWire(bed.wire, this.#watch);
  }

  get wrongs(): readonly string[] {
    return this.#watch.wrongs;
  }

  async tick(faults: TickFaults = {}): Promise<TickOutcome> {
    const { worker } = this.#bed;
    this.#wire.start(faults);
    await this.#bed.arm(faults.crash ?? null);
    const nowMs = this.#nowMs + this.#skewSeconds * 1000;
    const runs = Array.from({ length: faults.runs ?? 1 }, () =>
      worker.tick(nowMs).catch((error: unknown) => String(error)),
    );
    const [ended] = await Promise.all([Promise.all(runs), faults.mines ? this.mine(3, 0) : null]);
    const { kills, count } = await this.#bed.arm(null);
    const { lost, failed } = this.#wire;
    this.#wire.start({});
    if (kills === 0)
      for (const error of ended) if (typeof error === 'string') this.#watch.wrongs.push(`a run ended with ${error}`);
    for (const row of await this.#rows()) await this.#remember(row);
    return { killed: kills, lost, failed, writes: count };
  }

  async #rows(): Promise<readonly Row[]> {
    const { results } = await this.#bed.worker.db
      .prepare(
        'SELECT epoch, state, report_hash AS reportHash, root, batch_count AS batchCount FROM epoch ORDER BY epoch',
      )
      .all<Row>();
    return results;
  }

  /** Reports are remembered before anybody can change them. */
  async #remember({ epoch, reportHash }: Row): Promise<void> {
    if (this.#watch.isChanged(epoch) || this.#reports.has(epoch)) return;
    const text = await this.#bed.worker.report(reportKey(reportHash));
    if (text === null || hashReport(text) !== reportHash)
      this.#watch.wrongs.push(`epoch ${epoch} has a row without its report`);
    else this.#reports.set(epoch, text);
  }

  async mine(blocks: number, seconds: number): Promise<void> {
    await this.#pass(seconds);
    for (let n = 0; n < blocks; n++) await this.#mineOne();
  }

  async #mineOne(): Promise<void> {
    await this.#pass(BLOCK_SECONDS);
    const { chain } = this.#bed;
    const latest = await this.#client.getBlock();
    const seconds = Math.max(Math.floor(this.#nowMs / 1000), Number(latest.timestamp) + 1);
    await chain.request('evm_setNextBlockTimestamp', [seconds]);
    await chain.request('anvil_setNextBlockBaseFeePerGas', [`0x${this.#baseFee.toString(16)}`]);
    await chain.request('evm_mine');
    this.#finalized = Math.max(this.#finalized, Number(latest.number) + 1 - FINALITY_BLOCKS);
  }

  async wait(seconds: number): Promise<void> {
    await this.#pass(seconds);
  }

  async #pass(seconds: number): Promise<void> {
    this.#nowMs += seconds * 1000;
    const statements: Statement[] = [];
    for (; this.#seededTo < epochOf(this.#nowMs, RULES); this.#seededTo++)
      statements.push(...this.#rowsOf(this.#seededTo, this.#seededTo === this.#bed.firstEpoch));
    const closed = closedHours(this.#nowMs, RULES);
    if (closed.values[0] !== this.#closedThrough) statements.push(closed);
    this.#closedThrough = closed.values[0];
    await this.#execute(statements);
  }

  #rowsOf(epoch: number, isFirst: boolean): readonly Statement[] {
    return [...deviceDays(epoch, isFirst, this.#owners, this.#seed), ...saleRows(epoch, isFirst, this.#seed, RULES)];
  }

  async #execute(statements: readonly Statement[]): Promise<void> {
    const { db } = this.#bed.worker;
    if (statements.length > 0) await db.batch(statements.map(({ sql, values }) => db.prepare(sql).bind(...values)));
  }

  skew(seconds: number): void {
    this.#skewSeconds = seconds;
  }

  /** Hashes of the committer's waiting transactions. */
  async #waiting(): Promise<readonly { readonly nonce: number; readonly hash: Hex }[]> {
    type Pool = Record<string, Record<string, { hash: Hex }>>;
    const pool = (await this.#bed.chain.request('txpool_content')) as { pending: Pool; queued: Pool };
    const own = this.#bed.accounts.committer.address.toLowerCase();
    return [pool.pending, pool.queued]
      .flatMap((part) => Object.entries(part))
      .filter(([address]) => address.toLowerCase() === own)
      .flatMap(([, byNonce]) => Object.entries(byNonce).map(([nonce, { hash }]) => ({ nonce: Number(nonce), hash })));
  }

  async drop(n: number): Promise<boolean> {
    const waiting = await this.#waiting();
    const chosen = waiting[n % waiting.length];
    if (chosen) await this.#bed.chain.request('anvil_dropTransaction', [chosen.hash]);
    return chosen !== undefined;
  }

  async revive(n: number): Promise<boolean> {
    const latest = await this.#nonce('latest');
    const stored = (await this.#bed.minter().stored()).filter(({ nonce }) => nonce >= latest);
    const replaced = stored.filter(({ nonce }, at) =>
      stored.some((other, later) => later > at && other.nonce === nonce),
    );
    const old = replaced[n % replaced.length];
    if (!old) return false;
    for (const { nonce, hash } of await this.#waiting())
      if (nonce === old.nonce) await this.#bed.chain.request('anvil_dropTransaction', [hash]);
    // A node refuses a price below the base fee of the day.
    return await this.#bed.chain.request('eth_sendRawTransaction', [old.raw]).then(
      () => true,
      () => false,
    );
  }

  async #nonce(blockTag: 'latest' | 'finalized'): Promise<number> {
    return await this.#client.getTransactionCount({ address: this.#bed.accounts.committer.address, blockTag });
  }

  async useKey(times: number): Promise<void> {
    const { chain, accounts } = this.#bed;
    const first = await this.#nonce('latest');
    for (const { nonce, hash } of await this.#waiting())
      if (nonce < first + times) await chain.request('anvil_dropTransaction', [hash]);
    const gasPrice = `0x${(this.#baseFee * 10n).toString(16)}`;
    for (let nonce = first; nonce < first + times; nonce++) {
      const { address } = accounts.committer;
      const transaction = {
        from: address,
        to: accounts.buyer.address,
        value: '0x1',
        nonce: `0x${nonce.toString(16)}`,
        gas: '0x5208',
        gasPrice,
      };
      this.#foreign.push((await chain.request('eth_sendTransaction', [transaction])) as Hex);
    }
  }

  async loseRows(): Promise<void> {
    await this.#execute(LOST_ROWS);
  }

  async resume(crash: Crash | null = null): Promise<boolean> {
    await this.#bed.arm(crash);
    const failed = await this.#bed
      .minter()
      .resume(this.#nowMs)
      .then(() => null, String);
    const { kills } = await this.#bed.arm(null);
    if (failed !== null && kills === 0) this.#watch.wrongs.push(`the operator's resume ended with ${failed}`);
    return kills > 0;
  }

  async reorganize(depth: number, keep: boolean): Promise<Dropped> {
    const { chain, accounts } = this.#bed;
    const latest = Number(await this.#client.getBlockNumber({ cacheTime: 0 }));
    const deep = Math.min(depth, latest - this.#finalized);
    if (deep <= 0) return { commits: 0, mints: 0 };
    const numbers = Array.from({ length: deep }, (_, n) => BigInt(latest - deep + 1 + n));
    const blocks = await Promise.all(
      numbers.map((blockNumber) => this.#client.getBlock({ blockNumber, includeTransactions: true })),
    );
    const own = blocks
      .flatMap(({ transactions }) => transactions)
      .filter(({ from }) => from.toLowerCase() === accounts.committer.address.toLowerCase());
    const raws = new Map((await this.#bed.minter().stored()).map(({ raw }) => [keccak256(raw as Hex), raw]));
    await chain.request('anvil_reorg', [deep, []]);
    for (const { hash } of keep ? own : []) {
      const raw = raws.get(hash);
      // What the node has kept by itself it refuses as known.
      if (raw !== undefined) await chain.request('eth_sendRawTransaction', [raw]).catch(() => undefined);
    }
    const calls = own.filter(({ hash }) => !this.#foreign.includes(hash));
    const commits = calls.filter(({ input }) => dataOf(input).kind === 'commit').length;
    return { commits, mints: calls.length - commits };
  }

  async tamper(n: number, how: Tampering): Promise<boolean> {
    const rows = await this.#rows();
    const committed = await Promise.all(rows.map(({ epoch }) => this.#committed(epoch)));
    const open = rows.filter(
      ({ epoch, batchCount }, at) =>
        (committed[at]?.maturesAt ?? 0n) > 0n &&
        (committed[at]?.batchesMinted ?? 0) < batchCount &&
        !this.#watch.isChanged(epoch),
    );
    const row = open[n % open.length];
    const text = row && this.#reports.get(row.epoch);
    if (!row || text === undefined) return false;
    const changed = tampered(text, how);
    const archive = await this.#bed.worker.archive();
    const key = reportKey(row.reportHash);
    if (changed.text === null) await archive.delete(key);
    else await archive.put(changed.row ? reportKey(changed.row.reportHash) : key, changed.text);
    const setRow = (to: { readonly root: string; readonly reportHash: string }) =>
      this.#execute([
        {
          sql: 'UPDATE epoch SET root = ?, report_hash = ? WHERE epoch = ?',
          values: [to.root, to.reportHash, row.epoch],
        },
      ]);
    if (changed.row) await setRow(changed.row);
    const alterPayouts = () => this.#execute([{ sql: ALTER_PAYOUTS, values: [row.epoch] }]);
    if (how === 'everywhere') await alterPayouts();
    this.#watch.changed(row.epoch);
    this.#undo.push(async () => {
      await archive.put(key, text);
      if (how === 'everywhere') await alterPayouts();
      if (changed.row) await setRow(row);
    });
    return true;
  }

  async restore(): Promise<void> {
    for (const undo of this.#undo.splice(0)) await undo();
    this.#watch.restored();
  }

  async mintAsStranger(n: number): Promise<boolean> {
    const { chain, accounts, contracts } = this.#bed;
    const { timestamp } = await this.#client.getBlock();
    for (const { epoch, reportHash, root, batchCount } of await this.#rows()) {
      const text = this.#reports.get(epoch);
      const committed = await this.#committed(epoch);
      if (text === undefined || committed.maturesAt === 0n || committed.maturesAt > timestamp) continue;
      if (committed.batchesMinted >= batchCount) continue;
      const batches = batchesOfReport(text, reportHash, root);
      const data = batches.ok ? mintData(batches.value, n % batchCount) : null;
      if (data === null) continue;
      const transaction = { from: accounts.buyer.address, to: contracts.distributor, data, gas: MUCH_GAS };
      await chain.request('eth_sendTransaction', [transaction]);
      return true;
    }
    return false;
  }

  async raiseFees(factor: number): Promise<void> {
    this.#baseFee = BASE_FEE * BigInt(factor);
    await this.#mineOne();
  }

  /** A final block used the nonce, and this call had no effect with it. */
  async #isUsedUp(nonce: number, data: string): Promise<boolean> {
    if (nonce >= (await this.#nonce('finalized'))) return false;
    for (const attempt of this.#wire.attempts(nonce, data)) {
      const receipt = await this.#client.getTransactionReceipt({ hash: keccak256(attempt) }).catch(() => null);
      if (receipt?.status === 'success') return false;
    }
    return true;
  }

  #committed(epoch: number) {
    return this.#client.readContract({
      address: this.#bed.contracts.distributor,
      abi: epochDistributorAbi,
      functionName: 'epochs',
      args: [BigInt(epoch)],
    });
  }

  async standing(): Promise<Standing> {
    const { contracts, worker } = this.#bed;
    const rows = await this.#rows();
    const events = await this.#client.getContractEvents({
      address: contracts.distributor,
      abi: epochDistributorAbi,
      eventName: 'Committed',
      fromBlock: 0n,
    });
    const reportHashes = new Map(events.map(({ args }) => [Number(args.epoch), args.reportHash?.slice(2) ?? '']));
    const epochs = await Promise.all(
      rows.map(async ({ epoch, state, reportHash, root }): Promise<EpochStanding> => {
        const committed = await this.#committed(epoch);
        const known =
          committed.maturesAt > 0n ? { root: committed.root, reportHash: reportHashes.get(epoch) ?? '' } : null;
        return { epoch, state, reportHash, root, committed: known };
      }),
    );
    const ofToken = { address: contracts.token, abi: rewardTokenAbi, functionName: 'balanceOf' } as const;
    const ofUsdc = { ...ofToken, address: contracts.usdc } as const;
    const payees = [...this.#owners, TREASURY, contracts.burnAuction.toLowerCase()];
    const balances = await Promise.all(
      payees.flatMap((owner) => [
        this.#client.readContract({ ...ofToken, args: [owner as Hex] }).then((amount) => [owner, amount] as const),
        this.#client
          .readContract({ ...ofUsdc, args: [owner as Hex] })
          .then((amount) => [`usdc ${owner}`, amount] as const),
      ]),
    );
    const sales = await worker.db.prepare('SELECT id, kind, usdc, epoch FROM sale').all<SaleStanding>();
    const payouts = await worker.db
      .prepare('SELECT epoch, owner, amount FROM payout')
      .all<{ epoch: number; owner: string; amount: string }>();
    const foreign = await Promise.all(
      this.#foreign.map((hash) => this.#client.getTransactionReceipt({ hash }).catch(() => null)),
    );
    const { alarms, pendingTransactions } = await worker.status();
    return {
      over: this.#seededTo - this.#bed.firstEpoch,
      epochs,
      reports: this.#reports,
      payouts: new Map(payouts.results.map(({ epoch, owner, amount }) => [`${epoch} ${owner}`, BigInt(amount)])),
      sales: sales.results,
      balances: new Map(balances.filter(([, amount]) => amount > 0n)),
      alarms,
      pending: pendingTransactions,
      foreign: foreign.some((receipt) => receipt !== null),
    };
  }

  close(): void {
    this.#wire.stop();
  }
}
