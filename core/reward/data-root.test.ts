import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { rootOfPath } from '../merkle-tree.ts';
import { dataRoot, segmentLeaf, segmentPath, type Segment } from './data-root.ts';

const segment = (cell: string, fromSeq: number): Segment => ({
  cell,
  fromSeq,
  toSeq: fromSeq + 9,
  root: 'ab'.repeat(32),
});

test('no evidence has the hash of the empty tree (RFC 9162 section 2.1.1)', () => {
  expect(dataRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('the root depends on every segment and not on their order', () => {
  const segments = [segment('a', 0), segment('a', 10), segment('b', 0), segment('b', 100), segment('c', 7)];
  const root = dataRoot(segments);
  expect(dataRoot(segments.toReversed())).toBe(root);
  segments.forEach((_, dropped) => {
    expect(dataRoot(segments.filter((_each, index) => index !== dropped))).not.toBe(root);
  });
});

test('every segment has a path to the root, whatever their order, and a strange one has none', () => {
  const segments = [segment('b', 0), segment('a', 10), segment('c', 7), segment('a', 0), segment('b', 100)];
  for (const one of segments) {
    const path = segmentPath(segments, one) ?? [];
    expect(bytesToHex(rootOfPath(segmentLeaf(one), path))).toBe(dataRoot(segments));
  }
  expect(segmentPath(segments, segment('b', 7))).toBeNull();
});
