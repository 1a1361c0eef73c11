/**
 * One hash over all evidence of an epoch: the Merkle tree (core/merkle-tree.ts) over the sealed segments of every closed
 * region, ordered by region and first entry. Each region's part begins where its last one ended, so the roots together
 * hold its whole log: also what a backfill brought for epochs that were closed before the region began.
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { leafHash, merklePath, merkleRoot, type PathStep } from '../merkle-tree.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { lastHourOf } from './closable.ts';
import type { Carry } from './reserve.ts';
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

/** After which hour, and up to which, a region's segments were sealed that an epoch's data root holds. */
export function segmentHours(
  cell: string,
  epoch: number,
  { counted }: Pick<Carry, 'counted'>,
  rules: TimeRules,
): { readonly after: number; readonly through: number } {
  const last = counted.get(cell);
  return { after: last === undefined ? -1 : lastHourOf(last, rules), through: lastHourOf(epoch, rules) };
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
