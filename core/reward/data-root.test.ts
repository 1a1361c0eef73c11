import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rootOfPath } from '../merkle-tree.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { dataRoot, segmentHours, segmentLeaf, segmentPath, type Segment } from './data-root.ts';

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

test('whenever a region takes part, its hours come into exactly one root, from before the first epoch on', () => {
  const { time } = MAIN_RULES;
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (takesPart) => {
      const first = 20_000;
      const counted = new Map<string, number>();
      const held: number[] = [];
      takesPart.forEach((isCounted, index) => {
        if (!isCounted) return;
        const { after, through } = segmentHours('a', first + index, { counted }, time);
        expect(after).toBe(held.at(-1) ?? -1);
        held.push(through);
        counted.set('a', first + index);
      });
      const last = takesPart.lastIndexOf(true);
      expect(held.at(-1)).toBe(last < 0 ? undefined : (first + last + 1) * 24 - 1);
    }),
  );
});
