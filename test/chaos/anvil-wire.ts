/** The wire between the Worker and anvil: cuts what a tick's faults say, and shows every transaction to the watch. */
import { decodeFunctionData, type Hex, parseTransaction } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import type { Passage, RpcProxy } from '../support/rpc-proxy.ts';
import type { TickFaults } from './network.ts';
import type { SendWatch } from './watch.ts';

type Call = { readonly method: string; readonly params: readonly unknown[] };

export class AnvilWire {
  lost = 0;
  failed = 0;
  readonly #proxy: RpcProxy;
  readonly #watch: SendWatch;
  /** Every raw transaction of this schedule that came by. */
  readonly #raws = new Set<Hex>();
  #faults: TickFaults = {};
  #requests = 0;
  /** The transactions of this tick, as they first came by. */
  #sent: Hex[] = [];

  constructor(proxy: RpcProxy, watch: SendWatch) {
    this.#proxy = proxy;
    this.#watch = watch;
    proxy.passage = (calls) => this.#passage(calls);
  }

  start(faults: TickFaults): void {
    this.#faults = faults;
    this.lost = this.failed = this.#requests = 0;
    this.#sent = [];
  }

  stop(): void {
    this.#proxy.passage = null;
  }

  attempts(nonce: number, data: string): readonly Hex[] {
    return [...this.#raws].filter((raw) => {
      const parsed = parseTransaction(raw);
      return parsed.nonce === nonce && parsed.data === data;
    });
  }

  async #passage(calls: readonly Call[]): Promise<Passage> {
    const { failFrom = Infinity, loseSend } = this.#faults;
    if (++this.#requests >= failFrom) {
      this.failed++;
      return 'cut';
    }
    const raws = calls
      .filter(({ method }) => method === 'eth_sendRawTransaction')
      .map(({ params }) => params[0] as Hex);
    for (const raw of raws) if (!this.#sent.includes(raw)) this.#sent.push(raw);
    const aimed = loseSend && this.#sent[loseSend.at - 1];
    // The client tries again by itself: that is lost, too.
    const isAimed = aimed !== undefined && raws.includes(aimed);
    if (isAimed) this.lost++;
    if (isAimed && !loseSend?.accepted) return 'cut';
    for (const raw of raws) {
      this.#raws.add(raw);
      const { nonce = 0, data = '0x' } = parseTransaction(raw);
      await this.#watch.sent({ nonce, data, raw });
    }
    return isAimed ? 'lose-reply' : 'pass';
  }
}

export function dataOf(input: Hex): { readonly kind: 'commit' | 'mint' } {
  return {
    kind:
      decodeFunctionData({ abi: epochDistributorAbi, data: input }).functionName === 'mintBatch' ? 'mint' : 'commit',
  };
}
