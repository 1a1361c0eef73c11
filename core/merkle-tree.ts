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
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256
    .create()
    .update(NODE)
    .update(merkleRoot(leaves.slice(0, split)))
    .update(merkleRoot(leaves.slice(split)))
    .digest();
}
