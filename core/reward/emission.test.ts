import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAIN_RULES } from '../rules/main.ts';
import { emissionOf } from './emission.ts';
import { potOf } from './pot.ts';

const rules = MAIN_RULES.reward;
const FIRST = (100_000_000n * 10n ** 18n * 15n) / 100n / 365n;

test('the first year releases 15 % of the cap, each later one 85 % of the year before', () => {
  expect(emissionOf(0, rules)).toBe(FIRST);
  expect(emissionOf(364, rules)).toBe(FIRST);
  expect(emissionOf(365, rules)).toBe((FIRST * 85n) / 100n);
  expect(emissionOf(3 * 365, rules)).toBe((FIRST * 85n ** 3n) / 100n ** 3n);
  // As EmissionSchedule.sol: 17/20 is the same fraction.
  expect(emissionOf(59 * 365, rules)).toBe((FIRST * 17n ** 59n) / 20n ** 59n);
  expect(emissionOf(60 * 365, rules)).toBe(0n);
});

test('all years together stay below the cap', () => {
  let sum = 0n;
  for (let year = 0; year < 60; year++) sum += 365n * emissionOf(year * 365, rules);
  expect(sum).toBeLessThan(BigInt(rules.capBaseUnits));
});

test('the pot is 40 % of the emission, and at most all of it however much was burned', () => {
  expect(potOf(0, 0n, rules)).toBe((FIRST * 40n) / 100n);
  fc.assert(
    fc.property(fc.nat({ max: 30_000 }), fc.bigInt({ min: 0n, max: 10n ** 26n }), (index, burned) => {
      const pot = potOf(index, burned, rules);
      expect(pot).toBeLessThanOrEqual(emissionOf(index, rules));
      expect(pot - potOf(index, 0n, rules)).toBeLessThanOrEqual(burned);
    }),
  );
});
