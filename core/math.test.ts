import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosDegrees, ln } from './math.ts';

test('ln agrees with the engine within two units in the last place', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      const reference = Math.log(x);
      expect(Math.abs(ln(x) - reference)).toBeLessThanOrEqual(4.5e-16 * Math.max(1, Math.abs(reference)));
    }),
  );
});

test('ln has the usual values at its edges', () => {
  expect([ln(1), ln(0), ln(Infinity)]).toEqual([0, -Infinity, Infinity]);
  expect(ln(-1)).toBeNaN();
});

test('cosDegrees agrees with the engine to 1e-12 over every latitude', () => {
  fc.assert(
    fc.property(fc.double({ min: -90, max: 90, noNaN: true }), (degrees) => {
      expect(Math.abs(cosDegrees(degrees) - Math.cos((degrees * Math.PI) / 180))).toBeLessThan(1e-12);
    }),
  );
});
