import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLOOR_PRICE, formatUsdc, PRICE_PER_DEVICE_QUANTITY_HOUR, priceOf } from './price.ts';
import { usdcDomain } from './usdc.ts';

test('a small query costs the floor, a large one in proportion', () => {
  expect(priceOf(1)).toBe(10_000n);
  expect(priceOf(100)).toBe(10_000n);
  expect(priceOf(101)).toBe(10_100n);
  expect(priceOf(5000)).toBe(500_000n);
});

test('more never costs less, and the price is never below floor or rate', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1000), (units, more) => {
      const price = priceOf(units);
      expect(priceOf(units + more)).toBeGreaterThanOrEqual(price);
      expect(price).toBeGreaterThanOrEqual(FLOOR_PRICE);
      expect(price).toBeGreaterThanOrEqual(BigInt(units) * PRICE_PER_DEVICE_QUANTITY_HOUR);
    }),
  );
});

test('amounts are written as USDC without trailing zeros', () => {
  expect(formatUsdc(10_000n)).toBe('0.01');
  expect(formatUsdc(1_000_000n)).toBe('1');
  expect(formatUsdc(1_234_567n)).toBe('1.234567');
  expect(formatUsdc(1n)).toBe('0.000001');
});

test('the signing domain is the one of the chain that settles', () => {
  expect(usdcDomain(10)).toEqual({ name: 'USD Coin', version: '2' });
  expect(usdcDomain(11_155_420)).toEqual({ name: 'USDC', version: '2' });
});
