/**
 * Evidence: a stretch of the log, sealed. The bytes depend on the entries alone, so sealing twice gives the same segment
 * under the same name; the leaf of its Merkle tree is one entry.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import { leafHash, merkleRoot } from '../merkle-tree.ts';
import { err, ok, type Result } from '../result.ts';
import { decodePlain } from '../strict-cbor.ts';
import { isEntryKind, type LogRow } from './codec.ts';

const VERSION = 1;

export type Segment = { readonly cell: string; readonly rows: readonly LogRow[] };
export type SealedSegment = { readonly key: string; readonly bytes: Uint8Array; readonly root: string };
export type BadSegment = { readonly reason: 'bad-segment'; readonly detail: string };

export function entryLeaf(row: LogRow): Uint8Array {
  return leafHash(encode([row.seq, row.receivedMs, row.kind, row.body]));
}

export function segmentRoot(rows: readonly LogRow[]): string {
  return bytesToHex(merkleRoot(rows.map(entryLeaf)));
}

/** R2 keys of one region sort by sequence. */
export function segmentPrefix(cell: string): string {
  return `evidence/${cell}/`;
}

export function sealSegment(cell: string, rows: readonly LogRow[]): SealedSegment {
  const bytes = encode([VERSION, cell, rows.map((row) => [row.seq, row.receivedMs, row.kind, row.body])]);
  const first = rows[0]?.seq ?? 0;
  const last = rows[rows.length - 1]?.seq ?? 0;
  const name = `${pad(first)}-${pad(last)}-${bytesToHex(sha256(bytes))}.cbor.gz`;
  return { key: segmentPrefix(cell) + name, bytes, root: segmentRoot(rows) };
}

function pad(seq: number): string {
  return String(seq).padStart(12, '0');
}

/** `key` carries the hash of the (inflated) bytes; a segment that does not match it is refused. */
export function openSegment(key: string, bytes: Uint8Array): Result<Segment, BadSegment> {
  if (!key.endsWith(`-${bytesToHex(sha256(bytes))}.cbor.gz`))
    return err({ reason: 'bad-segment', detail: 'hash differs from its name' });
  try {
    const content: unknown = decodePlain(bytes);
    if (
      !Array.isArray(content) ||
      content[0] !== VERSION ||
      typeof content[1] !== 'string' ||
      !Array.isArray(content[2])
    ) {
      return err({ reason: 'bad-segment', detail: 'not a segment of this version' });
    }
    const rows: LogRow[] = [];
    for (const row of content[2] as unknown[]) {
      if (!Array.isArray(row)) return err({ reason: 'bad-segment', detail: 'row is no array' });
      const [seq, receivedMs, kind, body] = row as unknown[];
      if (!isWhole(seq) || !isWhole(receivedMs) || !isEntryKind(kind) || !(body instanceof Uint8Array)) {
        return err({ reason: 'bad-segment', detail: `row after ${rows.length} is malformed` });
      }
      rows.push({ seq, receivedMs, kind, body });
    }
    return ok({ cell: content[1], rows });
  } catch (cause) {
    return err({ reason: 'bad-segment', detail: cause instanceof Error ? cause.message : 'not CBOR' });
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
