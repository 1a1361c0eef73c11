import { expect, test } from 'vitest';
import { needsLook, reconcile, type Intent, type IntentState, type Sighting } from './intent.ts';

const intent = (state: IntentState, blockNumber: number | null = null): Intent => ({
  nonce: 7,
  key: 'commit:1',
  epoch: 1,
  state,
  blockNumber,
});
const sighting = (more: Partial<Sighting> = {}): Sighting => ({
  hash: '0xaa',
  blockNumber: 100,
  blockHash: '0xb1',
  succeeded: true,
  canonicalHash: '0xb1',
  ...more,
});
const UNUSED = { nonce: 7, finalizedNumber: 90, finalNonce: 7 };
const USED = { nonce: 8, finalizedNumber: 90, finalNonce: 7 };
const FINAL = { nonce: 8, finalizedNumber: 100, finalNonce: 8 };

test('while its nonce is unused an intent waits, and no receipt is asked for', () => {
  expect(needsLook(intent('broadcast'), UNUSED)).toBe(false);
  expect(reconcile(intent('broadcast'), null, UNUSED)).toEqual({ kind: 'keep' });
});

test('a receipt makes it mined, and final once its canonical block is', () => {
  expect(reconcile(intent('broadcast'), sighting(), USED)).toMatchObject({ kind: 'seen', state: 'mined' });
  expect(reconcile(intent('mined', 100), sighting(), FINAL)).toMatchObject({ kind: 'seen', state: 'finalized' });
  expect(reconcile(intent('mined', 100), sighting({ canonicalHash: '0xother' }), FINAL)).toMatchObject({
    state: 'mined',
  });
});

test('even bytes that were never sent by us count once they are mined', () => {
  expect(reconcile(intent('signed'), sighting(), USED)).toMatchObject({ kind: 'seen', state: 'mined' });
});

test('a transaction whose block is gone goes back to be sent again', () => {
  expect(reconcile(intent('mined', 100), null, UNUSED)).toEqual({ kind: 'dropped' });
  expect(reconcile(intent('reverted', 100), null, UNUSED)).toEqual({ kind: 'dropped' });
});

test('a reverted transaction frees its work only when it is final', () => {
  const failed = sighting({ succeeded: false });
  expect(reconcile(intent('broadcast'), failed, USED)).toMatchObject({ state: 'reverted' });
  expect(reconcile(intent('reverted', 100), failed, FINAL)).toMatchObject({ state: 'void' });
});

test('a used nonce without a receipt of ours was used by somebody else', () => {
  expect(reconcile(intent('broadcast'), null, USED)).toEqual({ kind: 'foreign' });
  expect(reconcile(intent('mined', 100), null, FINAL)).toEqual({ kind: 'foreign' });
});

test('what is final is never looked at again', () => {
  expect(needsLook(intent('finalized', 100), FINAL)).toBe(false);
  expect(reconcile(intent('void', 100), null, UNUSED)).toEqual({ kind: 'keep' });
});
