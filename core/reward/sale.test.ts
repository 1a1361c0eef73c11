import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAIN_RULES } from '../rules/main.ts';
import { splitSale } from './sale.ts';

const rules = MAIN_RULES.reward;

test('a sale is split 80/5/10/5, and without an operator the treasury takes his part', () => {
  const served = [
    { device: 'a', units: 3 },
    { device: 'b', units: 1 },
  ];
  expect(splitSale(1000n, served, true, rules)).toEqual({
    devices: [
      { device: 'a', usdc: 600n },
      { device: 'b', usdc: 200n },
    ],
    operator: 50n,
    burn: 100n,
    treasury: 50n,
  });
  expect(splitSale(1000n, served, false, rules)).toMatchObject({ operator: 0n, treasury: 100n });
});

test('no base unit of a sale is lost or made', () => {
  const anyServed = fc.array(fc.record({ device: fc.string(), units: fc.nat({ max: 10_000 }) }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), anyServed, fc.boolean(), (usdc, served, hasOperator) => {
      const split = splitSale(usdc, served, hasOperator, rules);
      const parts = split.devices.reduce(
        (sum, share) => sum + share.usdc,
        split.operator + split.burn + split.treasury,
      );
      expect(parts).toBe(usdc);
      expect(split.treasury).toBeGreaterThanOrEqual(0n);
    }),
  );
});
