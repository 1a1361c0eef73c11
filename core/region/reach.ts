/** Which regions have something to tell each other: those with a corner so close that devices near it may be neighbors. */
import { distanceMeters } from '../geo.ts';
import type { CharterBody } from './entry.ts';
import { RADIUS_METERS } from './neighbors.ts';

/** Place cells stick out of their region by a few kilometers: H3 cells do not contain their children exactly. */
const OVERLAP_METERS = 5000;

/**
 * Regions side by side share corners. Of hexagons that do not touch, two corners are always the closest points as long as
 * they are nearer than a hexagon is wide.
 */
export function isWithinReach(one: CharterBody['boundary'], other: CharterBody['boundary']): boolean {
  return one.some(([longitudeE5, latitudeE5]) =>
    other.some(([east, north]) => {
      const meters = distanceMeters({ latitudeE5, longitudeE5 }, { latitudeE5: north, longitudeE5: east });
      return meters <= RADIUS_METERS + OVERLAP_METERS;
    }),
  );
}
