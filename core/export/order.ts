/** What an export holds, fixed when it is sold: the job needs nothing else, and does the same work however often it starts. */
import type { DeviceId, RegionCell } from '../ids.ts';
import type { DeviceFacts } from '../query/columns.ts';
import type { ExportRequest } from './request.ts';

export type ExportOrder = Omit<ExportRequest, 'scope' | 'isDryRun'> & {
  /** 32 hex digits; names the object and its keys in R2. */
  readonly id: string;
  readonly createdMs: number;
  /** As they were when it was sold, with the region that each belonged to. */
  readonly devices: readonly ExportDevice[];
  /** Device-quantity-hours with a good flag: what the devices were credited for. */
  readonly goodHours: number;
  readonly license: string;
  readonly attribution: readonly string[];
};

export type ExportDevice = DeviceFacts & {
  readonly cell: RegionCell;
  /** Last hour of its region with a final verdict. */
  readonly closedThrough: number | null;
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
