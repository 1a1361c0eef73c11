/** Outlines of regions as the library of H3 draws them. */
import { cellToBoundary, cellToLatLng, latLngToCell } from 'h3-js';
import { expect, test } from 'vitest';
import { outlineOf, touches, type Ring } from '../../core/query/boundary.ts';

const boundaryOf = (cell: string): Ring => cellToBoundary(cell).map(([y, x]) => [x, y]);

test('the region around a pole holds the pole, and its outline stays on the map', () => {
  const pole = boundaryOf(latLngToCell(90, 0, 3));
  expect(touches(pole, { west: 12, south: 89.9, east: 13, north: 90 })).toBe(true);
  expect(touches(pole, { west: 12, south: 80, east: 13, north: 81 })).toBe(false);
  const longitudes = outlineOf(pole).coordinates.flat(Number.POSITIVE_INFINITY).filter((_, index) => index % 2 === 0);
  expect([Math.min(...longitudes.map(Number)), Math.max(...longitudes.map(Number))]).toEqual([-180, 180]);
});

test('a region holds its center, wherever it lies, and its outline is in one piece unless it lies across the antimeridian', () => {
  for (let latitude = -85; latitude <= 85; latitude += 17) {
    for (let longitude = -180; longitude < 180; longitude += 7) {
      const cell = latLngToCell(latitude, longitude, 3);
      const [y, x] = cellToLatLng(cell);
      const boundary = boundaryOf(cell);
      expect(touches(boundary, { west: x, south: y, east: x, north: y }), cell).toBe(true);
      const isAcross = boundary.some(([from]) => boundary.some(([to]) => to - from > 180));
      expect(outlineOf(boundary).type, cell).toBe(isAcross ? 'MultiPolygon' : 'Polygon');
    }
  }
});
