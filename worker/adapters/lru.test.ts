import { expect, test } from 'vitest';
import { Lru } from './lru.ts';

test('what was used least recently is forgotten first', () => {
  const lru = new Lru<string, number>(2);
  lru.set('a', 1);
  lru.set('b', 2);
  lru.get('a');
  lru.set('c', 3);
  expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.size]).toEqual([1, undefined, 3, 2]);
});

test('setting a known key again neither grows nor evicts', () => {
  const lru = new Lru<string, number>(2);
  lru.set('a', 1);
  lru.set('b', 2);
  lru.set('a', 3);
  expect([lru.get('a'), lru.get('b'), lru.size]).toEqual([3, 2, 2]);
});
