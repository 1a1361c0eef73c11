import { cellToChildren, cellToParent, latLngToCell } from 'h3-js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAreaCell } from '../../core/cell.ts';

const place = fc
  .tuple(fc.double({ min: -89, max: 89, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }))
  .map(([latitude, longitude]) => latLngToCell(latitude, longitude, 7));

test('a place lies in the range of a cell exactly when the library calls that cell its parent', () => {
  fc.assert(
    fc.property(place, place, fc.integer({ min: 3, max: 7 }), (inside, other, resolution) => {
      const cell = cellToParent(inside, resolution);
      const parsed = parseAreaCell(cell);
      if (!parsed.ok) throw new Error(cell);
      const { firstPlace, lastPlace } = parsed.value;
      expect(parsed.value.resolution).toBe(resolution);
      for (const candidate of [inside, other]) {
        const isInside = firstPlace <= candidate && candidate <= lastPlace;
        expect(isInside).toBe(cellToParent(candidate, resolution) === cell);
      }
    }),
  );
});

test('every child of a cell is in its range', () => {
  const cell = latLngToCell(40.4, -3.7, 4);
  const parsed = parseAreaCell(cell);
  if (!parsed.ok) throw new Error(cell);
  for (const child of cellToChildren(cell, 7)) {
    expect(parsed.value.firstPlace <= child && child <= parsed.value.lastPlace).toBe(true);
  }
});

test.each([
  '',
  '833900fffffffff0',
  '833900FFFFFFFFF',
  '823907fffffffff',
  '88390ca8c1fffff',
  '833900ffffffff0',
  '833907fffffffff',
  '83ff00fffffffff',
])('%s is no cell of the resolutions that are sold', (text) => {
  expect(parseAreaCell(text).ok).toBe(false);
});
