import { cellToLatLng } from 'h3-js';
import { expect, test } from 'vitest';
import { publicElevation, publicPlaceOf, regionBoundary } from './place.ts';

const RETIRO = { latitude: 40.41444, longitude: -3.6825 };

test('the public place is the center of its cell, and lies in its region', () => {
  const place = publicPlaceOf(RETIRO);
  const [latitude, longitude] = cellToLatLng(place.place);
  expect(place).toEqual({
    cell: '83390cfffffffff',
    place: '87390ca35ffffff',
    latitudeE5: Math.round(latitude * 1e5),
    longitudeE5: Math.round(longitude * 1e5),
  });
});

test('heights are public to ten meters, unknown ones stay unknown', () => {
  expect([publicElevation(637), publicElevation(-4), publicElevation(null)]).toEqual([640, 0, null]);
});

test('a region has six corners in whole 1e-5 degrees', () => {
  const corners = regionBoundary(publicPlaceOf(RETIRO).cell);
  expect(corners).toHaveLength(6);
  expect(corners.flat().every(Number.isInteger)).toBe(true);
});

test('what is no position is refused', () => {
  expect(() => publicPlaceOf({ latitude: 95, longitude: 0 })).toThrow('no position');
});
