import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  betterOffer,
  costWei,
  type Fees,
  firstOffer,
  MAX_TIMED_ATTEMPTS,
  needsBetterOffer,
  type Price,
} from './fees.ts';

const anyPrice: fc.Arbitrary<Price> = fc.record({
  gas: fc.bigInt(21_000n, 16_777_216n),
  baseFeePerGas: fc.bigInt(0n, 10n ** 12n),
  besideGas: fc.bigInt(0n, 10n ** 16n),
});
const anyLimit = fc.bigInt(0n, 10n ** 19n);
const most = (fees: Fees, { gas, besideGas }: Price): bigint => gas * fees.maxFeePerGas + besideGas;
const PRICE: Price = { gas: 400_000n, baseFeePerGas: 1_000_000n, besideGas: 0n };
const PLENTY = 10n ** 18n;
const feesOf = (price: Price, limit = PLENTY): Fees => {
  const offer = firstOffer(price, limit);
  if (offer.kind !== 'offer') throw new Error('too dear');
  return offer.fees;
};

test('a transaction waits exactly while gas, data on L1 and operator together cost more than the limit', () => {
  const dear: Price = { ...PRICE, besideGas: 7n };
  const cost = costWei(dear);
  expect(cost).toBe(400_000n * 2_000_000n + 7n);
  expect(firstOffer(dear, cost)).toMatchObject({ kind: 'offer' });
  expect(firstOffer(dear, cost - 1n)).toEqual({ kind: 'too-dear', costWei: cost });
});

test('what is offered can be mined now, a later offer replaces it, and neither ever costs more than the limit', () => {
  fc.assert(
    fc.property(anyPrice, anyPrice, anyLimit, fc.nat({ max: 40 }), (price, later, limit, attempts) => {
      const offer = firstOffer(price, limit);
      if (offer.kind === 'too-dear') return;
      expect(most(offer.fees, price)).toBeLessThanOrEqual(limit);
      expect(offer.fees.maxFeePerGas).toBeGreaterThanOrEqual(price.baseFeePerGas + offer.fees.maxPriorityFeePerGas);
      const now = { ...later, gas: price.gas };
      const better = betterOffer(offer.fees, attempts, now, limit);
      if (better === null) return;
      expect(most(better, now)).toBeLessThanOrEqual(limit);
      // op-reth and geth: 10 % more in both fields.
      expect(better.maxFeePerGas * 10n).toBeGreaterThanOrEqual(offer.fees.maxFeePerGas * 11n);
      expect(better.maxPriorityFeePerGas * 10n).toBeGreaterThanOrEqual(offer.fees.maxPriorityFeePerGas * 11n);
      expect(better.maxFeePerGas).toBeGreaterThanOrEqual(better.maxPriorityFeePerGas);
    }),
  );
});

test('time alone raises a price a bounded number of times, a base fee above it raises it once more', () => {
  let fees = feesOf(PRICE);
  let attempts = 1;
  for (let tries = 0; tries < 100; tries++) {
    const better = betterOffer(fees, attempts, PRICE, PLENTY);
    if (better === null) break;
    fees = better;
    attempts += 1;
  }
  expect(attempts).toBe(MAX_TIMED_ATTEMPTS);
  expect(fees.maxFeePerGas).toBeLessThan(3n * feesOf(PRICE).maxFeePerGas);
  const dearer = { ...PRICE, baseFeePerGas: fees.maxFeePerGas + 1n };
  expect(betterOffer(fees, attempts, dearer, PLENTY)?.maxFeePerGas).toBe(feesOf(dearer).maxFeePerGas);
});

test('an offer is given its time, unless the base fee went past it', () => {
  const fees = feesOf(PRICE);
  expect(needsBetterOffer(fees, fees.maxFeePerGas, 999, 1000)).toBe(false);
  expect(needsBetterOffer(fees, fees.maxFeePerGas, 1000, 1000)).toBe(true);
  expect(needsBetterOffer(fees, fees.maxFeePerGas + 1n, 0, 1000)).toBe(true);
});
