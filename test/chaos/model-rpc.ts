/** The two files that speak JSON-RPC, over the model chain: each call takes a moment and may fail, as over a wire. */
import { createHash } from 'node:crypto';
import type { Call, MinterChain, Snapshot } from '../../durable-objects/minter/chain.ts';
import { classifyRefusal } from '../../durable-objects/minter/send-error.ts';
import type { Attempt } from '../../durable-objects/minter/store.ts';
import type { Fees } from '../../core/fees.ts';
import { err, ok } from '../../core/result.ts';
import type { DistributorReader } from '../../worker/adapters/chain/distributor.ts';
import type { Fuse, Life } from './fuse.ts';
import type { ModelChain, State, Transaction } from './model-chain.ts';
import type { TickFaults } from './network.ts';

export type Hex = `0x${string}`;
/** Without its private fields a class is an interface: all that the callers of these two use is here. */
type ChainClient = Pick<MinterChain, keyof MinterChain>;
type ReaderClient = Pick<DistributorReader, keyof DistributorReader>;

class RpcFailure extends Error {
  readonly isRpcFailure = true;
}

export const COMMITTER: Hex = `0x${'c0'.repeat(20)}`;
const BALANCE_WEI = 10n ** 18n;

/** One tick's way to the chain. */
export class Wire {
  faults: TickFaults = {};
  lost = 0;
  failed = 0;
  #calls = 0;
  #sends = 0;
  readonly chain: ModelChain;
  readonly fuse: Fuse;
  readonly pause: () => Promise<void>;
  /** Told of every transaction that reaches the node, before the node judges it. */
  readonly onSend: (transaction: Transaction) => void;

  constructor(chain: ModelChain, fuse: Fuse, pause: () => Promise<void>, onSend: (transaction: Transaction) => void) {
    this.chain = chain;
    this.fuse = fuse;
    this.pause = pause;
    this.onSend = onSend;
  }

  start(faults: TickFaults): void {
    this.faults = faults;
    this.lost = this.failed = this.#calls = this.#sends = 0;
  }

  async ask<T>(life: Life, answer: () => T): Promise<T> {
    await this.#way(life);
    if (this.#isDown()) throw new RpcFailure('HTTP request failed.');
    const given = answer();
    await this.#way(life);
    return given;
  }

  async send(life: Life, raw: Hex): Promise<ReturnType<typeof classifyRefusal>> {
    await this.#way(life);
    if (this.#isDown()) return classifyRefusal('fetch failed');
    const lose = this.faults.loseSend?.at === ++this.#sends ? this.faults.loseSend : null;
    if (lose) this.lost++;
    if (lose?.accepted === false) return classifyRefusal('The request took too long to respond.');
    const transaction = parse(raw);
    this.onSend(transaction);
    const refusal = this.chain.submit(transaction);
    this.fuse.wrote('chain: send', life);
    if (lose) return classifyRefusal('The request took too long to respond.');
    await this.#way(life);
    return refusal === null ? { kind: 'sent' } : classifyRefusal(refusal);
  }

  #isDown(): boolean {
    const down = ++this.#calls >= (this.faults.failFrom ?? Infinity);
    if (down) this.failed++;
    return down;
  }

  async #way(life: Life): Promise<void> {
    life.check();
    await this.pause();
    life.check();
  }
}

function sign(nonce: number, { data, gas }: Call, fees: Fees): { readonly raw: Hex; readonly hash: Hex } {
  // The bytes need no form that a node would understand, only to say all that a signed transaction says.
  const raw: Hex = `0x${Buffer.from(JSON.stringify([nonce, data, ...[fees.maxFeePerGas, fees.maxPriorityFeePerGas, gas].map(String)])).toString('hex')}`;
  return { raw, hash: `0x${createHash('sha256').update(raw).digest('hex')}` };
}

