/** What a client tells of its work, as it happens; `status()` says the same in short. */
import type { RefusedReading } from '../../core/region/receipt.ts';
import type { NetworkProblem } from './problem.ts';
import type { Repair } from './queue.ts';
import type { Uploaded } from './receipt.ts';

export type ClientEvent =
  /** The network has a batch of so many measurements. */
  | { readonly kind: 'delivered'; readonly uploaded: Uploaded; readonly measurements: number }
  /** The network said no. `remedy`: what the client does about it. */
  | {
      readonly kind: 'refused';
      readonly problem: NetworkProblem;
      readonly remedy: 'wait' | 'renumber' | 'remake' | 'split' | 'set-aside';
    }
  /** No answer, or one that says nothing about the batch; or the key's store did not sign. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** The device's clock was wrong; from now on it is corrected by so much, for signatures and for the time of readings. */
  | { readonly kind: 'clock'; readonly offsetMs: number }
  /** The queue could not be written; nothing is lost, and it is tried again. */
  | { readonly kind: 'not-stored'; readonly detail: string }
  /** The queue was found damaged, and goes on. */
  | { readonly kind: 'repaired'; readonly repair: Repair }
  /** After a failure: the next try comes in so many milliseconds. */
  | { readonly kind: 'waiting'; readonly ms: number };

export type ClientStatus = {
  /** Measurements that the network has not answered. */
  readonly waiting: number;
  /** Measurements that the network accepted since the client was opened. */
  readonly accepted: number;
  /** Bytes of the queue on its medium. */
  readonly queueBytes: number;
  readonly clockOffsetMs: number;
  /** Tries that failed since the last batch was delivered. */
  readonly failures: number;
  readonly last: {
    readonly uploaded: Uploaded | null;
    readonly deliveredMs: number | null;
    /** Since then; null after a delivery. */
    readonly problem: NetworkProblem | null;
  };
  /** Of the last receipt: single readings that were not taken, each with its code. */
  readonly refused: readonly RefusedReading[];
};
