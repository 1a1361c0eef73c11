/**
 * All that a region knows, as plain JSON: what the fold reads and changes, what a checkpoint stores and what the state
 * hash covers. Derived look-ups (device by id) live outside. Arrays of numbers are flat where there are many.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Flag } from '../reading/reading.ts';
import type { PostingHabit } from '../qc/receipt-time.ts';
import type { Model } from '../qc/model.ts';
import type { DeviceId, RegionCell } from '../ids.ts';
import type { Nearby } from '../qc/provisional.ts';
import type { ChainState } from './chain.ts';
import type { CharterBody, MaintenanceWindow, MembershipBody, Reputation } from './entry.ts';

/**
 * Raise it with every change of the fold or of this shape: a checkpoint of another version is not read, the log is folded
 * anew. A test holds the state hash of a fixed log to it.
 */
export const STATE_VERSION = 9;

export type RegionState = {
  seq: number;
  lastReceivedMs: number;
  charter: CharterBody | null;
  /** Receipt of the first batch; null before it. */
  firstBatchMs: number | null;
  /** First hour that can be judged: `backfillSeconds` before the first batch, at an epoch's start. */
  firstHour: number | null;
  /** Self-checked cells of hours up to here are frozen (`hour-close`); later readings of them are late. */
  frozenThrough: number | null;
  /** Hours up to here have final verdicts (`neighbour-cells`). */
  closedThrough: number | null;
  batches: number;
  readings: number;
  /** First entry that no sealed segment holds yet. */
  sealFromSeq: number;
  /** Slot is the position; slots are never reused. */
  devices: DeviceState[];
  /** Devices across the border, slot -1 first; null: a slot that is free again (foreign.ts). */
  foreign: (ForeignDevice | null)[];
};

/** Only those that are among the nearest of a device here. */
export type ForeignDevice = {
  readonly cell: RegionCell;
  readonly device: DeviceId;
  readonly latitudeE5: number;
  readonly longitudeE5: number;
};

export type DeviceState = {
  membership: MembershipBody;
  /** Keys that it had before, oldest first (succession.ts). */
  former: FormerKey[];
  /** What was measured up to here belongs to another place or region; 0: it has always been here. */
  placedMs: number;
  /** When it came to its density cell from another one; 0: it was claimed there. */
  settledMs: number;
  /** It was quarantined when it was retired: its days that are still open are not paid. */
  frozen: boolean;
  /** How it stood when it was retired here; null: it is not, or it has come back. */
  departure: Departure | null;
  /** It counts as a neighbor of others, as of the hour that was frozen last (measuring.ts). */
  measuring: boolean;
  /** Slots of the nearest devices that measure, nearest first; below 0 across the border (neighbors.ts). */
  near: number[];
  /** Highest accepted nonce, 16 hex digits; '' before the first. */
  highNonce: string;
  /** Batches whose nonce is inside the window, newest nonce last. */
  recent: RecentBatch[];
  newestMs: number;
  posting: PostingHabit;
  /** Readings refused because the same (quantity, time) was sent with another value. */
  conflicts: number;
  quantities: SeriesState[];
  /** Cells of hours not yet frozen, by hour then quantity. */
  open: Cell[];
  /** Judged cells of the open epoch. */
  day: Cell[];
  /** Cells of readings that came after their hour's close; published by the daily revision. */
  late: LateCell[];
  maintenance: MaintenanceWindow[];
  /** Sum over hours of the share of bad quantities, in basis points, one number a day, newest first. */
  badHours: number[];
  /** Hours of the maintenance budget used, one number a day, newest first. */
  maintained: number[];
  /** Of the last day in which anything was judged at this place; 0: none was. */
  reliabilityBps: number;
  scoreDays: number;
  score30Bps: number;
  /** Exponential mean of about a week, and whether it lets the device earn. */
  weeklyBps: number;
  eligible: boolean;
  /** Running anomaly events by quantity and test. */
  events: OpenEvent[];
  copies: CopySuspicion[];
  /** Evidence for each lag that this device repeats its own history (qc/replay.ts); empty before the first. */
  lags: number[];
  /** Null: no batch has named another (chain.ts). */
  chain: ChainState | null;
};

