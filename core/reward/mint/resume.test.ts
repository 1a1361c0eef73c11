import { expect, test } from 'vitest';
import { decideResume } from './resume.ts';

const chain = (nonce: number, finalNonce: number) => ({ nonce, finalNonce });

test('nothing that is ours and open is given up', () => {
  expect(decideResume({ foreign: [], nextNonce: 9, chain: chain(7, 5) })).toEqual({
    giveUp: [],
    firstNonce: null,
    notFinal: false,
  });
});

test('a nonce that somebody else used is given up once that is final, not before', () => {
  const foreign = { foreign: [7, 8], nextNonce: 9 };
  expect(decideResume({ ...foreign, chain: chain(9, 7) })).toMatchObject({ giveUp: [], notFinal: true });
  expect(decideResume({ ...foreign, chain: chain(9, 8) })).toMatchObject({ giveUp: [7], notFinal: true });
  expect(decideResume({ ...foreign, chain: chain(9, 9) })).toMatchObject({ giveUp: [7, 8], notFinal: false });
});

test('nonces beyond ours are left to whoever used them, as far as they are final', () => {
  expect(decideResume({ foreign: [], nextNonce: 9, chain: chain(12, 9) })).toMatchObject({
    firstNonce: null,
    notFinal: true,
  });
  expect(decideResume({ foreign: [], nextNonce: 9, chain: chain(12, 12) })).toMatchObject({
    firstNonce: 12,
    notFinal: false,
  });
  expect(decideResume({ foreign: [], nextNonce: null, chain: chain(12, 12) })).toMatchObject({ firstNonce: null });
});
