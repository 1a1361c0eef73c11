/**
 * The one place that signs for the committer. Cron pokes it; between pokes it does nothing. Only the RPC surface is here:
 * what a poke does is in poke.ts, what it decides in core/reward/mint.
 */
import { DurableObject } from 'cloudflare:workers';
import { silenceAlarm } from '../../core/reward/mint/health.ts';
import type { MinterResumption, MinterStatus } from '../../schema/api/public.ts';
import { chainFailure, MinterChain } from './chain.ts';
import { checkMinterConfig, type MinterBindings } from './config.ts';
import { poke, type PokeParts } from './poke.ts';
import { resume } from './resume.ts';
import { MinterStore } from './store.ts';
import { Turns } from '../turns.ts';

/** One nonce of the committer's key, newest last. */
export type MinterTransaction = {
  readonly nonce: number;
  readonly kind: 'commit' | 'mint';
  readonly epoch: number;
  readonly state: string;
  /** The attempt in the chain, else the newest one; null once it can no longer matter. */
  readonly hash: string | null;
  readonly attempts: number;
  readonly blockNumber: number | null;
};

/** `transaction` is null until the Minter has seen it in a block. */
export type OwnCommit = { readonly transaction: string | null };

export type MinterReport = MinterStatus & { readonly transactions: readonly MinterTransaction[] };

/** Transactions shown by `status`. */
const SHOWN = 50;

export class Minter extends DurableObject<MinterBindings> {
  readonly #store: MinterStore;
  readonly #parts: PokeParts | null;
  readonly #badConfig: string | null;
  /** One poke at a time: nonces are given out between awaits. */
  readonly #turns = new Turns();

  constructor(ctx: DurableObjectState, env: MinterBindings) {
    super(ctx, env);
    const store = new MinterStore(ctx.storage);
    const config = checkMinterConfig(env);
    this.#store = store;
    this.#badConfig = config.ok ? null : `${config.error.variable} ${config.error.detail}.`;
    this.#parts = config.ok
      ? { config: config.value, store, chain: new MinterChain(config.value), db: env.DB, archive: env.ARCHIVE }
      : null;
  }

  /** Safe to repeat and to call twice at once. `raised` are alarms of the caller, shown until the next poke. */
  async poke(nowMs: number = Date.now(), raised: readonly string[] = []): Promise<MinterReport> {
    const parts = this.#parts;
    if (parts === null) return this.status();
    const { alarms, waiting } = await this.#turns.take(() => poke(parts, nowMs));
    this.#store.setFact('alarms', JSON.stringify([...raised, ...alarms]));
    this.#store.setFact('waiting', waiting ?? '');
    this.#store.setFact('last-poke', String(Date.now()));
    return this.status();
  }

  /** Gives up what is lost for good, after an operator has looked: nonces used by somebody else, revoked commits. */
  async resume(nowMs: number = Date.now()): Promise<MinterResumption> {
    const parts = this.#parts;
    if (parts === null) return { done: [], waits: [this.#badConfig ?? ''] };
    try {
      return await this.#turns.take(() => resume(parts, nowMs));
    } catch (error) {
      const failure = chainFailure(error);
      if (failure === null) throw error;
      return { done: [], waits: [`The chain does not answer as it should: ${failure}`] };
    }
  }

  /** Since when each of these regions, all behind in closing, has made no progress (unix milliseconds). */
  stalledSince(
    behind: readonly { readonly cell: string; readonly closedThrough: number | null }[],
    nowMs: number,
  ): Record<string, number> {
    return this.#store.stalledSince(behind, nowMs);
  }

  /** The commit of the epoch as this object sent it; null: it has sent none that could be in force. */
  commitOf(epoch: number): OwnCommit | null {
    const commit = this.#store.commitOf(epoch);
    return commit && { transaction: commit.hash };
  }

  /** As of the last poke: asking costs no call to the chain. */
  status(): MinterReport {
    const lastFinal = this.#store.fact('last-final');
    const lastPoke = this.#store.fact('last-poke');
    return {
      address: this.#parts?.chain.address ?? null,
      balance: this.#store.fact('balance'),
      lastFinalEpoch: lastFinal === null ? null : Number(lastFinal),
      pendingTransactions: this.#store.openIntents().length,
      alarms:
        this.#badConfig === null
          ? [
              ...silenceAlarm(lastPoke === null ? null : Number(lastPoke), Date.now()),
              ...(JSON.parse(this.#store.fact('alarms') ?? '[]') as string[]),
            ]
          : [this.#badConfig],
      waiting: this.#store.fact('waiting') || null,
      transactions: this.#transactions(),
    };
  }

  #transactions(): readonly MinterTransaction[] {
    return this.#store.newest(SHOWN).map((intent) => {
      const attempts = this.#store.attempts(intent.nonce);
      return {
        nonce: intent.nonce,
        kind: intent.key.startsWith('commit:') ? 'commit' : 'mint',
        epoch: intent.epoch,
        state: intent.state,
        hash: intent.minedHash ?? attempts.at(-1)?.hash ?? null,
        attempts: attempts.length,
        blockNumber: intent.blockNumber,
      };
    });
  }
}
