/** A model of the chain as the Settler sees it: a pool, blocks that carry payments, and reorganizations that take them back. */
import type { ChainView, MinedBlock } from '../../durable-objects/settler/facilitator.ts';

type Sent = { readonly nonce: number; readonly payment: string };
type Block = MinedBlock & { readonly timestampSeconds: number; readonly sent: readonly Sent[] };

/** Blocks below the newest that no reorganization reaches. */
const FINAL_DEPTH = 3;

export class PaymentsChain {
  readonly #pool = new Map<number, Sent>();
  #blocks: readonly Block[] = [];
  readonly #ever = new Set<string>();
  #forks = 0;

  /** Transactions of the settler's key. */
  get count(): number {
    return this.#blocks.reduce((sum, { sent }) => sum + sent.length, 0);
  }

  hashOf(nonce: number): `0x${string}` {
    return `0x${nonce.toString(16)}`;
  }

  send(nonce: number, payment: string): void {
    if (nonce >= this.count && !this.#pool.has(nonce)) this.#pool.set(nonce, { nonce, payment });
  }

  drop(): void {
    this.#pool.clear();
  }

  mine(timestampSeconds: number): void {
    const sent: Sent[] = [];
    for (let nonce = this.count, next = this.#pool.get(nonce); next; next = this.#pool.get(++nonce)) {
      this.#pool.delete(nonce);
      sent.push(next);
      this.#ever.add(next.payment);
    }
    const number = this.#blocks.length + 1;
    this.#blocks = [...this.#blocks, { number, hash: `0x${number}.${this.#forks}`, timestampSeconds, sent }];
  }

  /** @param keep what falls out waits in the pool again. True: something fell out. */
  reorganize(depth: number, keep: boolean): boolean {
    const from = Math.max(this.#finalized, this.#blocks.length - depth);
    const gone = this.#blocks.slice(from).flatMap(({ sent }) => sent);
    const times = this.#blocks.slice(from).map(({ timestampSeconds }) => timestampSeconds);
    this.#blocks = this.#blocks.slice(0, from);
    this.#pool.clear();
    this.#forks++;
    // Another chain of the same length, with none of it.
    for (const seconds of times) this.mine(seconds);
    if (keep) for (const one of gone) this.#pool.set(one.nonce, one);
    return gone.length > 0;
  }

  get #finalized(): number {
    return Math.max(0, this.#blocks.length - FINAL_DEPTH);
  }

  blockOf(hash: string): MinedBlock | null {
    return this.#blocks.find(({ sent }) => sent.some(({ nonce }) => this.hashOf(nonce) === hash)) ?? null;
  }

  look(numbers: readonly number[]): ChainView {
    const found = this.#blocks.filter(({ number }) => numbers.includes(number));
    return { finalized: this.#finalized, blocks: new Map(found.map((block) => [block.number, block])) };
  }

  /** Payments by how often the chain has them now. */
  charges(): ReadonlyMap<string, number> {
    const charges = new Map<string, number>();
    for (const { payment } of this.#blocks.flatMap(({ sent }) => sent))
      charges.set(payment, (charges.get(payment) ?? 0) + 1);
    return charges;
  }

  /** Payments that no reorganization can take back. */
  finalCharges(): ReadonlySet<string> {
    const final = this.#blocks.slice(0, this.#finalized);
    return new Set(final.flatMap(({ sent }) => sent.map(({ payment }) => payment)));
  }

  isCharged(payment: string): boolean {
    return this.charges().has(payment);
  }

  wasCharged(payment: string): boolean {
    return this.#ever.has(payment);
  }
}
