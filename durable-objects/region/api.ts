/**
 * What callers see of a region object. Methods return values, never throw for an expected refusal: error classes do not
 * survive RPC. Reached only through durable-objects/stub.ts.
 */
import type { MaintenanceRefusal, RegionRefusal, RowChanged, SuccessionRefusal } from '../../core/errors.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import type { NoBlock } from '../../core/region/due.ts';
import type { CharterBody, MaintenanceBody, MembershipBody } from '../../core/region/entry.ts';
import type { Departure } from '../../core/region/state.ts';
import type { Receipt } from '../../core/region/receipt.ts';
import type { Result } from '../../core/result.ts';

/** A batch whose signature, digest, clock and content the edge has checked. */
export type VerifiedBatch = {
  readonly device: DeviceId;
  /** 16 lower-case hex digits. */
  readonly nonce: string;
  /** sha-256 of the body bytes as posted. */
  readonly digest: Uint8Array;
  /** sha-256 that the device gave of its previous batch; null or left out: none. */
  readonly previous?: Uint8Array | null;
  /** core/reading/pack.ts */
  readonly readings: Uint8Array;
  /** core/signature/evidence.ts */
  readonly evidence: Uint8Array;
};

/** What the registry's row says beside the membership. */
export type DevicePast = {
  /** The key that this one succeeds. */
  readonly predecessor: DeviceId | null;
  /** The region that it came from. */
  readonly cameFrom: RegionCell | null;
};
export const NO_PAST: DevicePast = { predecessor: null, cameFrom: null };

export type IngestReply =
  | { readonly status: 'accepted' | 'repeated'; readonly receipt: Receipt }
  | { readonly status: 'expired'; readonly receipt: string };

/** One value of the log, for the paid query. `hour` rows are cells, `raw` rows are readings. */
export type ObservationQuery = {
  readonly devices: readonly DeviceId[] | null;
  /** Quantity codes, null: all. */
  readonly quantities: readonly string[] | null;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly resolution: 'raw' | 'hour';
  readonly limit: number;
};

export type Observation = {
  readonly device: DeviceId;
  readonly quantity: string;
  /** Start of the hour, or time of measurement. */
  readonly startMs: number;
  /** In the quantity's unit: the mean of the hour, or the reading. */
  readonly value: number;
  /** Readings behind the value. */
  readonly count: number;
  /** QARTOD flag; a cell's is final once its hour is closed. */
  readonly flag: number;
  readonly tests: readonly string[];
  readonly final: boolean;
};

/** What paid streams read: the log from a cursor on, as far as it concerns these devices. */
export type ReadingsQuery = {
  /** Of the stream that asks; its bell (readers.ts) rings for what comes after this page. */
  readonly reader: string;
  /** Null: all that are sold. */
  readonly devices: readonly DeviceId[] | null;
  readonly quantities: readonly string[];
  readonly afterSeq: number;
};

export type ReadingsPage = {
  /** Oldest entry that the object still holds. */
  readonly firstSeq: number;
  /** The page holds everything up to this entry. */
  readonly throughSeq: number;
  /** Newest entry. */
  readonly headSeq: number;
  readonly batches: readonly LiveBatch[];
};

export type LiveBatch = {
  readonly seq: number;
  readonly device: DeviceId;
  readonly receivedMs: number;
  readonly readings: readonly LiveReading[];
};

export type LiveReading = {
  readonly quantity: string;
  readonly measuredMs: number;
  /** In the quantity's unit. */
  readonly value: number;
  /** QARTOD flag of the checks on receipt; the verdict comes with the hour's close. */
  readonly flag: number;
  readonly tests: readonly string[];
};

export type RegionSummary = {
  readonly cell: string;
  readonly name: string;
  readonly seq: number;
  readonly devices: number;
  readonly firstHour: number | null;
  /** Last closed hour, null before the first. */
  readonly closedThrough: number | null;
  readonly batches: number;
  readonly readings: number;
  /** sha-256 of the folded state, hex. */
  readonly stateHash: string;
  readonly publishedSeq: number;
};

/** What a region brings when it asks: its own block of the same hour, null if it cannot. */
export type BlockOffer = { readonly cell: RegionCell; readonly block: Uint8Array | null };
export type BlockAnswer = { readonly status: 'block'; readonly block: Uint8Array } | { readonly status: NoBlock };

export interface RegionApi {
  ingest(batch: VerifiedBatch): Promise<Result<IngestReply, RegionRefusal>>;
  /** Idempotent: writes the first entry of the log, or nothing if the same rules are in force. */
  charter(charter: CharterBody): Promise<Result<RegionSummary, RegionRefusal>>;
  /** Idempotent by version. `past`: of a device that is new here, what its history goes on from. */
  applyMembership(membership: MembershipBody, past?: DevicePast): Promise<Result<RegionSummary, RegionRefusal>>;
  /** How a device stood when it was retired here; null: it was not. */
  departure(device: DeviceId): Promise<Departure | null>;
  /** Idempotent. `version`: of the row that the window was judged by; null: the operator's word. */
  maintain(
    maintenance: MaintenanceBody,
    version: number | null,
  ): Promise<Result<RegionSummary, RegionRefusal | MaintenanceRefusal | RowChanged>>;
  /** May the registry take a new key for the device? */
  admitSuccession(from: DeviceId, isByKeysAlone: boolean): Promise<Result<null, SuccessionRefusal>>;
  observations(query: ObservationQuery): Promise<readonly Observation[]>;
  readingsSince(query: ReadingsQuery): Promise<ReadingsPage>;
  /** For other regions: this one's block of `hour`, against theirs (core/region/block.ts). */
  exchange(hour: number, offer: BlockOffer): Promise<BlockAnswer>;
  summary(): Promise<RegionSummary>;
  /** Closes, seals and publishes what is due; the alarm calls the same. */
  advance(): Promise<RegionSummary>;
  /** Throws away all derived state and publishes everything again from the log alone. */
  refold(): Promise<RegionSummary>;
}
