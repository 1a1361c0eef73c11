/**
 * The kinds of entries in a region's log. The log is the truth: nothing changes what a region knows except by one of
 * these, in the order of `seq`. Entries are stored as CBOR (codec.ts); this file is their meaning.
 */
import type { DeviceId, OwnerAddress, PlaceCell, RegionCell } from '../ids.ts';
import type { SignedAct } from '../lifecycle/signed-act.ts';
import type { BlockDevice } from './block.ts';

export type LogEntry = { readonly seq: number; readonly receivedMs: number } & EntryBody;

/** What the entry came from, for whoever checks it. Absent: the operator's word. The fold does not look at it. */
type FromAct = { readonly act?: SignedAct };

export type EntryBody =
  | CharterBody
  | MembershipBody
  | BatchBody
  | HourCloseBody
  | NeighbourCellsBody
  | MaintenanceBody
  | InheritBody;

/** `rule-set`: the first entry of every log, and each later change of rules. Names the region for those who only have its log. */
export type CharterBody = {
  readonly kind: 'rule-set';
  readonly rules: 'main' | 'local';
  readonly ruleSetHash: string;
  readonly cell: RegionCell;
  readonly regionName: string;
  /** Corners of the cell, [longitude, latitude] in 1e-5 degrees, not closed. */
  readonly boundary: readonly (readonly [number, number])[];
};

export type MembershipStatus = 'claimed' | 'active' | 'quarantined' | 'retired';

/** `membership`: the device's row in D1 as of `version`; older versions are ignored. */
export type MembershipBody = FromAct & {
  readonly kind: 'membership';
  readonly version: number;
  readonly device: DeviceId;
  readonly status: MembershipStatus;
  readonly owner: OwnerAddress;
  readonly displayName: string;
  readonly place: PlaceCell;
  /** Centre of `place` in 1e-5 degrees. */
  readonly latitudeE5: number;
  readonly longitudeE5: number;
  /** Height above sea level rounded to 10 m, null: unknown. */
  readonly elevationM: number | null;
  readonly tier: 0 | 1 | 2;
  /** Density cell: `place`. Whatever looked at exact positions would tell them (docs/decisions/0043-density-is-the-place.md). */
  readonly density: PlaceCell;
  readonly claimedMs: number;
};

/** `batch`: one accepted post. `readings` is packed (reading/pack.ts); `evidence` lets anyone verify the signature again. */
export type BatchBody = {
  readonly kind: 'batch';
  readonly slot: number;
  /** 64-bit counter, 16 lower-case hex digits. */
  readonly nonce: string;
  /** sha-256 of the body as posted. */
  readonly digest: Uint8Array;
  readonly readings: Uint8Array;
  readonly evidence: Uint8Array;
  /** sha-256 that the device gave of its previous batch; left out where it gave none. */
  readonly previous?: Uint8Array;
};

/** `hour-close`: step one. Freezes the hour's self-checked cells of every hour up to and including `hour`. */
export type HourCloseBody = { readonly kind: 'hour-close'; readonly hour: number };

/**
 * `neighbour-cells`: step two. The final verdicts of the hours up to `hour`; those of `hour` itself with these blocks of
 * other regions.
 */
export type NeighbourCellsBody = {
  readonly kind: 'neighbour-cells';
  readonly hour: number;
  readonly blocks: readonly NeighbourBlock[];
};
/** Every region that was asked. The hash is that of its whole block, null: it did not answer in time. */
export type NeighbourBlock = {
  readonly cell: RegionCell;
  readonly hash: string | null;
  /** Lines of the block: those devices that are among the nearest of a device here. */
  readonly devices: readonly BlockDevice[];
};

/**
 * `maintenance`: readings of the device measured in [fromMs, untilMs) are stored but not evaluated, sold or missed. Another
 * entry with the same `fromMs` moves the end of a window that is not over (maintenance.ts).
 */
export type MaintenanceBody = FromAct & {
  readonly kind: 'maintenance';
  readonly device: DeviceId;
  readonly fromMs: number;
  readonly untilMs: number;
};

/** `inherit`: the device is not new. It succeeds a key that this region knows, or it comes from another region. */
export type InheritBody = SuccessionBody | ArrivalBody;

/** The key `device` takes over the slot of the key `from`, with all that is known of it (succession.ts). */
export type SuccessionBody = FromAct & {
  readonly kind: 'inherit';
  readonly device: DeviceId;
  readonly from: DeviceId;
  readonly reputation: null;
};

/** What the region `from` knew of the device when its entry `leftSeq` retired it there (hand-over.ts). */
export type ArrivalBody = FromAct & {
  readonly kind: 'inherit';
  readonly device: DeviceId;
  readonly from: RegionCell;
  readonly leftSeq: number;
  readonly reputation: Reputation;
};

/** What a device has earned and owes, as far as it does not hang on the place. */
export type Reputation = {
  /** Receipt of the entry that retired it. */
  readonly leftMs: number;
  /** Place where it was earned. */
  readonly latitudeE5: number;
  readonly longitudeE5: number;
  readonly density: PlaceCell;
  /** When it came to that density cell; 0: it was claimed there. */
  readonly settledMs: number;
  readonly highNonce: string;
  readonly newestMs: number;
  readonly conflicts: number;
  /** Its chain proved two devices, and nobody has lifted that. */
  readonly isProven: boolean;
  readonly scoreDays: number;
  readonly score30Bps: number;
  readonly weeklyBps: number;
  readonly eligible: boolean;
  /** One number a day, newest first; what the open day holds so far is added to the first. */
  readonly badHours: readonly number[];
  readonly maintained: readonly number[];
  /** Windows that were not over. */
  readonly maintenance: readonly MaintenanceWindow[];
};

/** [fromMs, untilMs) as it counts, and its start as it was announced. */
export type MaintenanceWindow = { readonly fromMs: number; readonly untilMs: number; readonly announcedMs: number };

export type EntryKind = EntryBody['kind'];
