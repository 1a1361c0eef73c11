/** Places for the commands: the registry's own, with a refusal in place of null. */
import { cellToBoundary } from 'h3-js';
import { parseRegionCell, type RegionCell } from '../core/ids.ts';
import { publicElevationM } from '../core/lifecycle/position.ts';
import { publicPlaceOf as placeOf, type Position, type PublicPlace } from '../worker/registry/place.ts';
import { Refusal } from './lib/say.ts';

export function publicPlaceOf({ latitude, longitude }: Position): PublicPlace {
  const place = placeOf({ latitude, longitude });
  if (place !== null) return place;
  throw new Refusal(`${latitude}, ${longitude} is no position: latitude is -90 to 90, longitude -180 to 180`);
}

/** The cell given by name, checked. */
export function regionCell(cell: string): RegionCell {
  const parsed = parseRegionCell(cell);
  if (!parsed.ok) throw new Refusal(`${cell} is no region: an H3 cell of resolution 3, 15 lower-case hex digits`);
  return parsed.value;
}

/** Corners of the cell, [longitude, latitude] in 1e-5 degrees, not closed. */
export function regionBoundary(cell: RegionCell): readonly (readonly [number, number])[] {
  return cellToBoundary(cell).map(([latitude, longitude]) => [Math.round(longitude * 1e5), Math.round(latitude * 1e5)]);
}

/** Heights are public to 10 m. */
export function publicElevation(meters: number | null): number | null {
  return publicElevationM({ elevationCm: meters === null ? null : meters * 100 });
}
