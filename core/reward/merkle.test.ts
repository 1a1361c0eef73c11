import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_ROOT, hashPair, merkleProof, merkleRoot, type Hex } from './merkle.ts';

const anyHex = (bytes: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw): Hex => `0x${Buffer.from(raw).toString('hex')}`);

test('every leaf proves itself as OpenZeppelin processes proofs, and no other leaf does', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyHex(32), { minLength: 1, maxLength: 40 }), anyHex(32), (leaves, stranger) => {
      const root = merkleRoot(leaves);
      leaves.forEach((leaf, index) => {
        const proof = merkleProof(leaves, index);
        expect(proof.reduce(hashPair, leaf)).toBe(root);
        if (!leaves.includes(stranger)) expect(proof.reduce(hashPair, stranger)).not.toBe(root);
      });
    }),
  );
});

test('one batch is its own root, none has the empty root', () => {
  const leaf: Hex = `0x${'ab'.repeat(32)}`;
  expect(merkleRoot([leaf])).toBe(leaf);
  expect(merkleProof([leaf], 0)).toEqual([]);
  expect(merkleRoot([])).toBe(EMPTY_ROOT);
});
