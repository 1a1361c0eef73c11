/**
 * H3 cells by their bits alone (https://h3geo.org/docs/core-library/h3Indexing): 15 hex digits are `8`, the resolution, 7 bits of
 * base cell and fifteen octal digits, of which those beyond the resolution are 7. A child begins with its parent's digits.
 */
import type { RegionCell } from './ids.ts';
import { err, ok, type Result } from './result.ts';

/** A cell from a region (resolution 3) down to a public place (7), with the public places inside of it as a range of ids. */
export type AreaCell = {
  readonly cell: string;
  readonly resolution: number;
  readonly firstPlace: string;
  readonly lastPlace: string;
};

export const REGION_RESOLUTION = 3;
export const PLACE_RESOLUTION = 7;
const DIGITS = 15;
const BASE_CELLS = 122;

export type NoAreaCell = { readonly reason: 'no-area-cell' };

export function parseAreaCell(text: string): Result<AreaCell, NoAreaCell> {
  if (!/^8[3-7][0-9a-f]{13}$/.test(text)) return err({ reason: 'no-area-cell' });
  const resolution = Number(text[1]);
  const bits = BigInt(`0x${text.slice(2)}`);
  const digit = (at: number): number => Number((bits >> BigInt(3 * (DIGITS - at))) & 7n);
  for (let at = 1; at <= DIGITS; at += 1) {
    if ((digit(at) === 7) !== at > resolution) return err({ reason: 'no-area-cell' });
  }
  if (bits >> 45n >= BigInt(BASE_CELLS)) return err({ reason: 'no-area-cell' });
  const inside = (1n << BigInt(3 * (PLACE_RESOLUTION - resolution))) - 1n;
  const from = BigInt(3 * (DIGITS - PLACE_RESOLUTION));
  return ok({
    cell: text,
    resolution,
    firstPlace: placeName(bits & ~(inside << from)),
    lastPlace: placeName(bits),
  });
}

export function isRegionCell(area: AreaCell): area is AreaCell & { readonly cell: RegionCell } {
  return area.resolution === REGION_RESOLUTION;
}

function placeName(bits: bigint): string {
  return `8${PLACE_RESOLUTION}${bits.toString(16).padStart(13, '0')}`;
}
