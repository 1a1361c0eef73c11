/** Watches every transaction of the Minter that reaches a node: what must hold at that moment, whatever comes later. */
import { decodeFunctionData } from 'viem';
import { epochDistributorAbi } from '../../contracts/abi/epoch-distributor.gen.ts';
import type { EpochReport } from '../../core/reward/report.ts';

export type SentCall = { readonly nonce: number; readonly data: `0x${string}`; readonly raw: `0x${string}` };

export type WatchQuestions = {
  /** As it was first stored. */
  reportOf(epoch: number): string | undefined;
  /** Whether the Minter has these bytes in its storage now. */
  isStored(raw: string): boolean | Promise<boolean>;
  /** Whether a final block used the nonce without this call taking effect. */
  isUsedUp(nonce: number, data: string): boolean | Promise<boolean>;
};

export class SendWatch {
  readonly wrongs: string[] = [];
  /** Nonces by call. */
  readonly #nonces = new Map<string, Set<number>>();
  /** Epochs whose report is changed at the moment. */
  readonly #changed = new Set<number>();
  readonly #ask: WatchQuestions;

  constructor(ask: WatchQuestions) {
    this.#ask = ask;
  }

  changed(epoch: number): void {
    this.#changed.add(epoch);
  }

  restored(): void {
    this.#changed.clear();
  }

  isChanged(epoch: number): boolean {
    return this.#changed.has(epoch);
  }

  /** Answers at once where the questions do. */
  sent(call: SentCall): void | Promise<void> {
    const { nonce, data, raw } = call;
    const what = nameOf(data);
    const used = this.#nonces.get(data) ?? new Set<number>();
    this.#nonces.set(data, used);
    const before = [...used].filter((earlier) => earlier !== nonce);
    used.add(nonce);
    if (what.batch !== null && !isBatchOf(this.#ask.reportOf(what.epoch), what.batch))
      this.wrongs.push(`${what.text} was sent with other payouts than its report has`);
    const stored = this.#ask.isStored(raw);
    const usedUp = before.map((earlier) => this.#ask.isUsedUp(earlier, data));
    if (stored instanceof Promise || usedUp.some((answer) => answer instanceof Promise))
      return Promise.all([stored, ...usedUp]).then(([isStored, ...isUsedUp]) =>
        this.#judge(what.text, nonce, isStored, before, isUsedUp),
      );
    this.#judge(what.text, nonce, stored, before, usedUp as readonly boolean[]);
  }

  #judge(what: string, nonce: number, stored: boolean, before: readonly number[], usedUp: readonly boolean[]): void {
    if (!stored) this.wrongs.push(`${what} was sent with nonce ${nonce} before it was stored`);
    for (const [n, earlier] of before.entries())
      if (usedUp[n] !== true)
        this.wrongs.push(`${what} was sent with nonce ${earlier} and, while that may still count, with nonce ${nonce}`);
  }
}

type Batch = {
  readonly index: number;
  readonly to: readonly string[];
  readonly amount: readonly bigint[];
  readonly usdc: readonly bigint[];
};
type Name = { readonly epoch: number; readonly text: string; readonly batch: Batch | null };
const names = new Map<string, Name>();

function isBatchOf(text: string | undefined, { index, to, amount, usdc }: Batch): boolean {
  const batch = text === undefined ? undefined : (JSON.parse(text) as EpochReport).batches[index];
  return (
    batch !== undefined &&
    batch.to.join() === to.join().toLowerCase() &&
    batch.amount.join() === amount.join() &&
    batch.usdc.join() === usdc.join()
  );
}

function nameOf(data: `0x${string}`): Name {
  const known = names.get(data);
  if (known) return known;
  const { functionName, args } = decodeFunctionData({ abi: epochDistributorAbi, data });
  const epoch = Number(args?.[0]);
  const name: Name =
    functionName === 'mintBatch'
      ? {
          epoch,
          text: `batch ${args[1]} of epoch ${epoch}`,
          batch: { index: args[1], to: args[2], amount: args[3], usdc: args[4] },
        }
      : { epoch, text: `the commit of epoch ${epoch}`, batch: null };
  if (names.size > 1000) names.clear();
  names.set(data, name);
  return name;
}
