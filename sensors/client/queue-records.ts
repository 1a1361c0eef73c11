/**
 * The queue's format: one record a line, `sum json`. The sum is the first eight hex digits of the SHA-256 of the JSON text, so
 * a line that was cut or changed is known for one; JSON has no line feed of its own, so the next line is found again.
 * What a queue holds is the fold of its records.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { isNonce } from './nonce.ts';
import type { Measurement } from './senml.ts';
import type { Batch } from './upload.ts';

export type PendingBatch = Omit<Batch, 'previous'> & {
  /** `sentThrough` once this batch is answered. */
  readonly through: number | null;
};

export type QueueRecord =
  /** Everything but what waits; the first line of a queue that was written anew. */
  | {
      readonly kind: 'state';
      readonly nonce: string | null;
      readonly sentThrough: number | null;
      readonly previous: string | null;
      readonly last: number;
    }
  /** Measurements, numbered from `first` on. */
  | { readonly kind: 'readings'; readonly first: number; readonly measurements: readonly Measurement[] }
  | { readonly kind: 'batch'; readonly batch: PendingBatch }
  /** The pending batch goes under another nonce. */
  | { readonly kind: 'renumbered'; readonly nonce: string }
  /** The pending batch is made anew of its measurements. */
  | { readonly kind: 'withdrawn' }
  /** For good. `digest`: of an accepted batch, hex; null: refused. */
  | { readonly kind: 'answered'; readonly through: number | null; readonly digest: string | null }
  | { readonly kind: 'skipped'; readonly through: number };

/** Raised when a program of before would read wrongly what this one writes. */
const VERSION = 1;
const SUM_DIGITS = 8;

export type Waiting = { readonly number: number; readonly measurement: Measurement };

export type QueueState = {
  /** Highest nonce ever stored, null before the first. */
  readonly nonce: string | null;
  /** Position up to which the network has answered: a measurement's number, or what the caller counts. */
  readonly sentThrough: number | null;
  readonly pending: PendingBatch | null;
  /** SHA-256 of the last batch that was accepted, hex; null: none, or not known. */
  readonly previous: string | null;
  /** The highest number given to a measurement. */
  readonly last: number;
  /** By number, oldest first; what the pending batch carries is among them. */
  readonly waiting: readonly Waiting[];
};

/** Folded in place: a backlog may have hundreds of thousands of measurements. */
type Folding = { -readonly [Name in keyof QueueState]: QueueState[Name] } & { waiting: Waiting[] };

export function emptyState(): Folding {
  return { nonce: null, sentThrough: null, pending: null, previous: null, last: 0, waiting: [] };
}

export function applyRecord(state: Folding, record: QueueRecord): void {
  switch (record.kind) {
    case 'state': {
      const { nonce, sentThrough, previous, last } = record;
      Object.assign(state, { ...emptyState(), nonce, sentThrough, previous, last });
      return;
    }
    case 'readings':
      for (const [at, measurement] of record.measurements.entries())
        state.waiting.push({ number: record.first + at, measurement });
      state.last = Math.max(state.last, record.first + record.measurements.length - 1);
      return;
    case 'batch':
      state.pending = record.batch;
      state.nonce = higher(state.nonce, record.batch.nonce);
      // Should a record of measurements have been lost, its numbers are not given out again.
      state.last = Math.max(state.last, record.batch.through ?? 0);
      return;
    case 'renumbered':
      state.pending = state.pending && { ...state.pending, nonce: record.nonce };
      state.nonce = higher(state.nonce, record.nonce);
      // The memory is an old copy, or another program uses the key: what it knows of the batch before would make a fork.
      state.previous = null;
      return;
    case 'withdrawn':
      state.pending = null;
      return;
    case 'answered':
      pass(state, record.through);
      state.pending = null;
      state.previous = record.digest ?? state.previous;
      return;
    case 'skipped':
      pass(state, record.through);
  }
}

function pass(state: Folding, through: number | null): void {
  if (through === null) return;
  state.sentThrough = through;
  state.last = Math.max(state.last, through);
  const kept = state.waiting.findIndex(({ number }) => number > through);
  state.waiting.splice(0, kept < 0 ? state.waiting.length : kept);
}

/** Nonces have one length, so text order is number order. */
function higher(known: string | null, nonce: string): string {
  return known !== null && known > nonce ? known : nonce;
}

/** The records that fold to this state. */
export function recordsOf({ nonce, sentThrough, previous, last, waiting, pending }: QueueState): QueueRecord[] {
  const records: QueueRecord[] = [{ kind: 'state', nonce, sentThrough, previous, last }];
  // Numbers may have holes, where a write failed: a record for each run.
  let run: { first: number; measurements: Measurement[] } | null = null;
  for (const { number, measurement } of waiting) {
    if (run === null || number !== run.first + run.measurements.length || run.measurements.length === 500) {
      run = { first: number, measurements: [] };
      records.push({ kind: 'readings', ...run });
    }
    run.measurements.push(measurement);
  }
  if (pending) records.push({ kind: 'batch', batch: pending });
  return records;
}

