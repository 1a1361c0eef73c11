/**
 * One hash over all evidence of an epoch: the Merkle tree (core/merkle-tree.ts) over the sealed segments of every closed
 * region, ordered by region and first entry.
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { leafHash, merkleRoot } from '../merkle-tree.ts';
import { compareText } from './weight.ts';

export type Segment = {
  readonly cell: string;
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Merkle root over the segment's entries, hex. */
  readonly root: string;
};

function orderSegments(segments: readonly Segment[]): readonly Segment[] {
  return [...segments].sort((a, b) => compareText(a.cell, b.cell) || a.fromSeq - b.fromSeq);
}

export function dataRoot(segments: readonly Segment[]): string {
  const leaves = orderSegments(segments).map(({ cell, fromSeq, toSeq, root }) =>
    leafHash(utf8ToBytes(`${cell}:${fromSeq}:${toSeq}:${root}`)),
  );
  return bytesToHex(merkleRoot(leaves));
}
