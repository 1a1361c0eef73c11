/** What an export holds, fixed when it is sold: the job needs nothing else, and does the same work however often it starts. */
import type { DeviceId, RegionCell } from '../ids.ts';
import type { QuantityCode } from '../reading/quantity.ts';

export type ExportFormat = 'parquet' | 'csv' | 'ndjson';

export type ExportOrder = {
  /** 32 hex digits; names the object and its keys in R2. */
  readonly id: string;
  readonly createdMs: number;
  readonly format: ExportFormat;
  readonly resolution: 'hour' | 'day';
  readonly quantities: readonly QuantityCode[];
  /** Half-open, whole hours; all of it in days that were closed when it was sold. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** With the region that each belonged to when it was sold. */
  readonly devices: readonly { readonly device: DeviceId; readonly cell: RegionCell }[];
  /** Device-quantity-hours with a good flag: what the devices were credited for. */
  readonly goodHours: number;
  readonly license: string;
  readonly attribution: readonly string[];
};

/** One SELECT, one encoding, one object in R2. */
export type ExportPart = {
  readonly cell: RegionCell;
  readonly devices: readonly DeviceId[];
  readonly fromEpoch: number;
  /** Exclusive. */
  readonly untilEpoch: number;
  /** Below the job's prefix: a file of the export (Parquet), or a piece of its one file. */
  readonly path: string;
};
