/**
 * A device's memory: what it measured and the network has not answered yet, its nonce, and the batch on its way. Each is on
 * the medium before anything relies on it: measurements before they are called kept, a batch with its nonce and exact bytes
 * before it is sent, an answer before the batch goes. So a kill or a loss of power at any moment loses nothing; and since
 * the same nonce and bytes go again, nothing counts twice. queue-records.ts has the format.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { isNonce, nextNonce } from './nonce.ts';
import {
  applyRecord,
  decodeRecord,
  emptyState,
  encodeRecord,
  type PendingBatch,
  type QueueRecord,
  type QueueState,
  recordsOf,
} from './queue-records.ts';
import type { Measurement } from './senml.ts';
import { NotStored, type QueueStorage } from './storage.ts';

export type { PendingBatch, QueueState } from './queue-records.ts';

/** 40 days of a post a minute; the network takes nothing older than 30. */
export const MAX_QUEUE_BYTES = 16 * 1024 * 1024;
/** What is answered stays until there is so much of it. */
const TRIM_BYTES = 256 * 1024;
/** Of a measurement in its record, and of the record around. */
const USUAL_BYTES = 30;
const USUAL_RECORD_BYTES = 40;

/** What the opening found that a loss of power or a worn medium had done. */
export type Repair = {
  /** Of an append that was cut; it had never been called kept. */
  readonly cutBytes: number;
  /** Lines that could not be read; they are set aside, the rest goes on. */
  readonly broken: number;
};

type Group = { readonly records: QueueRecord[]; readonly done: Promise<void> };

export class Queue {
  readonly repair: Repair;
  /** All measurements that the queue held when it was opened, answered or not. */
  readonly found: readonly Measurement[];
  readonly #storage: QueueStorage;
  readonly #maxBytes: number;
  readonly #state = emptyState();
  /** Number of the last measurement that a write was begun for. */
  #numbered = 0;
  #bytes: number;
  /** About so many of them are of no use any more. */
  #idleBytes = 0;
  /** Not set aside yet, because the medium did not take it. */
  #broken: string[];
  /** Waits for the write before it, so that many calls share one write. */
  #group: Group | null = null;
  /** One write after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(storage: QueueStorage, read: Read, maxBytes: number) {
    this.#storage = storage;
    this.#maxBytes = maxBytes;
    this.#bytes = read.bytes;
    this.#broken = [...read.broken];
    this.repair = { cutBytes: read.cutBytes, broken: read.brokenLines };
    const found: Measurement[] = [];
    for (const record of read.records) {
      if (record.kind === 'readings') found.push(...record.measurements);
      this.#apply(record);
    }
    this.found = found;
    // A device that does not know its last batch names none: naming an older one would look like a copy of the device.
    if (read.broken.length > 0) this.#state.previous = null;
    this.#numbered = this.#state.last;
  }

  /** Never fails for what a loss of power or a worn medium left there; `repair` tells of it. */
  static async open(storage: QueueStorage, maxBytes = MAX_QUEUE_BYTES): Promise<Queue> {
    const read = readRecords(await storage.read());
    if (read.cutBytes > 0) await stored(storage.truncate(read.bytes));
    const queue = new Queue(storage, read, maxBytes);
    // Left in place where the medium is full: found again at the next opening.
    if (read.broken.length > 0) await queue.#rewrite().catch(() => {});
    return queue;
  }

  /** For looking only, while another program may be using it. */
  static peek(bytes: Uint8Array): QueueState {
    const state = emptyState();
    for (const record of readRecords(bytes).records) applyRecord(state, record);
    return state;
  }

