import { expect, test } from 'vitest';
import { pairSignatures } from './members.ts';

test('two signatures are paired by their labels, in the order of Signature-Input', () => {
  expect(pairSignatures('a=("@path");keyid="x,\\"y", b=("@path")', 'b=:BBBB:,  a=:AAAA:')).toEqual([
    { signatureInput: 'a=("@path");keyid="x,\\"y"', signature: 'a=:AAAA:' },
    { signatureInput: 'b=("@path")', signature: 'b=:BBBB:' },
  ]);
});

test('one signature is a pair of its own', () => {
  expect(pairSignatures('s=()', 's=:AAAA:')).toEqual([{ signatureInput: 's=()', signature: 's=:AAAA:' }]);
});

test.each([
  ['a=(), b=()', 'a=:AAAA:'],
  ['a=()', 'a=:AAAA:, b=:BBBB:'],
  ['a=(), a=()', 'a=:AAAA:, b=:BBBB:'],
  ['a=(), b=()', 'a=:AAAA:, c=:BBBB:'],
  ['a=(), b=()', 'a=:AAAA:, b=:BBBB:, b=:CCCC:'],
])('labels that do not agree are refused: %s with %s', (input, signature) => {
  expect(pairSignatures(input, signature)).toBeNull();
});
