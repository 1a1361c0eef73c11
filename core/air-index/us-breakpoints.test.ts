import fc from 'fast-check';
import { expect, test } from 'vitest';
import { usCategory, usSubIndex, type UsScale } from './us-breakpoints.ts';

/** Both ends of every row of EPA-454/B-24-002 table 6, in the catalogue's units: O3, NO2, SO2 in ppb, CO in ppm. */
const ENDS: Readonly<Record<UsScale, readonly (readonly [concentration: number, index: number])[]>> = {
  pm25: [
    [0, 0],
    [9, 50],
    [9.1, 51],
    [35.4, 100],
    [35.5, 101],
    [55.4, 150],
    [55.5, 151],
    [125.4, 200],
    [125.5, 201],
    [225.4, 300],
    [225.5, 301],
    [325.4, 500],
  ],
  pm10: [
    [54, 50],
    [55, 51],
    [154, 100],
    [155, 101],
    [254, 150],
    [255, 151],
    [354, 200],
    [355, 201],
    [424, 300],
    [425, 301],
    [604, 500],
  ],
  'o3-8h': [
    [54, 50],
    [55, 51],
    [70, 100],
    [71, 101],
    [85, 150],
    [86, 151],
    [105, 200],
    [106, 201],
    [200, 300],
  ],
  'o3-1h': [
    [125, 101],
    [164, 150],
    [165, 151],
    [204, 200],
    [205, 201],
    [404, 300],
    [405, 301],
    [604, 500],
  ],
  'co-8h': [
    [4.4, 50],
    [4.5, 51],
    [9.4, 100],
    [9.5, 101],
    [12.4, 150],
    [12.5, 151],
    [15.4, 200],
    [15.5, 201],
    [30.4, 300],
    [30.5, 301],
    [50.4, 500],
  ],
  'so2-1h': [
    [35, 50],
    [36, 51],
    [75, 100],
    [76, 101],
    [185, 150],
    [186, 151],
    [304, 200],
  ],
  'so2-24h': [
    [305, 201],
    [604, 300],
    [605, 301],
    [1004, 500],
  ],
  'no2-1h': [
    [53, 50],
    [54, 51],
    [100, 100],
    [101, 101],
    [360, 150],
    [361, 151],
    [649, 200],
    [650, 201],
    [1249, 300],
    [1250, 301],
    [2049, 500],
  ],
};
const SCALES = Object.keys(ENDS) as UsScale[];

test.each(SCALES)('%s has the published index at both ends of every row', (scale) => {
  expect(ENDS[scale].map(([concentration]) => usSubIndex(scale, concentration))).toEqual(
    ENDS[scale].map(([, index]) => index),
  );
});

test("the worked examples of EPA's document come out", () => {
  // Section IV: .07853333 ppm over eight hours is truncated to .078; 35.92 ug/m3 of PM2.5; 8.47 ppm of CO.
  expect(usSubIndex('o3-8h', 78.53333)).toBe(126);
  expect(usSubIndex('pm25', 35.92431999)).toBe(102);
  expect(usSubIndex('co-8h', 8.47532711)).toBe(90);
  expect(usSubIndex('o3-1h', 162)).toBe(147);
});

test('between two rows the lower one holds: concentrations are truncated, not rounded', () => {
  expect(usSubIndex('pm25', 9.0999)).toBe(50);
  expect(usSubIndex('pm10', 154.99)).toBe(100);
  expect(usSubIndex('no2-1h', 53.7)).toBe(50);
});

test('above 500 the last slope goes on and the category says that the table has ended', () => {
  expect(usSubIndex('pm25', 425.4)).toBe(699);
  expect(usCategory(500).code).toBe('hazardous');
  expect(usCategory(501).code).toBe('beyond-index');
});

test('a scale says nothing of values below its first row and no more than its last where another takes over', () => {
  expect(usSubIndex('o3-1h', 124.9)).toBeNull();
  expect(usSubIndex('so2-24h', 304)).toBeNull();
  expect(usSubIndex('o3-8h', 900)).toBe(300);
  expect(usSubIndex('so2-1h', 900)).toBe(200);
});

test('more of a pollutant is never a better index', () => {
  const concentration = fc.double({ min: 0, max: 3000, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom(...SCALES), concentration, concentration, (scale, one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      expect(usSubIndex(scale, low) ?? 0).toBeLessThanOrEqual(usSubIndex(scale, high) ?? 0);
    }),
  );
});
