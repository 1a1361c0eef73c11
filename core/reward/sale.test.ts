import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAIN_RULES } from '../rules/main.ts';
import { splitSale } from './sale.ts';

const rules = MAIN_RULES.reward;
const nowhere = (): null => null;

test('a sale is split 80/5/10/5, and without an operator the treasury takes his part', () => {
  const served = [
    { device: 'a', units: 3 },
    { device: 'b', units: 1 },
  ];
  expect(splitSale(1000n, served, () => 'madrid', rules)).toEqual({
    devices: [
      { device: 'a', usdc: 600n },
      { device: 'b', usdc: 200n },
    ],
    operators: [{ region: 'madrid', usdc: 50n }],
    burn: 100n,
    treasury: 50n,
  });
  expect(splitSale(1000n, served, nowhere, rules)).toMatchObject({ operators: [], treasury: 100n });
  expect(splitSale(1000n, served, (device) => (device === 'a' ? 'madrid' : null), rules)).toMatchObject({
    operators: [{ region: 'madrid', usdc: 37n }],
    treasury: 63n,
  });
});

test('a sale in which no unit was good goes to the treasury but for what is burned', () => {
  const none = { devices: [], operators: [], burn: 100n, treasury: 900n };
  expect(splitSale(1000n, [], () => 'madrid', rules)).toEqual(none);
});

test('no base unit of a sale is lost or made', () => {
  const anyServed = fc.array(fc.record({ device: fc.string(), units: fc.nat({ max: 10_000 }) }), { maxLength: 8 });
  const anyRegion = fc.func(fc.constantFrom('a', 'b', null));
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), anyServed, anyRegion, (usdc, served, regionOf) => {
      const split = splitSale(usdc, served, regionOf, rules);
      const parts = [...split.devices, ...split.operators].reduce(
        (sum, share) => sum + share.usdc,
        split.burn + split.treasury,
      );
      expect(parts).toBe(usdc);
      expect(split.treasury).toBeGreaterThanOrEqual(0n);
    }),
  );
});
