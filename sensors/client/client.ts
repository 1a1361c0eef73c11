/**
 * What a sensor's program uses: readings in, and they reach the network once, however often the power or the line goes.
 * Runs in Node, Deno and browsers; where the queue lies and who signs is handed in.
 */
import { type Backoff, fullJitterMs } from '../../core/backoff.ts';
import { type QuantityCode, quantityByCode } from '../../core/reading/quantity.ts';
import type { RefusedReading } from '../../core/region/receipt.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Form, MAX_RECORDS } from './batch.ts';
import { CorrectedClock } from './clock.ts';
import type { ClientEvent, ClientStatus } from './events.ts';
import type { SigningKey } from './key.ts';
import type { NetworkProblem } from './problem.ts';
import { MAX_QUEUE_BYTES, Queue } from './queue.ts';
import type { Uploaded } from './receipt.ts';
import { RecentReadings } from './recent.ts';
import { Sender, type SendFailure, type Step } from './sender.ts';
import type { Measurement } from './senml.ts';
import { NotStored, type QueueStorage } from './storage.ts';
import { REAL_WORLD, type World } from './world.ts';

export type { Form } from './batch.ts';
export type { ClientEvent, ClientStatus } from './events.ts';
export type { SigningKey } from './key.ts';
export type { NetworkProblem } from './problem.ts';
export type { Repair } from './queue.ts';
export type { Uploaded } from './receipt.ts';
export type { SendFailure } from './sender.ts';
export { MemoryStorage, type QueueStorage } from './storage.ts';
export type { World } from './world.ts';
export type { QuantityCode } from '../../core/reading/quantity.ts';
export type { Receipt } from '../../core/region/receipt.ts';

export type ClientOptions = {
  /** The address that the device was given when it was claimed. */
  readonly ingestUrl: string;
  readonly key: SigningKey;
  readonly storage: QueueStorage;
  /** Default: `json`. */
  readonly form?: Form;
  /** JSON bodies of more bytes are compressed. Default: 1,024. */
  readonly gzipAboveBytes?: number;
  /** When `run` sends: so many readings wait (1,000), or the oldest has waited so long (60,000 ms). */
  readonly batch?: { readonly maxReadings?: number; readonly maxWaitMs?: number };
  readonly retry?: Partial<ClientRetry>;
  /** Readings beyond it are refused, not older ones dropped. Default: 16 MiB. */
  readonly maxQueueBytes?: number;
  readonly onEvent?: (event: ClientEvent) => void;
  readonly world?: Partial<World>;
};

export type ClientRetry = Backoff & {
  /** Of one upload. */
  readonly timeoutMs: number;
  /** Of `flush`; `run` never gives up. */
  readonly attempts: number;
};

export type NewReading = {
  readonly quantity: QuantityCode;
  /** In `unit`, by default the catalogue's (`/v1/quantities`). */
  readonly value: number;
  readonly unit?: string;
  /** Time of measurement, Unix milliseconds. Default: now, by the corrected clock. */
  readonly measuredMs?: number;
};

export type NotKept =
  | { readonly reason: 'bad-reading'; readonly detail: string }
  /** So much waits already; what is there stays. */
  | { readonly reason: 'full'; readonly detail: string }
  /** The disk is full or broken. Nothing of the call is kept; everything kept before still is. */
  | { readonly reason: 'not-stored'; readonly detail: string };

const RETRY: ClientRetry = { firstDelayMs: 1_000, maxDelayMs: 300_000, timeoutMs: 30_000, attempts: 6 };
const MAX_READINGS = 1_000;
const MAX_WAIT_MS = 60_000;
const GZIP_ABOVE_BYTES = 1_024;

/** Throws what the storage throws where it cannot be read or another program has it; never for what it holds. */
export async function openClient(options: ClientOptions): Promise<SensorClient> {
  const queue = await Queue.open(options.storage, options.maxQueueBytes ?? MAX_QUEUE_BYTES);
  return new SensorClient(queue, options);
}

