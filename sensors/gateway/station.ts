/** One device behind the gateway: keeps what it reports, signs it with the device's key, brings it to the network. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backoffMs } from '../../core/backoff.ts';
import type { SigningKey } from '../client/key.ts';
import { type PendingBatch, Queue } from '../client/queue.ts';
import { remedyOf } from '../client/refusal.ts';
import { type Measurement, writePack } from '../client/senml.ts';
import { SENML_JSON } from '../client/sign.ts';
import { type DeviceClock, type RetryPolicy, type Transport, type Uploaded, uploadBatch } from '../client/upload.ts';
import { Journal } from './journal.ts';

export type World = {
  readonly transport: Transport;
  /** Aborted when the gateway stops. */
  readonly stopping: AbortSignal;
  /** Longest wait between two tries, milliseconds. */
  readonly mostWaitMs: number;
  readonly log: (line: string) => void;
};

export type Kept = 'kept' | 'nothing-new' | 'full';

/** One correction of the clock needs a second try; waiting between tries is this file's. */
const POLICY: RetryPolicy = { attempts: 2, firstDelayMs: 500, maxDelayMs: 2_000, timeoutMs: 20_000 };
/** Some 50 kB: well under the limit of a batch, few enough to be repeated over a bad line. */
const MOST_IN_A_BATCH = 1_000;
/** Measurements remembered, so that a device may repeat itself. */
const REMEMBERED = 2_000;
/** In a row, before it waits: something else uses its key. */
const MAX_RENUMBERS = 3;

export class Station {
  readonly name: string;
  readonly #key: SigningKey;
  readonly #ingestUrl: string;
  readonly #queue: Queue;
  readonly #journal: Journal;
  readonly #world: World;
  readonly #refusedFile: string;
  readonly #clock: DeviceClock = { offsetMs: 0 };
  /** Quantity and time, oldest first. */
  readonly #seen = new Set<string>();
  #keeping: Promise<unknown> = Promise.resolve();
  #wake = Promise.withResolvers<void>();
  #failures = 0;
  #renumbers = 0;
  #sent = 0;
  #lastSentMs: number | null = null;

  private constructor(
    device: { readonly name: string; readonly key: SigningKey; readonly ingestUrl: string },
    dir: string,
    [queue, journal]: readonly [Queue, Journal],
    world: World,
  ) {
    this.name = device.name;
    this.#key = device.key;
    this.#ingestUrl = device.ingestUrl;
    this.#queue = queue;
    this.#journal = journal;
    this.#world = world;
    this.#refusedFile = join(dir, `${device.name}.refused.jsonl`);
    for (const measurement of journal.found) this.#remember(measurement);
  }

  static async open(
    device: { readonly name: string; readonly key: SigningKey; readonly ingestUrl: string },
    dir: string,
    world: World,
  ): Promise<Station> {
    const queue = await Queue.open(join(dir, `${device.name}.queue.json`));
    const journal = await Journal.open(join(dir, `${device.name}.journal.jsonl`), queue.state.sentThrough);
    return new Station(device, dir, [queue, journal], world);
  }

  get waiting(): number {
    return this.#journal.waiting;
  }

  get health(): string {
    const last = this.#lastSentMs === null ? 'nothing sent yet' : `last at ${timeOfDay(this.#lastSentMs)}`;
    return `${this.name}: ${this.#sent} sent, ${this.waiting} waiting, ${last}`;
  }

  /** On disk when it returns, also what a device repeats. A second value of the same quantity and time is not kept. */
  keep(measurements: readonly Measurement[]): Promise<Kept> {
    const kept = this.#keeping.then(() => this.#keep(measurements));
    // The failure is its caller's; the next request is kept all the same.
    this.#keeping = kept.catch(() => {});
    return kept;
  }

