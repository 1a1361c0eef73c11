import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafHash, merklePath, merkleRoot, rootOfPath } from './merkle-tree.ts';

// The eight leaves and roots of the certificate-transparency reference implementation's tests.
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS: readonly (readonly [number, string])[] = [
  [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
];

test('roots equal the published ones of certificate transparency', () => {
  const leaves = LEAVES.map((hex) => leafHash(hexToBytes(hex)));
  for (const [count, root] of ROOTS) expect(bytesToHex(merkleRoot(leaves.slice(0, count)))).toBe(root);
});

// Audit paths of the same reference tests: (leaf, tree size), siblings from the leaf up.
const PATHS: readonly (readonly [number, number, readonly string[]])[] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
];

test('paths equal the published ones of certificate transparency', () => {
  const leaves = LEAVES.map((hex) => leafHash(hexToBytes(hex)));
  for (const [index, size, siblings] of PATHS) {
    expect(merklePath(leaves.slice(0, size), index).map(({ hash }) => bytesToHex(hash))).toEqual(siblings);
  }
});

test('a path leads from its leaf to the root, is no longer than the tree is high, and from no other leaf', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (size, pick) => {
      const leaves = Array.from({ length: size }, (_, at) => leafHash(Uint8Array.of(at)));
      const index = pick % size;
      const path = merklePath(leaves, index);
      const root = merkleRoot(leaves);
      expect(rootOfPath(leafHash(Uint8Array.of(index)), path)).toEqual(root);
      expect(rootOfPath(leafHash(Uint8Array.of(index + 1)), path)).not.toEqual(root);
      expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
    }),
  );
});
