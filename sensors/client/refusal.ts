/** What a device does about a batch that the network refused. */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { NetworkProblem } from './problem.ts';
import type { PendingBatch } from './queue-records.ts';
import type { Measurement } from './senml.ts';

/**
 * `wait`: an operator, a clock or a new version can heal it, and the batch stays. `renumber`: the same bytes go under a
 * higher nonce. `remake`: the batch names a key of before; its measurements go in a new one. `split`: fewer measurements at a
 * time. `give-up`: it is about what was measured, and no retry changes it.
 */
export type Remedy = 'wait' | 'renumber' | 'remake' | 'split' | 'give-up';

const REMEDIES: ReadonlyMap<string, Remedy> = new Map([
  ['nonce-reused', 'renumber'],
  ['nonce-too-old', 'renumber'],
  ['wrong-base-name', 'remake'],
  ['empty-pack', 'give-up'],
  ['not-json', 'give-up'],
  ['not-cbor', 'give-up'],
  ['not-senml', 'give-up'],
  ['bad-gzip', 'give-up'],
  // Of the key, not of the batch: another one is needed, and what was measured can wait for it.
  ['weak-key', 'wait'],
]);

export function remedyOf({ code, status }: NetworkProblem): Remedy {
  const known = REMEDIES.get(code);
  if (known !== undefined) return known;
  if (status === 413) return 'split';
  return status === 422 ? 'give-up' : 'wait';
}

/** Of a batch that is given up, for people to look at; `measurements`: empty where the bytes were handed in whole. */
export function asideLine(
  { status, code, detail }: NetworkProblem,
  { nonce, contentType, contentEncoding, body }: PendingBatch,
  measurements: readonly Measurement[],
  nowMs: number,
): string {
  const content = measurements.length > 0 ? { measurements } : { contentEncoding, body: bytesToHex(body) };
  const at = new Date(nowMs).toISOString();
  return JSON.stringify({ what: 'refused', at, status, code, detail, nonce, contentType, ...content });
}
