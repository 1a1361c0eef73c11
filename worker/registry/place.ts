/** From a position to the cells that the network knows it by. The only user of H3's library; the core compares cells as text. */
import { cellToLatLng, cellToParent, isValidCell, latLngToCell } from 'h3-js';
import { PLACE_RESOLUTION, REGION_RESOLUTION } from '../../core/cell.ts';
import { parsePlaceCell, parseRegionCell, type PlaceCell, type RegionCell } from '../../core/ids.ts';

export type Position = { readonly latitude: number; readonly longitude: number };

export type PublicPlace = {
  readonly cell: RegionCell;
  readonly place: PlaceCell;
  /** Center of `place` in 1e-5 degrees: the exact position stays with the owner. */
  readonly latitudeE5: number;
  readonly longitudeE5: number;
};

/** Null: no position on earth. */
export function publicPlaceOf({ latitude, longitude }: Position): PublicPlace | null {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null;
  const place = parsePlaceCell(latLngToCell(latitude, longitude, PLACE_RESOLUTION));
  if (!place.ok) throw new Error(`H3 gave ${place.error.given}`);
  // Of the place, not of the position: cells of H3 do not nest exactly, and the public place must name its own region.
  const cell = parseRegionCell(cellToParent(place.value, REGION_RESOLUTION));
  if (!cell.ok) throw new Error(`H3 gave ${cell.error.given}`);
  return {
    cell: cell.value,
    place: place.value,
    ...centerOf(place.value),
  };
}

/** Of a stranger's log. Null: no cell, though it has the form of one. */
export function centerIfCell(place: PlaceCell): Pick<PublicPlace, 'latitudeE5' | 'longitudeE5'> | null {
  return isValidCell(place) ? centerOf(place) : null;
}

/** 1e-5 degrees; adding zero turns -0 into 0. */
export function centerOf(place: PlaceCell): Pick<PublicPlace, 'latitudeE5' | 'longitudeE5'> {
  const [latitude, longitude] = cellToLatLng(place);
  return { latitudeE5: Math.round(latitude * 1e5) + 0, longitudeE5: Math.round(longitude * 1e5) + 0 };
}
