/**
 * One hash over all evidence of an epoch: the Merkle tree of RFC 9162 section 2.1.1 (SHA-256, leaf prefix 0, node prefix
 * 1) over the sealed segments of every closed region, ordered by region and first entry.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { compareText } from './weight.ts';

export type Segment = {
  readonly cell: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Merkle root over the segment's entries, hex. */
  readonly root: string;
};

export function orderSegments(segments: readonly Segment[]): readonly Segment[] {
  return [...segments].sort((a, b) => compareText(a.cell, b.cell) || a.fromSeq - b.fromSeq);
}

export function dataRoot(segments: readonly Segment[]): string {
  const leaves = orderSegments(segments).map(({ cell, fromSeq, toSeq, root }) =>
    sha256(concatBytes(Uint8Array.of(0), utf8ToBytes(`${cell}:${fromSeq}:${toSeq}:${root}`))),
  );
  return bytesToHex(treeHash(leaves, 0, leaves.length));
}

function treeHash(leaves: readonly Uint8Array[], from: number, until: number): Uint8Array {
  const only = leaves[from];
  if (until <= from || only === undefined) return sha256(new Uint8Array());
  if (until - from === 1) return only;
  // The left subtree holds the largest power of two below the number of leaves.
  let left = 1;
  while (left * 2 < until - from) left *= 2;
  return sha256(concatBytes(Uint8Array.of(1), treeHash(leaves, from, from + left), treeHash(leaves, from + left, until)));
}
