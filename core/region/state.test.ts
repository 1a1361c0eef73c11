import { expect, test } from 'vitest';
import { syntheticStateHash } from '../../test/support/synthetic-log.ts';
import { STATE_VERSION } from './state.ts';

test('a fold that gives another state has another version', () => {
  // Where this fails, raise STATE_VERSION and put both in: old checkpoints must not be read by the new fold.
  expect([STATE_VERSION, syntheticStateHash()]).toEqual([
    2,
    '3b2278e24c2e4b4242a807c163624b8471f83bc6beabacea03fc56d9414bc074',
  ]);
});
