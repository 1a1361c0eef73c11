/**
 * Merkle tree hash of RFC 9162 section 2.1.1 (SHA-256, 0x00 before leaves, 0x01 before nodes): the tree over a segment's
 * entries and over the segments of an epoch. The payout tree is another one, in the contract's own form.
 */
import { sha256 } from '@noble/hashes/sha2.js';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(content: Uint8Array): Uint8Array {
  return sha256.create().update(LEAF).update(content).digest();
}

/** Root over leaf hashes; the hash of the empty string where there is none (RFC 9162). */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return only;
  const split = splitOf(leaves.length);
  return nodeHash(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(NODE).update(left).update(right).digest();
}

/** A sibling on the way to the root, and on which side of the way it stands. */
export type PathStep = { readonly side: 'left' | 'right'; readonly hash: Uint8Array };

/** RFC 9162 section 2.1.3.1, lowest first. The sides are named, so that nobody needs the size of the tree to follow it. */
export function merklePath(leaves: readonly Uint8Array[], index: number): readonly PathStep[] {
  if (leaves[index] === undefined) throw new RangeError(`leaf ${index} of ${leaves.length}`);
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [before, after] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...merklePath(before, index), { side: 'right', hash: merkleRoot(after) }]
    : [...merklePath(after, index - split), { side: 'left', hash: merkleRoot(before) }];
}

export function rootOfPath(leaf: Uint8Array, path: readonly PathStep[]): Uint8Array {
  return path.reduce((at, { side, hash }) => (side === 'left' ? nodeHash(hash, at) : nodeHash(at, hash)), leaf);
}
