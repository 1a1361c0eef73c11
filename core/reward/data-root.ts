/**
 * One hash over all evidence of an epoch: the Merkle tree (core/merkle-tree.ts) over the sealed segments of every closed
 * region, ordered by region and first entry.
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { leafHash, merklePath, merkleRoot, type PathStep } from '../merkle-tree.ts';
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

/** `{cell}:{fromSeq}:{toSeq}:{root}` under the leaf prefix of the tree. */
export function segmentLeaf({ cell, fromSeq, toSeq, root }: Segment): Uint8Array {
  return leafHash(utf8ToBytes(`${cell}:${fromSeq}:${toSeq}:${root}`));
}

export function dataRoot(segments: readonly Segment[]): string {
  return bytesToHex(merkleRoot(orderSegments(segments).map(segmentLeaf)));
}

/** From one of these segments to their data root; null: it is none of them. */
export function segmentPath(segments: readonly Segment[], of: Segment): readonly PathStep[] | null {
  const ordered = orderSegments(segments);
  const index = ordered.findIndex(({ cell, fromSeq }) => cell === of.cell && fromSeq === of.fromSeq);
  return index < 0 ? null : merklePath(ordered.map(segmentLeaf), index);
}