  get state(): QueueState {
    return this.#state;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** On the medium when it resolves. Throws NotStored; nothing of it is then kept. */
  async keep(measurements: readonly Measurement[]): Promise<'kept' | 'full'> {
    if (measurements.length === 0) return 'kept';
    const wanted = measurements.length * USUAL_BYTES + USUAL_RECORD_BYTES;
    if (this.#bytes - this.#idleBytes + wanted > this.#maxBytes) return 'full';
    const first = this.#numbered + 1;
    this.#numbered += measurements.length;
    await this.#write({ kind: 'readings', first, measurements });
    return 'kept';
  }

  /** The oldest that wait, and the number of the last of them. */
  next(most: number): { readonly measurements: readonly Measurement[]; readonly through: number } | null {
    const taken = this.#state.waiting.slice(0, most);
    const last = taken.at(-1);
    return last === undefined
      ? null
      : { measurements: taken.map(({ measurement }) => measurement), through: last.number };
  }

  /** Those that the pending batch carries. */
  get carried(): readonly Measurement[] {
    const through = this.#state.pending?.through ?? null;
    if (through === null) return [];
    return this.#state.waiting.filter(({ number }) => number <= through).map(({ measurement }) => measurement);
  }

  /** Gives the bytes a nonce and keeps both. Only one batch is on its way at a time. */
  async put(
    bytes: Omit<PendingBatch, 'nonce' | 'through'>,
    through: number | null,
    nowMs: number,
  ): Promise<PendingBatch> {
    if (this.#state.pending) throw new Error('a batch is still on its way');
    const batch = { ...bytes, nonce: nextNonce(this.#state.nonce, nowMs), through };
    await this.#write({ kind: 'batch', batch });
    return batch;
  }

  /** The network answered for good: accepted, or refused for a reason that no retry can change. */
  async settle(outcome: 'accepted' | 'refused' = 'accepted'): Promise<void> {
    const { pending } = this.#state;
    const digest = pending && outcome === 'accepted' ? bytesToHex(sha256(pending.body)) : null;
    const carried = this.carried.length;
    await this.#write({ kind: 'answered', through: pending?.through ?? null, digest });
    this.#idleBytes += (pending?.body.length ?? 0) * (4 / 3) + carried * USUAL_BYTES;
    await this.#trim();
  }

  /** The pending batch will be made anew, smaller, of the measurements it carries. */
  async withdraw(): Promise<void> {
    this.#idleBytes += (this.#state.pending?.body.length ?? 0) * (4 / 3);
    await this.#write({ kind: 'withdrawn' });
  }

  /** Nothing was measured up to here: there is nothing to send. */
  async skip(through: number): Promise<void> {
    if (this.#state.pending) throw new Error('a batch is still on its way');
    await this.#write({ kind: 'skipped', through });
    await this.#trim();
  }

  /**
   * The network knows a higher nonce of this key (another program used it, or this queue is an old copy). The bytes keep
   * their place under a new nonce; measurements that did arrive before are recognised one by one.
   */
  async renumber(highest: string | null, nowMs: number): Promise<PendingBatch> {
    const { pending } = this.#state;
    if (!pending) throw new Error('no batch to renumber');
    // Nonces have one length, so text order is number order.
    const known = highest !== null && isNonce(highest) ? highest : pending.nonce;
    const nonce = nextNonce(known > pending.nonce ? known : pending.nonce, nowMs);
    await this.#write({ kind: 'renumbered', nonce });
    return { ...pending, nonce };
  }

  /** Beside the queue, for people to look at. */
  setAside(line: string): Promise<void> {
    return stored(this.#storage.setAside(line));
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#storage.close();
  }

  /** Together with what else comes while the write before goes on. */
  #write(record: QueueRecord): Promise<void> {
    this.#group ??= this.#newGroup();
    this.#group.records.push(record);
    return this.#group.done;
  }

  #newGroup(): Group {
    const records: QueueRecord[] = [];
    const done = this.#inTurn(async () => {
      this.#group = null;
      const bytes = utf8ToBytes(records.map(encodeRecord).join(''));
      await stored(this.#storage.append(bytes));
      this.#bytes += bytes.length;
      for (const record of records) this.#apply(record);
    });
    return { records, done };
  }

  #apply(record: QueueRecord): void {
    applyRecord(this.#state, record);
  }

  async #trim(): Promise<void> {
    const isIdle = this.#state.waiting.length === 0 && this.#state.pending === null;
    if (this.#bytes < TRIM_BYTES || (!isIdle && this.#idleBytes < Math.max(TRIM_BYTES, this.#bytes / 2))) return;
    // What is kept is kept either way: a full disk only keeps it larger.
    await this.#inTurn(() => this.#rewrite()).catch(() => {});
  }

  /** Everything that is still of use, in place of everything. What could not be read goes beside it first. */
  async #rewrite(): Promise<void> {
    // One write: a worn medium may have left thousands, and each write waits for the medium.
    if (this.#broken.length > 0) await this.setAside(this.#broken.join('\n'));
    this.#broken = [];
    const bytes = utf8ToBytes(recordsOf(this.#state).map(encodeRecord).join(''));
    await stored(this.#storage.replace(bytes));
    this.#bytes = bytes.length;
    this.#idleBytes = 0;
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step);
    // The failure is its caller's; the next step goes on all the same.
    this.#turn = done.catch(() => {});
    return done;
  }
}

type Read = {
  readonly records: readonly QueueRecord[];
  /** Of whole lines. */
  readonly bytes: number;
  readonly cutBytes: number;
  readonly brokenLines: number;
  /** As they are set aside: one for lines that follow each other. */
  readonly broken: readonly string[];
};

const LINE_FEED = 10;

function readRecords(bytes: Uint8Array): Read {
  const records: QueueRecord[] = [];
  const stretches: { from: number; until: number }[] = [];
  let brokenLines = 0;
  let from = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
    const line = bytes.subarray(from, end);
    const record = decodeRecord(line);
    if (record) records.push(record);
    else {
      brokenLines += 1;
      const before = stretches.at(-1);
      if (before?.until === from) before.until = end + 1;
      else stretches.push({ from, until: end + 1 });
    }
    from = end + 1;
  }
  const broken = stretches.map((stretch) => {
    const text = new TextDecoder().decode(bytes.subarray(stretch.from, stretch.until - 1));
    return JSON.stringify({ what: 'broken line', at: stretch.from, text });
  });
  return { records, bytes: from, cutBytes: bytes.length - from, brokenLines, broken };
}

async function stored(step: Promise<void>): Promise<void> {
  try {
    await step;
  } catch (error) {
    throw new NotStored(error);
  }
}
