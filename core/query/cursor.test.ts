import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openCursor, sealCursor } from './cursor.ts';

const KEY = 'test-only-key-of-a-network';

test('a cursor opens with the query that it came from, and in no other way', () => {
  const position = ['did:key:z6Mk', 1_700_000_000_000, 'pm25'];
  const cursor = sealCursor(KEY, 'device=a', position);
  expect(cursor).toMatch(/^[\w-]+\.[0-9a-f]{32}$/);
  expect(openCursor(KEY, 'device=a', cursor)).toEqual({ ok: true, value: position });
  expect(openCursor(KEY, 'device=b', cursor)).toEqual({ ok: false, error: { reason: 'bad-cursor' } });
  expect(openCursor(`${KEY}2`, 'device=a', cursor).ok).toBe(false);
  expect(openCursor(KEY, 'device=a', `${cursor}0`).ok).toBe(false);
  expect(openCursor(KEY, 'device=a', cursor.replace('.', '..')).ok).toBe(false);
});

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => !openCursor(KEY, 'q', text).ok));
});
