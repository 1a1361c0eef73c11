/** Distances between public places. Flat-earth formula: within 60 km it is good to 0.1 %, far below a place cell's size. */
import { cosDegrees } from './math.ts';

export type Place = { readonly latitudeE5: number; readonly longitudeE5: number };

export const METERS_PER_E5_DEGREE = 1.11195; // 6,371,008.8 m mean earth radius

export function distanceMeters(a: Place, b: Place): number {
  const north = (a.latitudeE5 - b.latitudeE5) * METERS_PER_E5_DEGREE;
  let turn = a.longitudeE5 - b.longitudeE5;
  if (turn > 18_000_000) turn -= 36_000_000;
  if (turn < -18_000_000) turn += 36_000_000;
  const east = turn * METERS_PER_E5_DEGREE * cosDegrees((a.latitudeE5 + b.latitudeE5) / 200_000);
  return Math.sqrt(north * north + east * east);
}
