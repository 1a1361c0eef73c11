import { expect, test } from 'vitest';
import { epochState, type EpochStanding } from './epoch-state.ts';

const at = (more: Partial<EpochStanding>) =>
  epochState({
    batchCount: 2,
    committed: false,
    batchesMinted: 0,
    committedFinal: false,
    batchesMintedFinal: 0,
    revoked: false,
    hasCommitIntent: false,
    hasMintIntent: false,
    openIntents: 0,
    ...more,
  });

test('an epoch walks from computed to final as the chain confirms it', () => {
  expect(at({})).toBe('computed');
  expect(at({ hasCommitIntent: true, openIntents: 1 })).toBe('committing');
  expect(at({ committed: true })).toBe('committed');
  expect(at({ committed: true, hasMintIntent: true, batchesMinted: 1 })).toBe('minting');
  expect(at({ committed: true, batchesMinted: 2 })).toBe('minted');
  expect(at({ committed: true, batchesMinted: 2, committedFinal: true, batchesMintedFinal: 2 })).toBe('final');
});

test('it is not final while a transaction of it is open, and revoked beats all', () => {
  const done = { committed: true, batchesMinted: 2, committedFinal: true, batchesMintedFinal: 2 };
  expect(at({ ...done, openIntents: 1 })).toBe('minted');
  expect(at({ ...done, revoked: true })).toBe('revoked');
});

test('an empty epoch is final with its commit', () => {
  expect(at({ batchCount: 0, committed: true })).toBe('committed');
  expect(at({ batchCount: 0, committed: true, committedFinal: true })).toBe('final');
});