export function encodeRecord(record: QueueRecord): string {
  const json = JSON.stringify(rowOf(record));
  return `${sumOf(utf8ToBytes(json))} ${json}\n`;
}

function rowOf(record: QueueRecord): readonly unknown[] {
  switch (record.kind) {
    case 'state':
      return ['state', VERSION, record.nonce, record.sentThrough, record.previous, record.last];
    case 'readings':
      return ['readings', record.first, record.measurements.map(measurementRow)];
    case 'batch': {
      const { nonce, contentType, contentEncoding, body, through } = record.batch;
      return ['batch', nonce, contentType, contentEncoding ?? null, through, base64.encode(body)];
    }
    case 'renumbered':
      return ['renumbered', record.nonce];
    case 'withdrawn':
      return ['withdrawn'];
    case 'answered':
      return ['answered', record.through, record.digest];
    case 'skipped':
      return ['skipped', record.through];
  }
}

/** The unit only where it is not the catalogue's, which only grows. */
function measurementRow({ quantity, value, measuredMs, unit }: Measurement): readonly unknown[] {
  const row = [quantity, value, measuredMs];
  return unit === quantityByCode(quantity)?.unit ? row : [...row, unit];
}

/** Undefined: a line that was cut, changed, or written by somebody else. */
export function decodeRecord(line: Uint8Array): QueueRecord | undefined {
  const text = new TextDecoder().decode(line);
  const json = line.subarray(SUM_DIGITS + 1);
  if (text[SUM_DIGITS] !== ' ' || sumOf(json) !== text.slice(0, SUM_DIGITS)) return undefined;
  try {
    const row: unknown = JSON.parse(text.slice(SUM_DIGITS + 1));
    return Array.isArray(row) ? recordOf(row) : undefined;
  } catch (error) {
    if (error instanceof NewerQueue) throw error;
    return undefined;
  }
}

function recordOf([kind, ...row]: readonly unknown[]): QueueRecord | undefined {
  switch (kind) {
    case 'state': {
      const [version, nonce, sentThrough, previous, last] = row;
      // Not a broken line: reading on would send under used nonces.
      if (typeof version === 'number' && version > VERSION) throw new NewerQueue();
      if (!isNonceOrNull(nonce) || !isPositionOrNull(sentThrough) || !isTextOrNull(previous) || !isPosition(last))
        return undefined;
      return { kind, nonce, sentThrough, previous, last };
    }
    case 'readings': {
      const [first, rows] = row;
      if (!isPosition(first) || !Array.isArray(rows)) return undefined;
      const measurements = rows.map(measurementOf).filter((one) => one !== undefined);
      return measurements.length === rows.length ? { kind, first, measurements } : undefined;
    }
    case 'batch': {
      const [nonce, contentType, encoding, through, body] = row;
      if (!isNonceOrNull(nonce) || nonce === null || typeof contentType !== 'string' || typeof body !== 'string')
        return undefined;
      if ((encoding !== null && encoding !== 'gzip') || !isPositionOrNull(through)) return undefined;
      const bytes = { nonce, contentType, body: base64.decode(body), through };
      return { kind, batch: encoding === null ? bytes : { ...bytes, contentEncoding: encoding } };
    }
    case 'renumbered': {
      const [nonce] = row;
      return isNonceOrNull(nonce) && nonce !== null ? { kind, nonce } : undefined;
    }
    case 'withdrawn':
      return { kind };
    case 'answered': {
      const [through, digest] = row;
      return isPositionOrNull(through) && isTextOrNull(digest) ? { kind, through, digest } : undefined;
    }
    case 'skipped': {
      const [through] = row;
      return isPosition(through) ? { kind, through } : undefined;
    }
    default:
      return undefined;
  }
}

function measurementOf(row: unknown): Measurement | undefined {
  if (!Array.isArray(row)) return undefined;
  const [code, value, measuredMs, unit]: unknown[] = row;
  const quantity = quantityByCode(String(code));
  // JSON holds numbers that no pack does: one of them would stop all that wait.
  if (quantity === undefined || !isNumber(value) || !isPosition(measuredMs)) return undefined;
  return { quantity: quantity.code, value, unit: typeof unit === 'string' ? unit : quantity.unit, measuredMs };
}

const sumOf = (bytes: Uint8Array): string => bytesToHex(sha256(bytes)).slice(0, SUM_DIGITS);
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isPosition = (value: unknown): value is number => Number.isSafeInteger(value);
const isPositionOrNull = (value: unknown): value is number | null => value === null || isPosition(value);
const isTextOrNull = (value: unknown): value is string | null => value === null || typeof value === 'string';
const isNonceOrNull = (value: unknown): value is string | null =>
  value === null || (typeof value === 'string' && isNonce(value));

export class NewerQueue extends Error {
  constructor() {
    super('the queue was written by a newer version of this program; install that one again');
  }
}
