import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { checkKeyStrength } from './weak-key.ts';

/** Canonical encodings of the eight points of small order: orders 1, 2, 4, 4, 8, 8, 8, 8. */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
];

test.each(SMALL_ORDER)('the Ed25519 point %s is refused', (hex) => {
  expect(checkKeyStrength({ algorithm: 'ed25519', publicKey: hexToBytes(hex) })).toMatchObject({
    ok: false,
    error: { reason: 'weak-key' },
  });
});

test('encodings of y beyond the field are refused', () => {
  // p + 1 encodes the identity a second time.
  const publicKey = hexToBytes('eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');
  expect(checkKeyStrength({ algorithm: 'ed25519', publicKey }).ok).toBe(false);
});

test('a point with a part of small order is refused', () => {
  const torsion = ed25519.Point.fromBytes(hexToBytes(SMALL_ORDER[4] ?? ''));
  const publicKey = ed25519.Point.BASE.multiply(7n).add(torsion).toBytes();
  expect(checkKeyStrength({ algorithm: 'ed25519', publicKey })).toMatchObject({
    error: { detail: 'the Ed25519 point is not in the prime-order group' },
  });
});

test('an x that is on no point of P-256 is refused', () => {
  const publicKey = Uint8Array.from([2, ...new Uint8Array(32).fill(0xff)]);
  expect(checkKeyStrength({ algorithm: 'ecdsa-p256-sha256', publicKey }).ok).toBe(false);
});

test('generated keys of both kinds pass', () => {
  for (let index = 0; index < 5; index += 1) {
    expect(checkKeyStrength({ algorithm: 'ed25519', publicKey: ed25519.keygen().publicKey }).ok).toBe(true);
    expect(checkKeyStrength({ algorithm: 'ecdsa-p256-sha256', publicKey: p256.keygen().publicKey }).ok).toBe(true);
  }
});
