import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, reading } from '../../test/support/region-log.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { FLOOR_PRICE, PRICE_PER_DEVICE_QUANTITY_HOUR } from './price.ts';
import { proofPrice, quantityHoursOf } from './proof.ts';

const hoursOf = (...batches: Parameters<typeof quantityHoursOf>[0]) => quantityHoursOf(batches, MAIN_RULES.time);

test('one reading costs what all quantities and hours of its batch cost', () => {
  const batch = [
    reading('temp', DAY0_MS, 20),
    reading('temp', DAY0_MS + 60_000, 20.1),
    reading('temp', DAY0_MS + HOUR_MS, 20.2),
    reading('rh', DAY0_MS, 50),
  ];
  expect(hoursOf(batch)).toEqual([
    { quantity: 'temp', startMs: DAY0_MS },
    { quantity: 'temp', startMs: DAY0_MS + HOUR_MS },
    { quantity: 'rh', startMs: DAY0_MS },
  ]);
});

test('an hour that two batches speak of is paid once', () => {
  expect(hoursOf([reading('temp', DAY0_MS, 20)], [reading('temp', DAY0_MS + 60_000, 21)])).toHaveLength(1);
});

test('the floor holds, and above it the price is proportional', () => {
  expect(proofPrice(hoursOf([reading('temp', DAY0_MS, 20)]))).toBe(FLOOR_PRICE);
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 700 }), (count) => {
      const batch = Array.from({ length: count }, (_, hour) => reading('temp', DAY0_MS + hour * HOUR_MS, 20));
      expect(proofPrice(hoursOf(batch))).toBe(BigInt(count) * PRICE_PER_DEVICE_QUANTITY_HOUR);
    }),
  );
});
