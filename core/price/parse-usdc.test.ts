import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseUsdc } from './parse-usdc.ts';
import { formatUsdc } from './price.ts';

test('what is written as USDC reads back to the same base units', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 999_999_999_999_999n), (amount) => {
      expect(parseUsdc(formatUsdc(amount))).toBe(amount);
    }),
  );
  expect(parseUsdc('1.50')).toBe(1_500_000n);
});

test.each(['', '.5', '1.', '-1', '1e3', '1.0000001', '1,5', ' 1', '0x1', 5, null])('%j is no amount', (text) =>
  expect(parseUsdc(text)).toBeNull(),
);
