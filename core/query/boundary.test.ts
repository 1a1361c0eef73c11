import { expect, test } from 'vitest';
import { extentOf, outlineOf, touches, type Ring } from './boundary.ts';

const MADRID: Ring = [
  [-4, 40],
  [-3, 40],
  [-2.5, 40.5],
  [-3, 41],
  [-4, 41],
  [-4.5, 40.5],
];
/** Fiji: from 179.5 to -179.5. */
const FIJI: Ring = [
  [179.5, -17],
  [-179.5, -17],
  [-179.5, -16],
  [179.5, -16],
];

test('an outline is closed and keeps its corners', () => {
  expect(outlineOf(MADRID)).toEqual({ type: 'Polygon', coordinates: [[...MADRID, MADRID[0]]] });
});

test('an outline across the antimeridian is cut there', () => {
  const { type, coordinates } = outlineOf(FIJI);
  expect(type).toBe('MultiPolygon');
  const longitudes = coordinates.map((part) => part.flat(2).filter((_, index) => index % 2 === 0));
  expect(longitudes.map((x) => [Math.min(...x), Math.max(...x)])).toEqual([
    [-180, -179.5],
    [179.5, 180],
  ]);
});

test.each([
  ['around', { west: -10, south: 35, east: 10, north: 45 }, true],
  ['inside', { west: -3.6, south: 40.4, east: -3.4, north: 40.6 }, true],
  ['over a corner', { west: -2.6, south: 40.4, east: 0, north: 40.6 }, true],
  ['beside', { west: -2.4, south: 40, east: 0, north: 41 }, false],
  ['in the corner that the outline cuts off', { west: -4.6, south: 40.9, east: -4.4, north: 41 }, false],
  ['the whole width', { west: -180, south: -90, east: 180, north: 90 }, true],
] as const)('a box %s', (_, box, expected) => {
  expect(touches(MADRID, box)).toBe(expected);
});

test('boxes and outlines across the antimeridian meet', () => {
  const across = { west: 170, south: -20, east: -170, north: -10 };
  expect([touches(FIJI, across), touches(MADRID, across)]).toEqual([true, false]);
  expect(touches(FIJI, { west: -179.9, south: -17, east: -179.8, north: -16 })).toBe(true);
  expect(touches(FIJI, { west: 179.6, south: -17, east: 179.7, north: -16 })).toBe(true);
  expect(touches(FIJI, { west: -179, south: -17, east: 179, north: -16 })).toBe(false);
});

test('the extent is around all of them', () => {
  expect(extentOf([MADRID])).toEqual({ west: -4.5, south: 40, east: -2.5, north: 41 });
  expect(extentOf([MADRID, FIJI])).toMatchObject({ west: -180, south: -17, east: 180, north: 41 });
  expect(extentOf([])).toEqual({ west: -180, south: -90, east: 180, north: 90 });
});
