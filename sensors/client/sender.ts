/** Takes the queue one step further: makes the next batch, sends it once, and does what the answer asks for. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { type Encoding, encodeBatch } from './batch.ts';
import type { ClientEvent } from './events.ts';
import type { SigningKey } from './key.ts';
import type { NetworkProblem } from './problem.ts';
import type { PendingBatch, Queue } from './queue.ts';
import type { Uploaded } from './receipt.ts';
import { asideLine, remedyOf } from './refusal.ts';
import { NotStored } from './storage.ts';
import { correctClock, type DeviceClock, type Transport, tryBatch } from './upload.ts';

export type SendFailure =
  /** The batch may have been accepted: the same nonce and bytes go again. */
  | { readonly reason: 'unreachable'; readonly detail: string }
  /** Somebody has to mend something; the batch stays. */
  | { readonly reason: 'refused'; readonly problem: NetworkProblem }
  | { readonly reason: 'not-stored'; readonly detail: string };

export type Step =
  | { readonly kind: 'idle' }
  | { readonly kind: 'delivered'; readonly uploaded: Uploaded }
  /** There is more to do, at once. */
  | { readonly kind: 'again' }
  | { readonly kind: 'failed'; readonly failure: SendFailure; readonly retryAfterMs: number | null };

export type SenderOptions = {
  readonly queue: Queue;
  readonly key: SigningKey;
  readonly ingestUrl: string;
  readonly encoding: Encoding;
  readonly maxReadings: number;
  readonly timeoutMs: number;
  readonly clock: DeviceClock;
  readonly transport: Pick<Transport, 'fetch' | 'nowMs'>;
  readonly emit: (event: ClientEvent) => void;
};

/** In a row, before it waits: something else uses its key. */
const MAX_RENUMBERS = 3;
const AGAIN: Step = { kind: 'again' };

export class Sender {
  readonly clock: DeviceClock;
  readonly #options: SenderOptions;
  /** Measurements in the next batch: halved by a refusal, doubled by a receipt. */
  #limit: number;
  /** What the network takes at once, as far as it has said. */
  #ceiling: number;
  #renumbers = 0;
  #isClockCorrected = false;
  #isRemade = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.#limit = options.maxReadings;
    this.#ceiling = options.maxReadings;
  }

  /** @param signal ends an upload early; the batch stays pending */
  async step(signal?: AbortSignal): Promise<Step> {
    try {
      const pending = this.#options.queue.state.pending ?? (await this.#nextBatch());
      return pending === null ? { kind: 'idle' } : await this.#send(pending, signal);
    } catch (error) {
      if (!(error instanceof NotStored)) throw error;
      this.#options.emit({ kind: 'not-stored', detail: error.message });
      return { kind: 'failed', failure: { reason: 'not-stored', detail: error.message }, retryAfterMs: null };
    }
  }

  #nowMs(): number {
    return this.#options.transport.nowMs() + this.clock.offsetMs;
  }

  async #nextBatch(): Promise<PendingBatch | null> {
    const { queue, key, encoding } = this.#options;
    for (let most = this.#limit; most >= 1; most = Math.floor(most / 2)) {
      const next = queue.next(most);
      if (next === null) return null;
      const bytes = await encodeBatch(key.did, next.measurements, encoding);
      if (bytes !== null) return queue.put(bytes, next.through, this.#nowMs());
    }
    throw new Error('one measurement is no batch too large');
  }

  async #send(pending: PendingBatch, signal: AbortSignal | undefined): Promise<Step> {
    const { queue, key, ingestUrl, transport, timeoutMs, emit } = this.#options;
    // The same while a batch is pending: it changes when that is answered.
    const named = queue.state.previous;
    const batch = { ...pending, previous: named === null ? null : hexToBytes(named) };
    const tried = await tryBatch(key, ingestUrl, batch, transport, this.clock, timeoutMs, signal);
    if (tried.kind === 'refused') return this.#refused(tried.problem, pending);
    if (tried.kind === 'unsure') {
      const { detail, retryAfterMs } = tried;
      if (!signal?.aborted) emit({ kind: 'unreachable', detail });
      return { kind: 'failed', failure: { reason: 'unreachable', detail }, retryAfterMs };
    }
    const { uploaded } = tried;
    const measurements = queue.carried.length;
    await queue.settle('accepted');
    this.#renumbers = 0;
    this.#isClockCorrected = false;
    this.#isRemade = false;
    this.#limit = Math.min(this.#ceiling, this.#limit * 2);
    emit({ kind: 'delivered', uploaded, measurements });
    return { kind: 'delivered', uploaded };
  }

  async #refused(problem: NetworkProblem, pending: PendingBatch): Promise<Step> {
    const { queue, transport, emit } = this.#options;
    const failed: Step = { kind: 'failed', failure: { reason: 'refused', problem }, retryAfterMs: null };
    if (!this.#isClockCorrected && correctClock(this.clock, problem, transport.nowMs())) {
      this.#isClockCorrected = true;
      emit({ kind: 'clock', offsetMs: this.clock.offsetMs });
      return AGAIN;
    }
    const usual = remedyOf(problem);
    // Once is enough: what is made anew names the key of now. Bytes that were handed in whole cannot be made anew.
    const isInVain = usual === 'remake' && (this.#isRemade || queue.carried.length === 0);
    const remedy = isInVain ? 'give-up' : usual;
    switch (remedy) {
      case 'wait':
        this.#isClockCorrected = false;
        emit({ kind: 'refused', problem, remedy: 'wait' });
        return failed;
      case 'renumber':
        await queue.renumber(problem.highest, this.#nowMs());
        this.#renumbers++;
        emit({ kind: 'refused', problem, remedy: 'renumber' });
        return this.#renumbers % MAX_RENUMBERS === 0 ? failed : AGAIN;
      case 'remake':
        this.#isRemade = true;
        await queue.withdraw();
        emit({ kind: 'refused', problem, remedy });
        return AGAIN;
      case 'split':
      case 'give-up': {
        const carried = queue.carried.length;
        if (carried > 1) {
          // Down to the one that is wrong: the others are not to go with it.
          this.#limit = Math.floor(carried / 2);
          if (remedy === 'split') this.#ceiling = this.#limit;
          await queue.withdraw();
          emit({ kind: 'refused', problem, remedy: 'split' });
          return AGAIN;
        }
        await queue.setAside(asideLine(problem, pending, queue.carried, this.#nowMs()));
        await queue.settle('refused');
        emit({ kind: 'refused', problem, remedy: 'set-aside' });
        return AGAIN;
      }
    }
  }
}
