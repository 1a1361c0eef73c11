/** What callers see of an export job. Every method may be called again. Reached only through durable-objects/stub.ts. */
import type { ExportOrder } from '../../core/export/order.ts';

export type ExportJobBindings = { readonly DB: D1Database; readonly ARCHIVE: R2Bucket; readonly RULES: string };

export type ExportStatus = {
  readonly status: 'queued' | 'running' | 'done' | 'failed';
  readonly format: ExportOrder['format'];
  readonly createdMs: number;
  readonly partsDone: number;
  readonly partsTotal: number;
  readonly rows: number;
  readonly bytes: number;
  /** When the files go: set once it is done or failed. */
  readonly expiresMs: number | null;
  /** The last failure in words, while it retries and after it gave up. */
  readonly detail: string | null;
};

export interface ExportJobApi {
  /** Stores the order and does nothing yet: it is not paid. The first order stands. */
  prepare(order: ExportOrder): Promise<void>;
  /** Starts what is not started. Null: no such job, or its time is over. Called only on behalf of whoever paid. */
  begin(): Promise<ExportStatus | null>;
  /** Starts a failed job again, from its first missing part. */
  restart(): Promise<ExportStatus | null>;
}
