import { expect, test } from 'vitest';
import { syntheticStateHash } from '../../test/support/synthetic-log.ts';
import { STATE_VERSION } from './state.ts';

test('a fold that gives another state has another version', () => {
  // Where this fails, raise STATE_VERSION and put both in: old checkpoints must not be read by the new fold.
  expect([STATE_VERSION, syntheticStateHash()]).toEqual([
    5,
    '729000cf89e0a6f61980e0f60ef1e2206b76ded6fc20456cea71b64639c5cd23',
  ]);
});
