import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNonce, nextNonce } from './nonce.ts';

test('a nonce is above the one before, whatever the clock says', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 63n), fc.integer({ min: -1e12, max: 4e12 }), (previous, nowMs) => {
      const before = previous.toString(16).padStart(16, '0');
      const next = nextNonce(before, nowMs);
      expect(isNonce(next)).toBe(true);
      expect(BigInt(`0x${next}`)).toBeGreaterThan(previous);
    }),
  );
});

test('a device that lost its state begins above what it used before, by the clock', () => {
  const used = nextNonce(null, 1_700_000_000_000);
  expect(nextNonce(null, 1_700_000_000_001) > used).toBe(true);
});
