/** From a position to the cells that the network knows it by. The only user of H3's library; the core compares cells as text. */
import { cellToBoundary, cellToLatLng, cellToParent, greatCircleDistance, latLngToCell, UNITS } from 'h3-js';
import { parsePlaceCell, parseRegionCell, type PlaceCell, type RegionCell } from '../core/ids.ts';
import { Refusal } from './lib/say.ts';

const REGION_RESOLUTION = 3;
const PLACE_RESOLUTION = 7;
/** Devices closer than this share the density cell of the one claimed first. */
const DENSITY_METERS = 500;

export type Position = { readonly latitude: number; readonly longitude: number };

export type PublicPlace = {
  readonly cell: RegionCell;
  readonly place: PlaceCell;
  /** Center of `place` in 1e-5 degrees: the exact position stays with the owner. */
  readonly latitudeE5: number;
  readonly longitudeE5: number;
};

export function publicPlaceOf({ latitude, longitude }: Position): PublicPlace {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) {
    throw new Refusal(`${latitude}, ${longitude} is no position: latitude is -90 to 90, longitude -180 to 180`);
  }
  const place = parsePlaceCell(latLngToCell(latitude, longitude, PLACE_RESOLUTION));
  if (!place.ok) throw new Error(`H3 gave ${place.error.given}`);
  const [centerLatitude, centerLongitude] = cellToLatLng(place.value);
  return {
    // Of the place, not of the position: cells of H3 do not nest exactly, and the public place must name its own region.
    cell: regionOf(cellToParent(place.value, REGION_RESOLUTION)),
    place: place.value,
    latitudeE5: Math.round(centerLatitude * 1e5),
    longitudeE5: Math.round(centerLongitude * 1e5),
  };
}

function regionOf(cell: string): RegionCell {
  const parsed = parseRegionCell(cell);
  if (!parsed.ok) throw new Refusal(`${cell} is no region: an H3 cell of resolution 3, 15 lower-case hex digits`);
  return parsed.value;
}

/** The cell given by name, checked. */
export function regionCell(given: string): RegionCell {
  return regionOf(given);
}

/** Corners of the cell, [longitude, latitude] in 1e-5 degrees, not closed. */
export function regionBoundary(cell: RegionCell): readonly (readonly [number, number])[] {
  return cellToBoundary(cell).map(([latitude, longitude]) => [Math.round(longitude * 1e5), Math.round(latitude * 1e5)]);
}

/** Heights are public to 10 m. */
export function publicElevation(meters: number | null): number | null {
  return meters === null ? null : Math.round(meters / 10) * 10;
}

export type Claimed = { readonly position: Position; readonly density: PlaceCell };

/** The density cell of the first device within 500 m, or the place's own. `earlier` in the order of claim. */
export function densityOf(position: Position, place: PlaceCell, earlier: readonly Claimed[]): PlaceCell {
  const near = earlier.find((claimed) => meters(claimed.position, position) <= DENSITY_METERS);
  return near?.density ?? place;
}

function meters(a: Position, b: Position): number {
  return greatCircleDistance([a.latitude, a.longitude], [b.latitude, b.longitude], UNITS.m);
}
