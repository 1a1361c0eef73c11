/**
 * A model of the chain: blocks, a pool, reorganizations, and the distributor's rules. With `guarded` false the contract
 * pays whatever its committer sends, as often as it comes and without a proof: then nothing but the Minter's own care
 * stands between a bug and a double payment.
 */
import { decodeFunctionData } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import { batchLeaf, hashPair, type Hex } from '../../core/reward/merkle.ts';

export type Transaction = {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly from: 'committer' | 'stranger';
  readonly nonce: number;
  /** Null: the committer's key sent something that is not a call of the distributor. */
  readonly data: Hex | null;
  readonly maxFeePerGas: bigint;
};
export type Mined = Transaction & { readonly why: string | null };

type CommittedEpoch = {
  readonly root: string;
  readonly maturesAt: number;
  readonly batchCount: number;
  readonly minted: ReadonlySet<number>;
  readonly reportHash: string;
};
/** Never changed, only replaced: a block's state stays what it was. */
export type State = {
  readonly lastCommitted: number;
  readonly epochs: ReadonlyMap<number, CommittedEpoch>;
  /** Base units by owner, lower case; USDC under `usdc` and the owner. */
  readonly balances: ReadonlyMap<string, bigint>;
};
export type Block = {
  readonly number: number;
  readonly hash: Hex;
  readonly seconds: number;
  readonly mined: readonly Mined[];
  readonly state: State;
  /** Transactions of the committer's key so far. */
  readonly nonce: number;
};

/** As anvil with two slots an epoch. */
export const FINALITY_BLOCKS = 4;
/** A pool takes a replacement that pays a tenth more. */
const RAISE_PERCENT = 110n;
/** Wei: as much as the tip. */
export const BASE_FEE = 1_000_000n;
const BLOCK_TRANSACTIONS = 12;

export type ChainSetup = {
  readonly firstEpoch: number;
  readonly epochSeconds: number;
  readonly delaySeconds: number;
  readonly guarded: boolean;
  readonly seconds: number;
};

export class ModelChain {
  readonly #setup: ChainSetup;
  readonly blocks: Block[];
  /** By nonce. */
  readonly pool = new Map<number, Transaction>();
  baseFeePerGas = BASE_FEE;
  #finalized = 0;
  #forks = 0;
  readonly #strangers: Transaction[] = [];
  readonly #decoded = new Map<string, Call>();

  constructor(setup: ChainSetup) {
    this.#setup = setup;
    const state: State = { lastCommitted: setup.firstEpoch - 1, epochs: new Map(), balances: new Map() };
    this.blocks = [{ number: 0, hash: '0xb0', seconds: setup.seconds, mined: [], state, nonce: 0 }];
  }

  get latest(): Block {
    const block = this.blocks.at(-1);
    if (!block) throw new Error('a chain without blocks');
    return block;
  }

