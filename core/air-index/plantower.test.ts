import { expect, test } from 'vitest';
import { correctPlantower } from './plantower.ts';

test('the published pieces come out at values inside each of them', () => {
  // .524 x - .0862 RH + 5.75; .786 x - .0862 RH + 5.75; 2.966 + .69 x + 8.84e-4 x^2
  expect(correctPlantower(20, 50)).toBeCloseTo(11.92, 10);
  expect(correctPlantower(100, 50)).toBeCloseTo(80.04, 10);
  expect(correctPlantower(400, 50)).toBeCloseTo(420.406, 10);
  // Half way between two pieces.
  expect(correctPlantower(40, 50)).toBeCloseTo(0.655 * 40 + 1.44, 10);
  expect(correctPlantower(235, 0)).toBeCloseTo((0.786 * 235 + 5.75 + 213.9349) / 2, 6);
});

test('the pieces meet: no jump of a tenth of a microgram anywhere', () => {
  for (let raw = 1; raw < 600; raw += 0.05)
    expect(Math.abs(correctPlantower(raw + 0.05, 60) - correctPlantower(raw, 60))).toBeLessThan(0.15);
});

test('nothing seen stays nothing, humidity is taken within its range, and no result is negative', () => {
  expect(correctPlantower(0, 40)).toBe(0);
  expect(correctPlantower(50, 140)).toBe(correctPlantower(50, 100));
  expect(correctPlantower(0.1, 100)).toBe(0);
});
