import { expect, test } from 'vitest';
import { syntheticStateHash } from '../../test/support/synthetic-log.ts';
import { STATE_VERSION } from './state.ts';

test('a fold that gives another state has another version', () => {
  // Where this fails, raise STATE_VERSION and put both in: old checkpoints must not be read by the new fold.
  expect([STATE_VERSION, syntheticStateHash()]).toEqual([
    7,
    'bde794cf592ad220f68d9fb1862d52aa761bf24ed051862a3137edf760fcca23',
  ]);
});
