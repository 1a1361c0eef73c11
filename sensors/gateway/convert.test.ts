import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type QuantityCode, quantityByCode } from '../../core/reading/quantity.ts';
import { canMeasure, type SourceUnit, toCatalogue } from './convert.ts';

function inCatalogue(value: number, unit: SourceUnit, code: QuantityCode): number | null {
  const quantity = quantityByCode(code);
  if (!quantity) throw new Error(code);
  return toCatalogue(value, unit, quantity);
}

test.each([
  [32, 'degF', 'temp', 0],
  [212, 'degF', 'temp', 100],
  [-40, 'degF', 'temp', -40],
  [59.4, 'degF', 'temp', 15.22],
  [29.9213, 'inHg', 'press', 1013.3],
  [29.689, 'inHg', 'press', 1005.4],
  [1, 'mph', 'wind_speed', 0.45],
  [100, 'mph', 'wind_gust', 44.7],
  [0.071, 'in/h', 'rain_rate', 1.8],
  [1, 'in/h', 'rain_rate', 25.4],
  [101001.28, 'Pa', 'press', 1010],
] as const)('%f %s of %s are %f', (value, unit, code, expected) => {
  expect(inCatalogue(value, unit, code)).toBe(expected);
});

/** Every hundredth of a degree that a thermometer shows, to Fahrenheit as its firmware does it and back. */
test('Celsius written as Fahrenheit comes back within the resolution of the catalogue', () => {
  fc.assert(
    fc.property(fc.integer({ min: -8000, max: 6000 }), (hundredths) => {
      const celsius = hundredths / 100;
      expect(inCatalogue((celsius * 9) / 5 + 32, 'degF', 'temp')).toBe(celsius);
      // A tenth of a degree Fahrenheit is what most consoles write.
      const written = Math.round(((celsius * 9) / 5 + 32) * 10) / 10;
      expect(Math.abs((inCatalogue(written, 'degF', 'temp') ?? Number.NaN) - celsius)).toBeLessThanOrEqual(0.034);
    }),
  );
});

test('pressure, wind and rain written in imperial units come back within the resolution of the catalogue', () => {
  const there = [
    [33.863_886_403_41, 'inHg', 'press', 10],
    [0.447_04, 'mph', 'wind_speed', 100],
    [25.4, 'in/h', 'rain_rate', 10],
  ] as const;
  fc.assert(
    fc.property(fc.constantFrom(...there), fc.integer({ min: 0, max: 11_000 }), ([factor, unit, code, per], steps) => {
      expect(inCatalogue(steps / per / factor, unit, code)).toBe(steps / per);
    }),
  );
});

test('a unit of another dimension measures nothing of the quantity', () => {
  const temperature = quantityByCode('temp');
  if (!temperature) throw new Error('temp');
  expect([canMeasure('degF', temperature), canMeasure('inHg', temperature)]).toEqual([true, false]);
});
