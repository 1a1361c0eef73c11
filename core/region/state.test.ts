import { expect, test } from 'vitest';
import { syntheticStateHash } from '../../test/support/synthetic-log.ts';
import { STATE_VERSION } from './state.ts';

test('a fold that gives another state has another version', () => {
  // Where this fails, raise STATE_VERSION and put both in: old checkpoints must not be read by the new fold.
  expect([STATE_VERSION, syntheticStateHash()]).toEqual([
    4,
    '7c637489536dad8a3fda94799a99f52b7e31f3b16f9c72660272fc208aecf6a6',
  ]);
});