  get finalized(): Block {
    return this.blocks[this.#finalized] ?? this.latest;
  }

  get firstEpoch(): number {
    return this.#setup.firstEpoch;
  }

  get delaySeconds(): number {
    return this.#setup.delaySeconds;
  }

  find(hash: string): { readonly block: Block; readonly mined: Mined } | null {
    for (const block of this.blocks.toReversed()) {
      const mined = block.mined.find((transaction) => transaction.hash === hash);
      if (mined) return { block, mined };
    }
    return null;
  }

  /** Why the node refuses it; null: taken. */
  submit(transaction: Transaction): string | null {
    if (transaction.from === 'stranger') {
      this.#strangers.push(transaction);
      return null;
    }
    if (transaction.nonce < this.latest.nonce) return 'nonce too low';
    const waiting = this.pool.get(transaction.nonce);
    if (waiting?.hash === transaction.hash) return 'already known';
    if (waiting && transaction.maxFeePerGas * 100n < waiting.maxFeePerGas * RAISE_PERCENT)
      return 'replacement transaction underpriced';
    this.pool.set(transaction.nonce, transaction);
    return null;
  }

  mine(seconds: number): void {
    const parent = this.latest;
    const at = Math.max(parent.seconds + 1, seconds);
    const mined: Mined[] = [];
    let { state, nonce } = parent;
    const take = (transaction: Transaction): void => {
      const applied = this.apply(state, transaction, at);
      if (applied.ok) state = applied.state;
      mined.push({ ...transaction, why: applied.ok ? null : applied.why });
    };
    for (const transaction of this.#strangers.splice(0)) take(transaction);
    for (let next = this.pool.get(nonce); next && mined.length < BLOCK_TRANSACTIONS; next = this.pool.get(nonce)) {
      if (next.maxFeePerGas < this.baseFeePerGas) break;
      take(next);
      this.pool.delete(nonce++);
    }
    const number = parent.number + 1;
    this.blocks.push({ number, hash: `0xb${this.#forks}f${number}`, seconds: at, mined, state, nonce });
    this.#finalized = Math.max(this.#finalized, number - FINALITY_BLOCKS);
  }

  /** Replaces the newest blocks by as many empty ones. What was in them goes back to the pool, or is forgotten. */
  reorganize(depth: number, keep: boolean): readonly Mined[] {
    const deep = Math.min(depth, this.latest.number - this.#finalized);
    if (deep <= 0) return [];
    this.#forks++;
    const dropped = this.blocks.splice(this.blocks.length - deep).flatMap(({ mined }) => mined);
    const waiting = [...this.pool.values()];
    this.pool.clear();
    for (let n = 0; n < deep; n++) this.mine(this.latest.seconds + 1);
    for (const { why: _, ...transaction } of keep ? dropped : []) this.submit(transaction);
    for (const transaction of waiting) this.submit(transaction);
    return dropped;
  }

  apply(
    state: State,
    { data, from }: Pick<Transaction, 'data' | 'from'>,
    seconds: number,
  ): { readonly ok: true; readonly state: State } | { readonly ok: false; readonly why: string } {
    if (data === null) return { ok: true, state };
    const call = this.decode(data);
    const next = call.kind === 'commit' ? this.#commit(state, call, from, seconds) : this.#mint(state, call, seconds);
    return typeof next === 'string' ? { ok: false, why: next } : { ok: true, state: next };
  }

  #commit(state: State, call: CommitCall, from: string, seconds: number): State | string {
    const { epoch } = call;
    const { epochSeconds, delaySeconds, guarded, firstEpoch } = this.#setup;
    if (from !== 'committer') return 'AccessControlUnauthorizedAccount';
    const again = epoch <= state.lastCommitted && epoch >= firstEpoch && !guarded;
    if (epoch !== state.lastCommitted + 1 && !again) return `WrongEpochOrder(${state.lastCommitted + 1}, ${epoch})`;
    if (seconds < (epoch + 1) * epochSeconds) return `EpochNotOver(${epoch})`;
    const before = state.epochs.get(epoch - 1)?.maturesAt ?? 0;
    const maturesAt = Math.max(
      seconds + delaySeconds,
      call.total === 0n && call.usdcTotal === 0n ? before : before + delaySeconds,
    );
    const epochs = new Map(state.epochs).set(epoch, {
      root: call.root,
      maturesAt,
      batchCount: call.batchCount,
      minted: new Set(),
      reportHash: call.reportHash,
    });
    return { ...state, lastCommitted: Math.max(epoch, state.lastCommitted), epochs };
  }

  #mint(state: State, call: MintCall, seconds: number): State | string {
    const { epoch, index } = call;
    const committed = state.epochs.get(epoch);
    const { guarded } = this.#setup;
    if (!committed) return `NotCommitted(${epoch})`;
    if (seconds < committed.maturesAt) return `NotMatured(${epoch}, ${committed.maturesAt})`;
    if (index >= committed.batchCount) return `NoSuchBatch(${epoch}, ${index})`;
    if (guarded && committed.minted.has(index)) return `AlreadyMinted(${epoch}, ${index})`;
    if (guarded && call.proven !== committed.root) return `BadProof(${epoch}, ${index})`;
    const balances = new Map(state.balances);
    for (const [n, owner] of call.to.entries())
      for (const [name, amount] of [
        [owner, call.amount[n]],
        [`usdc ${owner}`, call.usdc[n]],
      ] as const)
        if (amount) balances.set(name, (balances.get(name) ?? 0n) + amount);
    const epochs = new Map(state.epochs).set(epoch, { ...committed, minted: new Set([...committed.minted, index]) });
    return { ...state, epochs, balances };
  }

  decode(data: Hex): Call {
    const known = this.#decoded.get(data);
    if (known) return known;
    const call = decodeCall(data);
    this.#decoded.set(data, call);
    return call;
  }
}

type CommitCall = {
  readonly kind: 'commit';
  readonly epoch: number;
  readonly root: string;
  readonly total: bigint;
  readonly usdcTotal: bigint;
  readonly batchCount: number;
  readonly reportHash: string;
};
type MintCall = {
  readonly kind: 'mint';
  readonly epoch: number;
  readonly index: number;
  readonly to: readonly string[];
  readonly amount: readonly bigint[];
  readonly usdc: readonly bigint[];
  /** The root that leaf and proof lead to. */
  readonly proven: Hex;
};
export type Call = CommitCall | MintCall;

function decodeCall(data: Hex): Call {
  const { functionName, args } = decodeFunctionData({ abi: epochDistributorAbi, data });
  if (functionName === 'commitEpoch') {
    const [epoch, root, total, , usdcTotal, batchCount, reportHash] = args;
    return {
      kind: 'commit',
      epoch: Number(epoch),
      root,
      total,
      usdcTotal,
      batchCount,
      reportHash: reportHash.slice(2),
    };
  }
  if (functionName !== 'mintBatch') throw new Error(`the model does not know ${functionName}`);
  const [epoch, index, to, amount, usdcAmount, proof] = args;
  const owners = to.map((owner) => owner.toLowerCase());
  const leaf = batchLeaf({ epoch: Number(epoch), index, to: owners, amount, usdcAmount });
  return {
    kind: 'mint',
    epoch: Number(epoch),
    index,
    to: owners,
    amount,
    usdc: usdcAmount,
    proven: proof.reduce(hashPair, leaf),
  };
}
