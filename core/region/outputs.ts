/** What a closed hour gives to the outside. The fold emits these; the object publishes them; a refold emits them again. */
import type { DeviceId } from '../ids.ts';
import type { MembershipBody } from './entry.ts';
import type { Fork } from './fork.ts';
import type { ScoreParts } from './score.ts';

export type Outputs = {
  readonly hours: ClosedHour[];
  readonly days: DeviceDay[];
  readonly revisions: DayRevision[];
  readonly events: AnomalyEvent[];
  readonly seals: Seal[];
  readonly forks: ForkReport[];
};

export function noOutputs(): Outputs {
  return { hours: [], days: [], revisions: [], events: [], seals: [], forks: [] };
}

/** [slot, quantity, readings, sum in steps, min, max, flag, tests] */
export type JudgedCell = readonly [number, number, number, number, number, number, number, number];

export type ClosedHour = {
  readonly hour: number;
  readonly cells: readonly JudgedCell[];
  /** Of each cell: times its worst test's limit, 0 where nothing was found. For benchmarks; not stored. */
  readonly severities: readonly number[];
};

/** [readings, sum in steps, flag, tests] */
export type DayCell = readonly [number, number, number, number];
export type DaySeries = { readonly quantity: number; readonly hours: readonly (DayCell | null)[] };

/**
 * What a payout depends on besides the score, and where the device stood, as of the day's close. `claimedMs`: or its arrival
 * in its density cell, if later.
 */
export type DayMember = Pick<
  MembershipBody,
  'device' | 'owner' | 'status' | 'tier' | 'density' | 'claimedMs' | 'latitudeE5' | 'longitudeE5'
> & {
  /** The key under which it was claimed, where it has another one now; else null. */
  readonly origin: DeviceId | null;
};

export type DeviceDay = {
  readonly member: DayMember;
  readonly epoch: number;
  readonly scoreBps: number;
  readonly score30Bps: number;
  /** Exponential mean of about a week, and whether it lets the device earn (score.ts). */
  readonly weeklyBps: number;
  readonly eligible: boolean;
  readonly parts: ScoreParts;
  readonly series: readonly DaySeries[];
};

/** All late cells known so far of one device and epoch; replaces the revision before. */
export type DayRevision = {
  readonly member: DayMember;
  readonly epoch: number;
  readonly late: number;
  readonly series: readonly DaySeries[];
};

export type AnomalyEvent = {
  readonly change: 'begin' | 'worsen' | 'end';
  /** Key of the device when it began. */
  readonly device: DeviceId;
  readonly slot: number;
  readonly quantity: number;
  readonly test: number;
  readonly startHour: number;
  /** Exclusive; null: goes on. */
  readonly endHour: number | null;
  readonly flag: number;
  /** Worst so far, in times the test's limit. */
  readonly severity: number;
  /** Of the hour in which it began. */
  readonly measured: number;
  readonly low: number | null;
  readonly high: number | null;
  /** The devices that it was compared with, nearest first, perhaps of other regions. */
  readonly against: readonly DeviceId[];
};

/** A fork in the chain of a device's batches (chain.ts); `older` and `seq` name it, and a later word on it replaces the one before. */
export type ForkReport = Pick<Fork, 'device' | 'seq' | 'parent' | 'verdict'> & {
  /** Entry that began the older line: a new line is a fork with each of the others. */
  readonly older: number;
  /** Entries of the older branch, and of the younger. */
  readonly branches: readonly (readonly number[])[];
};

/** Entries `fromSeq` to `toSeq` are complete and go to the archive with hour `hour`. */
export type Seal = { readonly fromSeq: number; readonly toSeq: number; readonly hour: number };