  async #keep(measurements: readonly Measurement[]): Promise<Kept> {
    const fresh = measurements.filter((measurement) => !this.#seen.has(nameOf(measurement)));
    if (fresh.length === 0) return 'nothing-new';
    if ((await this.#journal.append(fresh)) === 'full') return 'full';
    for (const measurement of fresh) this.#remember(measurement);
    this.#wake.resolve();
    return 'kept';
  }

  #remember(measurement: Measurement): void {
    this.#seen.add(nameOf(measurement));
    const [oldest] = this.#seen;
    if (this.#seen.size > REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** Until the gateway stops; `closed` comes when nothing more will be reported. */
  async run(closed: Promise<void>): Promise<void> {
    const { stopping } = this.#world;
    const wake = (): void => this.#wake.resolve();
    stopping.addEventListener('abort', wake);
    while (!stopping.aborted) await this.#step();
    stopping.removeEventListener('abort', wake);
    await closed;
    await this.#journal.close();
  }

  async #step(): Promise<void> {
    const { transport, log } = this.#world;
    try {
      const pending = this.#queue.state.pending ?? (await this.#nextBatch());
      if (pending !== null) {
        const waitMs = await this.#send(pending);
        if (waitMs > 0) await transport.wait(waitMs);
        return;
      }
    } catch (error) {
      // A full disk heals, and nothing was sent that is not on it; without a code it is a bug.
      if (!(error instanceof Error && 'code' in error)) throw error;
      log(`${this.name}: ${error.message}`);
      await transport.wait(this.#backOff());
      return;
    }
    await this.#wake.promise;
    this.#wake = Promise.withResolvers();
  }

  async #nextBatch(): Promise<PendingBatch | null> {
    const next = this.#journal.next(MOST_IN_A_BATCH);
    if (next === null) return null;
    const body = new TextEncoder().encode(writePack(this.#key.did, next.measurements));
    return this.#queue.put({ contentType: SENML_JSON, body }, next.through, this.#world.transport.nowMs());
  }

  /** Milliseconds to wait before the next. */
  async #send(pending: PendingBatch): Promise<number> {
    const { transport, log, stopping } = this.#world;
    const sent = await uploadBatch(this.#key, this.#ingestUrl, pending, transport, this.#clock, POLICY);
    if (sent.ok) {
      this.#renumbers = 0;
      this.#failures = 0;
      await this.#settle(pending);
      this.#tell(sent.value);
      return 0;
    }
    if (stopping.aborted) return 0;
    if (sent.error.reason === 'unreachable') {
      const waitMs = this.#backOff();
      log(`${this.name}: not sent (${sent.error.detail}); ${this.waiting} waiting, again in ${seconds(waitMs)}`);
      return waitMs;
    }
    const { problem } = sent.error;
    log(`${this.name}: refused, ${problem.code}: ${problem.detail}${problem.remedy ? ` ${problem.remedy}` : ''}`);
    switch (remedyOf(problem)) {
      case 'wait':
        return this.#backOff();
      case 'renumber':
        await this.#queue.renumber(problem.highest, transport.nowMs());
        this.#renumbers++;
        return this.#renumbers % MAX_RENUMBERS === 0 ? this.#backOff() : 0;
      case 'give-up': {
        const kept = { code: problem.code, nonce: pending.nonce, pack: new TextDecoder().decode(pending.body) };
        await appendFile(this.#refusedFile, `${JSON.stringify(kept)}\n`);
        await this.#settle(pending);
        log(`${this.name}: what was refused is kept in ${this.#refusedFile}`);
        return 0;
      }
    }
  }

  /** First the queue, on disk: until then the batch is pending and goes again under its nonce. */
  async #settle({ through }: PendingBatch): Promise<void> {
    await this.#queue.settle();
    if (through !== null) await this.#journal.sent(through);
  }

  #backOff(): number {
    this.#failures++;
    const steps = { firstDelayMs: 1_000, maxDelayMs: this.#world.mostWaitMs };
    return backoffMs(this.#failures, steps, this.#world.transport.jitter());
  }

  #tell(uploaded: Uploaded): void {
    this.#lastSentMs = this.#world.transport.nowMs();
    if (uploaded.status === 'expired') {
      this.#world.log(`${this.name}: receipt ${uploaded.receipt}, from before`);
      return;
    }
    const { receipt, readings, flags } = uploaded.receipt;
    this.#sent += readings.accepted;
    const refused = readings.refused.map(({ quantity, code }) => `${quantity} ${code}`);
    const notes = [
      readings.duplicate > 0 ? `${readings.duplicate} were there` : '',
      refused.length > 0 ? `refused: ${refused.slice(0, 5).join(', ')}` : '',
      flags.length > 0 ? `${flags.length} flagged` : '',
      this.waiting > 0 ? `${this.waiting} waiting` : '',
    ].filter((note) => note !== '');
    this.#world.log(`${this.name}: ${[`${readings.accepted} accepted`, ...notes].join(', ')} (${receipt})`);
  }
}

const nameOf = ({ quantity, measuredMs }: Measurement): string => `${quantity}@${measuredMs}`;
const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

export function timeOfDay(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
