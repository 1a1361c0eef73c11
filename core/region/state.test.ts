import { expect, test } from 'vitest';
import { syntheticStateHash } from '../../test/support/synthetic-log.ts';
import { STATE_VERSION } from './state.ts';

test('a fold that gives another state has another version', () => {
  // Where this fails, raise STATE_VERSION and put both in: old checkpoints must not be read by the new fold.
  expect([STATE_VERSION, syntheticStateHash()]).toEqual([
    2,
    '3e79b23b65a65f96b9ccb107be58d02d8dd1882b5864ecc5f1a88639e134c738',
  ]);
});
