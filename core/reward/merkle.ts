/**
 * The tree over an epoch's payout batches, as OpenZeppelin's MerkleProof verifies it: keccak-256, the two children sorted
 * before hashing, leaves hashed twice so that no inner node can pass for a leaf.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { encodeBatch, type BatchFields } from './abi.ts';
import { compareText } from './weight.ts';

export type Hex = `0x${string}`;

/** Root of an epoch that pays nobody. */
export const EMPTY_ROOT: Hex = `0x${'0'.repeat(64)}`;

const toHex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;

export function batchLeaf(batch: BatchFields): Hex {
  return toHex(keccak_256(keccak_256(encodeBatch(batch))));
}

export function hashPair(a: Hex, b: Hex): Hex {
  const [low, high] = compareText(a, b) <= 0 ? [a, b] : [b, a];
  return toHex(keccak_256(concatBytes(hexToBytes(low.slice(2)), hexToBytes(high.slice(2)))));
}

/** One level up; a last node without a partner moves up as it is. */
function parents(level: readonly Hex[]): readonly Hex[] {
  const above: Hex[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i];
    const right = level[i + 1];
    if (left !== undefined) above.push(right === undefined ? left : hashPair(left, right));
  }
  return above;
}

export function merkleRoot(leaves: readonly Hex[]): Hex {
  let level = leaves;
  while (level.length > 1) level = parents(level);
  return level[0] ?? EMPTY_ROOT;
}

/** The siblings on the way from a leaf to the root, lowest first. */
export function merkleProof(leaves: readonly Hex[], index: number): readonly Hex[] {
  const proof: Hex[] = [];
  let level = leaves;
  for (let at = index; level.length > 1; at = Math.floor(at / 2)) {
    const sibling = level[at % 2 === 0 ? at + 1 : at - 1];
    if (sibling !== undefined) proof.push(sibling);
    level = parents(level);
  }
  return proof;
}