export class SensorClient {
  readonly #queue: Queue;
  readonly #sender: Sender;
  readonly #world: World;
  readonly #retry: ClientRetry;
  readonly #maxReadings: number;
  readonly #maxWaitMs: number;
  readonly #onEvent: (event: ClientEvent) => void;
  readonly #recent = new RecentReadings();
  /** When the oldest of those that wait was recorded; what was there at the opening has waited long enough. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  /** Everything up to this number is due. */
  #dueThrough = 0;
  #wake: () => void = () => {};
  /** One upload after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #accepted = 0;
  #uploaded: Uploaded | null = null;
  #deliveredMs: number | null = null;
  #problem: NetworkProblem | null = null;
  #refused: readonly RefusedReading[] = [];

  /** @internal openClient makes it */
  constructor(queue: Queue, options: ClientOptions) {
    const { ingestUrl, key, form = 'json', gzipAboveBytes = GZIP_ABOVE_BYTES, batch, retry, onEvent } = options;
    this.#queue = queue;
    this.#world = { ...REAL_WORLD, ...options.world };
    this.#retry = { ...RETRY, ...retry };
    this.#maxReadings = Math.max(1, Math.min(batch?.maxReadings ?? MAX_READINGS, MAX_RECORDS));
    this.#maxWaitMs = batch?.maxWaitMs ?? MAX_WAIT_MS;
    this.#onEvent = onEvent ?? (() => {});
    this.#sender = new Sender({
      queue,
      key,
      ingestUrl,
      encoding: { form, gzipAboveBytes },
      maxReadings: this.#maxReadings,
      timeoutMs: this.#retry.timeoutMs,
      clock: new CorrectedClock(this.#world),
      transport: this.#world,
      emit: (event) => this.#emit(event),
    });
    for (const measurement of queue.found) this.#recent.add(measurement, Promise.resolve(true));
    if (queue.repair.cutBytes > 0 || queue.repair.broken > 0) this.#emit({ kind: 'repaired', repair: queue.repair });
  }

  /**
   * On the medium when it says `kept`. A second reading of the same quantity and time is `known` and not kept: the network
   * would hold another value against the device.
   */
  async record(given: NewReading | readonly NewReading[]): Promise<Result<'kept' | 'known', NotKept>> {
    const measurements: Measurement[] = [];
    for (const reading of Array.isArray(given) ? given : [given]) {
      const read = this.#measurementOf(reading);
      if (!read.ok) return read;
      measurements.push(read.value);
    }
    try {
      return await this.#keep(measurements);
    } catch (error) {
      if (!(error instanceof NotStored)) throw error;
      return err({ reason: 'not-stored', detail: error.message });
    }
  }

  async #keep(measurements: readonly Measurement[]): Promise<Result<'kept' | 'known', NotKept>> {
    let tell: (isStored: boolean) => void = () => {};
    const stored = new Promise<boolean>((resolve) => (tell = resolve));
    const fresh = new Set(measurements.filter((measurement) => this.#recent.add(measurement, stored)));
    const isStored = fresh.size === 0 || (await this.#store([...fresh], tell));
    if (!isStored)
      return err({ reason: 'full', detail: `${this.#queue.state.waiting.length} readings wait to be sent` });
    // Another call may be storing the same ones, and fail.
    const missing: Measurement[] = [];
    for (const measurement of measurements)
      if (!fresh.has(measurement) && !(await this.#recent.isStored(measurement))) missing.push(measurement);
    if (missing.length > 0) return this.#keep(missing);
    return ok(fresh.size > 0 ? 'kept' : 'known');
  }

  async #store(fresh: readonly Measurement[], tell: (isStored: boolean) => void): Promise<boolean> {
    if (this.#queue.state.waiting.length === 0) this.#sinceMs = this.#world.nowMs();
    let isStored = false;
    try {
      isStored = (await this.#queue.keep(fresh)) === 'kept';
    } finally {
      if (!isStored) this.#recent.forget(fresh);
      tell(isStored);
    }
    this.#wake();
    return isStored;
  }

  #measurementOf({ quantity: code, value, unit, measuredMs }: NewReading): Result<Measurement, NotKept> {
    const quantity = quantityByCode(code);
    if (quantity === undefined) return err({ reason: 'bad-reading', detail: `"${code}" is no quantity` });
    if (!Number.isFinite(value)) return err({ reason: 'bad-reading', detail: `${code}: ${value} is no value` });
    const at = measuredMs ?? this.#world.nowMs() + this.#sender.clock.offsetMs;
    if (!Number.isSafeInteger(at)) return err({ reason: 'bad-reading', detail: `${code}: ${at} is no time` });
    return ok({ quantity: quantity.code, value, unit: unit ?? quantity.unit, measuredMs: at });
  }

  /** Sends everything that waits now, with `retry.attempts` tries; what is not delivered stays. */
  async flush({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Result<ClientStatus, SendFailure>> {
    for (let failures = 0; ;) {
      const step = await this.#step(signal);
      if (step.kind === 'idle') return ok(this.status());
      if (step.kind === 'delivered') failures = 0;
      if (step.kind !== 'failed') continue;
      failures++;
      if (failures >= this.#retry.attempts || signal?.aborted) return err(step.failure);
      await this.#backOff(step.retryAfterMs, signal);
      if (signal?.aborted) return err(step.failure);
    }
  }

  /** Sends batch after batch as they fill up or grow old, until the signal; what waits then goes out at the next start. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      const dueMs = this.#dueMs();
      if (dueMs > 0) {
        await this.#pause(dueMs, signal);
        continue;
      }
      const step = await this.#step(signal);
      if (step.kind === 'failed' && !signal.aborted) await this.#backOff(step.retryAfterMs, signal);
    }
  }

  status(): ClientStatus {
    return {
      waiting: this.#queue.state.waiting.length,
      accepted: this.#accepted,
      queueBytes: this.#queue.bytes,
      clockOffsetMs: this.#sender.clock.offsetMs,
      failures: this.#failures,
      last: { uploaded: this.#uploaded, deliveredMs: this.#deliveredMs, problem: this.#problem },
      refused: this.#refused,
    };
  }

  /** After `run` has ended: lets another program have the queue. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#queue.close();
  }

  #step(signal: AbortSignal | undefined): Promise<Step> {
    const done = this.#turn.then(() => this.#sender.step(signal));
    // The failure is its caller's; the next step goes on all the same.
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Until the next batch is to be sent. */
  #dueMs(): number {
    const { pending, waiting, last } = this.#queue.state;
    const [oldest] = waiting;
    if (pending !== null) return 0;
    if (oldest === undefined) return Number.POSITIVE_INFINITY;
    if (oldest.number <= this.#dueThrough) return 0;
    const nowMs = this.#world.nowMs();
    // The clock was set back: else nothing would go until it has caught up.
    this.#sinceMs = Math.min(this.#sinceMs, nowMs);
    const leftMs = waiting.length >= this.#maxReadings ? 0 : this.#sinceMs + this.#maxWaitMs - nowMs;
    if (leftMs > 0) return leftMs;
    this.#dueThrough = last;
    // Whatever comes from now on is the next batch's.
    this.#sinceMs = nowMs;
    return 0;
  }

  async #backOff(retryAfterMs: number | null, signal: AbortSignal | undefined): Promise<void> {
    this.#failures++;
    const ms = retryAfterMs ?? fullJitterMs(this.#failures, this.#retry, this.#world.random());
    this.#emit({ kind: 'waiting', ms });
    await this.#world.wait(ms, signal);
  }

  /** Ended early by a new reading. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await this.#world.wait(ms, AbortSignal.any([signal, woken.signal]));
    this.#wake = () => {};
  }

  #emit(event: ClientEvent): void {
    if (event.kind === 'delivered') this.#delivered(event.uploaded);
    if (event.kind === 'refused') this.#problem = event.problem;
    this.#onEvent(event);
  }

  #delivered(uploaded: Uploaded): void {
    this.#failures = 0;
    this.#problem = null;
    this.#uploaded = uploaded;
    this.#deliveredMs = this.#world.nowMs();
    if (uploaded.status === 'expired') return;
    this.#accepted += uploaded.receipt.readings.accepted;
    this.#refused = uploaded.receipt.readings.refused;
  }
}