export function parse(raw: Hex): Transaction {
  const [nonce, data, maxFee] = JSON.parse(Buffer.from(raw.slice(2), 'hex').toString()) as [number, Hex, string];
  const hash: Hex = `0x${createHash('sha256').update(raw).digest('hex')}`;
  return { hash, raw, from: 'committer', nonce, data, maxFeePerGas: BigInt(maxFee) };
}

/** What chain.ts offers beside its class. */
export function callOf({ raw }: Attempt): Call {
  return { data: parse(raw).data ?? '0x', gas: 400_000n };
}

export function modelMinterChain(wire: Wire, life: Life): ChainClient {
  const { chain } = wire;
  const ask = <T>(answer: () => T): Promise<T> => wire.ask(life, answer);
  return {
    address: COMMITTER,
    async look(): Promise<Snapshot> {
      // Asked for at once, answered one by one: blocks may come in between.
      const [nonce, finalNonce, latest, finalized, lastCommitted, lastCommittedFinal] = await Promise.all([
        ask(() => chain.latest.nonce),
        ask(() => chain.finalized.nonce),
        ask(() => chain.latest),
        ask(() => chain.finalized),
        ask(() => chain.latest.state.lastCommitted),
        ask(() => chain.finalized.state.lastCommitted),
      ]);
      return {
        nonce,
        finalNonce,
        latestSeconds: latest.seconds,
        baseFeePerGas: chain.baseFeePerGas,
        finalizedNumber: finalized.number,
        balance: BALANCE_WEI,
        lastCommitted,
        lastCommittedFinal,
      };
    },
    delaySeconds: () => ask(() => chain.delaySeconds),
    committed: (epoch, tag) =>
      ask(() => committedIn(tag === 'latest' ? chain.latest.state : chain.finalized.state, epoch)),
    isMinted: (epoch, index) => ask(() => chain.latest.state.epochs.get(epoch)?.minted.has(index) ?? false),
    sighting: (hashes) =>
      ask(() => {
        const found = hashes.map((hash) => chain.find(hash)).find((given) => given !== null);
        if (!found) return null;
        const { block, mined } = found;
        const { hash } = mined;
        const canonicalHash = chain.blocks[block.number]?.hash ?? '';
        return { hash, blockNumber: block.number, blockHash: block.hash, succeeded: mined.why === null, canonicalHash };
      }),
    estimate: (data) =>
      ask(() => {
        const tried = chain.apply(chain.latest.state, { data, from: 'committer' }, chain.latest.seconds);
        return tried.ok ? ok(100_000n) : err(tried.why);
      }),
    price: (_nonce, { gas }, baseFeePerGas) => ask(() => ({ gas, baseFeePerGas, besideGas: 0n })),
    sign: (nonce, call, fees, signedMs) => Promise.resolve({ ...sign(nonce, call, fees), ...fees, signedMs }),
    send: (raw) => wire.send(life, raw),
  };
}

function committedIn(state: State, epoch: number) {
  const found = state.epochs.get(epoch);
  return { root: found?.root ?? '', maturesAt: found?.maturesAt ?? 0, batchesMinted: found?.minted.size ?? 0 };
}

export const AUCTION_ADDRESS = `0x${'ac'.repeat(20)}`;

export function modelDistributorReader(wire: Wire, life: Life): ReaderClient {
  const { chain } = wire;
  return {
    order: () =>
      wire.ask(life, () => ({
        firstEpoch: chain.firstEpoch,
        lastCommitted: chain.latest.state.lastCommitted,
        finalizedSeconds: chain.finalized.seconds,
      })),
    burned: () => wire.ask(life, () => 0n),
    auction: () => wire.ask(life, () => AUCTION_ADDRESS),
    committed: (epoch) =>
      wire.ask(life, () => {
        const found = chain.latest.state.epochs.get(epoch);
        return { root: found?.root ?? '', reportHash: found?.reportHash ?? null };
      }),
  };
}