/** `untilEpoch`: its days are those before; null: none of its days has been closed. */
export type FormerKey = { device: DeviceId; version: number; untilEpoch: number | null };

/** `seq`: the entry that retired it. */
export type Departure = { seq: number; reputation: Reputation };

export type RecentBatch = { nonce: string; seq: number; digest: string };

export type SeriesState = {
  quantity: number;
  lastMs: number;
  lastSteps: number;
  /** Last reading that passed the step check. */
  levelMs: number;
  levelSteps: number;
  runStartMs: number;
  /** Usual distance of readings, 0: not known yet. */
  typicalMs: number;
  /** What its hours have taught; null before the first verdict. */
  model: Model | null;
  /** What the neighbors said at its last closed hour; null: too few. */
  nearby: Nearby | null;
  /** [ms, steps] pairs, ascending, inside the duplicate window. */
  recent: number[];
  /** [hour, lastMs, lastSteps, levelMs, levelSteps, runStartMs] as they were before each open hour, ascending (own-order.ts). */
  starts: number[];
  /** [ms, flag, seconds of delay] of readings of open hours whose times were not believed. */
  doubted: number[];
  /** From this open hour on readings were judged before others came that are older; null: none were. */
  disorder: number | null;
  /** [fromMs, untilMs] pairs, exclusive ends, oldest first: where older readings may still come. */
  gaps: number[];
};

export type Cell = {
  hour: number;
  quantity: number;
  /** Readings that did not fail, and their sum and extremes in steps. */
  count: number;
  sum: number;
  min: number;
  max: number;
  failed: number;
  failedSum: number;
  suspect: number;
  /** Readings taken under maintenance. */
  unevaluated: number;
  tests: number;
  flag: Flag;
  /** Neighbors that it was compared with at the hour's close. */
  neighbors: number;
  /** How far beyond its own limit the worst test at receipt went, in times the limit; 0: nothing found. */
  severity: number;
};

export type LateCell = { hour: number; quantity: number; count: number; sum: number; revised: boolean };

export type OpenEvent = {
  /** Key of the device when it began: an event stays under one name. */
  device: DeviceId;
  quantity: number;
  test: number;
  startHour: number;
  /** Last hour that was flagged: hours without readings neither end an event nor prolong it. */
  lastHour: number;
  flag: number;
  measured: number;
  low: number | null;
  high: number | null;
  /** Worst so far, in times the test's limit. */
  severity: number;
  /** The devices it was compared with at its start. */
  against: DeviceId[];
};

/** Evidence that two series are one, kept for the nearest devices by slot (qc/copy.ts). */
export type CopySuspicion = {
  slot: number;
  /** Log-likelihood ratio, never below 0. */
  nats: number;
  /** Share of values that the pair usually has in common. */
  usual: number;
  /** The same of the last hours. */
  lately: number;
  hours: number;
  /** How much worse the common series fits this device's place than the other's, mean of the hours in doubt. */
  lean: number;
  leanHours: number;
};

export function isUnderMaintenance(device: DeviceState, measuredMs: number): boolean {
  return device.maintenance.some(({ fromMs, untilMs }) => fromMs <= measuredMs && measuredMs < untilMs);
}

export function emptyState(): RegionState {
  return {
    seq: 0,
    lastReceivedMs: 0,
    charter: null,
    firstBatchMs: null,
    firstHour: null,
    frozenThrough: null,
    closedThrough: null,
    batches: 0,
    readings: 0,
    sealFromSeq: 1,
    devices: [],
    foreign: [],
  };
}

/**
 * JSON with the keys in the order in which the fold makes them: the same log gives the same bytes. Numbers print as
 * ECMAScript's shortest round-trip form, which every engine must produce alike (ECMA-262 Number::toString).
 */
export function encodeState(state: RegionState): Uint8Array {
  return utf8ToBytes(JSON.stringify(state));
}

/** Only for bytes made by `encodeState` and stored by ourselves. */
export function decodeState(bytes: Uint8Array): RegionState {
  return JSON.parse(new TextDecoder().decode(bytes)) as RegionState;
}
