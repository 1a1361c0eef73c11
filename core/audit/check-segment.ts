/** A downloaded segment against its listing: name, region, bounds and root, and then its entries. */
import type { RegionCell } from '../ids.ts';
import { decodeEntry } from '../region/codec.ts';
import type { LogEntry } from '../region/entry.ts';
import { openSegment, segmentPrefix, segmentRoot } from '../region/segment.ts';
import { ok, type Result } from '../result.ts';
import { differs, type Difference, type Place } from './difference.ts';

/** One line of `GET /v1/evidence/{cell}`. */
export type ListedSegment = {
  readonly key: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly root: string;
  readonly hour: number;
};

export type CheckedSegment = { readonly root: string; readonly entries: readonly LogEntry[] };

const FILE = /^\d{12}-\d{12}-[0-9a-f]{64}\.cbor\.gz$/;

/** Null: a name that no segment of this region has. */
export function segmentFile(cell: RegionCell, key: string): string | null {
  const prefix = segmentPrefix(cell);
  const file = key.slice(prefix.length);
  return key.startsWith(prefix) && FILE.test(file) ? file : null;
}

/** @param bytes inflated */
export function checkSegment(
  cell: RegionCell,
  listed: ListedSegment,
  bytes: Uint8Array,
): Result<CheckedSegment, Difference> {
  const at: Place = { region: cell, segment: segmentFile(cell, listed.key) ?? listed.key };
  const segment = openSegment(listed.key, bytes);
  if (!segment.ok) return differs('segment', at, segment.error.detail, 'a segment under its own name');
  const { rows } = segment.value;
  if (segment.value.cell !== cell) return differs('segment', { ...at, field: 'cell' }, segment.value.cell, cell);
  const bounds = `entries ${rows[0]?.seq ?? 'none'} to ${rows.at(-1)?.seq ?? 'none'}`;
  const claimed = `entries ${listed.fromSeq} to ${listed.toSeq}`;
  if (bounds !== claimed) return differs('segment', at, claimed, bounds);
  const root = segmentRoot(rows);
  if (root !== listed.root) return differs('segment', { ...at, field: 'root' }, listed.root, root);
  const entries: LogEntry[] = [];
  for (const row of rows) {
    const entry = decodeEntry(row);
    if (!entry.ok) return differs('entry', { ...at, seq: row.seq }, entry.error.detail, `an entry "${row.kind}"`);
    entries.push(entry.value);
  }
  return ok({ root, entries });
}
