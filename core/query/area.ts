/** A part of the earth as a query names it: H3 cells, or a bounding box in the order and across the antimeridian of RFC 7946. */
import { parseAreaCell, type AreaCell } from '../cell.ts';
import { err, ok, type Result } from '../result.ts';
import type { QueryRefusal } from './errors.ts';
import { bad } from './parameters.ts';

/** Degrees. West greater than east: the box crosses the antimeridian (RFC 7946 section 5.2). */
export type Bbox = { readonly west: number; readonly south: number; readonly east: number; readonly north: number };

export type Area =
  | { readonly kind: 'cells'; readonly cells: readonly AreaCell[] }
  | { readonly kind: 'bbox'; readonly bbox: Bbox };

/** Two bound parameters each; D1 takes 100 a statement. */
export const MAX_CELLS = 20;

const BBOX = 'west,south,east,north in degrees, as in RFC 7946';

/** Latitudes and longitudes in plain decimal degrees; Number() would take `1e1`, `0x1` and nothing at all. */
const DEGREES = /^[+-]?\d{1,3}(\.\d{1,15})?$/;

export function parseBbox(text: string): Result<Bbox, QueryRefusal> {
  // A plus sign that was not percent-encoded arrives as a space.
  const parts = text.split(',').map((part) => part.trim());
  const numbers = parts.map((part) => (DEGREES.test(part) ? Number(part) : Number.NaN));
  const [west, south, east, north] = numbers;
  if (parts.length !== 4 || west === undefined || south === undefined || east === undefined || north === undefined)
    return bad('bbox', text, BBOX);
  const isInside = Math.abs(west) <= 180 && Math.abs(east) <= 180 && Math.abs(south) <= 90 && Math.abs(north) <= 90;
  if (!isInside) return bad('bbox', text, `${BBOX}: longitudes within 180, latitudes within 90`);
  if (south > north) return bad('bbox', text, `${BBOX}: the south first, then the north`);
  return ok({ west, south, east, north });
}

export function bboxText({ west, south, east, north }: Bbox): string {
  // Adding 0 makes -0 and 0 one number, and with it one question.
  return [west, south, east, north].map((degrees) => String(degrees + 0)).join(',');
}

/** Sorted, each once. */
export function parseCells(texts: readonly string[]): Result<readonly AreaCell[], QueryRefusal> {
  const unique = new Map<string, AreaCell>();
  for (const text of texts) {
    const parsed = parseAreaCell(text);
    if (!parsed.ok) return bad('cell', text, 'an H3 cell of resolution 3 to 7, 15 lower-case hex digits');
    unique.set(text, parsed.value);
  }
  if (unique.size > MAX_CELLS)
    return err({ reason: 'too-many-values', parameter: 'cell', count: unique.size, limit: MAX_CELLS });
  return ok([...unique.values()].toSorted((a, b) => (a.cell < b.cell ? -1 : 1)));
}
