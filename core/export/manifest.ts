/** What an export turned out to be: written beside its files when the last part is done, and never changed. */
import type { ExportOrder } from './order.ts';

export type StoredPart = {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
};

export type ExportManifest = {
  readonly id: string;
  readonly created: string;
  readonly finished: string;
  readonly license: string;
  readonly attribution: readonly string[];
  readonly format: ExportOrder['format'];
  readonly resolution: ExportOrder['resolution'];
  readonly from: string;
  readonly until: string;
  readonly quantities: readonly string[];
  readonly devices: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** What a buyer fetches; paths are relative to the manifest's own address. */
  readonly files: readonly StoredPart[];
  /** CSV and NDJSON: the parts that the one file is stored in, in order, each with its own hash. */
  readonly pieces: readonly StoredPart[];
};

/** Everything of a job lies below this. */
export function exportPrefix(id: string): string {
  return `exports/${id}/`;
}

export function exportKey(id: string, path: string): string {
  return `${exportPrefix(id)}${path}`;
}

export const MANIFEST = 'manifest.json';

/** The one file of a CSV or NDJSON export. */
export function singleFile(format: ExportOrder['format']): string {
  return `observations.${format}`;
}

/** What a signed link may name: nothing that climbs out of the job. */
export function isExportPath(path: string): boolean {
  return (
    path === MANIFEST ||
    path === singleFile('csv') ||
    path === singleFile('ndjson') ||
    /^cell=[0-9a-f]{15}\/date=\d{4}-\d\d-\d\d\/part-\d{1,6}\.parquet$/.test(path)
  );
}
