/** What a device is told. Codes and severity only: bands and neighbours follow after the publication delay. */
import type { DeviceId, RegionCell } from '../ids.ts';
import type { Flag } from '../reading/reading.ts';

export type Receipt = {
  /** `{cell}-{seq}`: the place of the batch in the region's log. */
  readonly receipt: string;
  readonly device: DeviceId;
  readonly region: RegionCell;
  /** RFC 3339. */
  readonly received: string;
  readonly readings: {
    readonly accepted: number;
    /** Same quantity, time and value as before: nothing counted twice. */
    readonly duplicate: number;
    /** Of the accepted: after the close of their hour, never paid. */
    readonly late: number;
    readonly refused: readonly RefusedReading[];
  };
  readonly flags: readonly ReceiptFlag[];
  /** Of the newest reading of each quantity: what the neighbors' last closed hour says of it, and calm air with a direction. Hints, never scored. */
  readonly provisional: readonly ProvisionalFlag[];
  /** Seconds until the network expects the next batch. */
  readonly next: { readonly interval: number };
};

export type ReadingRefusal = 'too-old' | 'in-the-future' | 'before-move' | 'already-covered' | 'conflicting-value';
export type RefusedReading = { readonly quantity: string; readonly time: string; readonly code: ReadingRefusal };

/** Stable codes of the checks; the meaning of each is in docs/quality.md. */
export type CheckCode = 'range' | 'step' | 'flat' | 'late' | 'time' | 'consistency';
export type ReceiptFlag = {
  readonly quantity: string;
  readonly time: string;
  readonly test: CheckCode;
  readonly flag: Flag;
};

/**
 * `neighbour`: 1 near what the neighbors say, 3 far from it. `consistency`: 3, a wind direction though the speed is 0.
 * A quantity of which nothing can be said now is not listed.
 */
export type ProvisionalFlag = {
  readonly quantity: string;
  readonly time: string;
  readonly test: 'neighbour' | 'consistency';
  readonly flag: 1 | 3;
};
