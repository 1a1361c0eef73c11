import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUnchanged, piecesOf, wantedRange } from './byte-range.ts';

const FILE = { bytes: 1000, etag: '"abc"' };
const asked = (range?: string, ifRange?: string) => wantedRange(range, ifRange, FILE);
const part = (offset: number, length: number) => ({ kind: 'part', offset, length });

test('the examples of RFC 9110 section 14.1.2, for a file of 1,000 bytes', () => {
  expect(asked('bytes=0-499')).toEqual(part(0, 500));
  expect(asked('bytes=500-999')).toEqual(part(500, 500));
  expect(asked('bytes=-500')).toEqual(part(500, 500));
  expect(asked('bytes=950-')).toEqual(part(950, 50));
  expect(asked('bytes=0-0')).toEqual(part(0, 1));
  expect(asked('bytes=-1')).toEqual(part(999, 1));
});

test('what reaches past the end is cut, what begins there is refused', () => {
  expect(asked('bytes=990-2000')).toEqual(part(990, 10));
  expect(asked('bytes=-5000')).toEqual(part(0, 1000));
  expect(asked('bytes=1000-')).toEqual({ kind: 'unsatisfiable' });
  expect(asked('bytes=-0')).toEqual({ kind: 'unsatisfiable' });
  expect(wantedRange('bytes=0-', undefined, { ...FILE, bytes: 0 })).toEqual({ kind: 'unsatisfiable' });
});

test('no range, another unit, several ranges and nonsense all mean the whole file', () => {
  for (const range of [undefined, 'items=0-5', 'bytes=0-1,5-6', 'bytes=-', 'bytes=9-5', 'bytes=a-b', '']) {
    expect(asked(range)).toEqual({ kind: 'whole' });
  }
});

test('a range with If-Range holds only for the very same file', () => {
  expect(asked('bytes=0-9', '"abc"')).toEqual(part(0, 10));
  for (const other of ['"abd"', 'W/"abc"', 'Wed, 21 Oct 2015 07:28:00 GMT'])
    expect(asked('bytes=0-9', other)).toEqual({ kind: 'whole' });
});

test('If-None-Match knows lists, weak tags and the star', () => {
  expect(isUnchanged('"x", W/"abc"', '"abc"')).toBe(true);
  expect(isUnchanged('*', '"abc"')).toBe(true);
  expect(isUnchanged('"x"', '"abc"')).toBe(false);
  expect(isUnchanged(undefined, '"abc"')).toBe(false);
});

test('pieces give back exactly the bytes that were asked for', () => {
  const sizes = fc.array(fc.nat(9), { maxLength: 8 });
  fc.assert(
    fc.property(sizes, fc.nat(80), fc.nat(80), (lengths, offset, length) => {
      const pieces = lengths.map((bytes, index) => ({ key: String(index), bytes }));
      const whole = pieces.flatMap(({ key, bytes }) => Array.from({ length: bytes }, (_, at) => `${key}:${at}`));
      const got = piecesOf(pieces, offset, length).flatMap((range) =>
        Array.from({ length: range.length }, (_, at) => `${range.key}:${range.offset + at}`),
      );
      expect(got).toEqual(whole.slice(offset, offset + length));
    }),
  );
});
