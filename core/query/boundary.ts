/**
 * The outline of a region as GeoJSON and against a bounding box. Edges are straight in longitude and latitude, as on the map;
 * regions are convex (H3), which both the test against a box and the cut at the antimeridian rely on.
 */
import type { Bbox } from './area.ts';

/** [longitude, latitude] in degrees. */
export type Corner = readonly [number, number];
export type Ring = readonly Corner[];

export type Outline =
  | { readonly type: 'Polygon'; readonly coordinates: readonly Ring[] }
  | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly Ring[])[] };

/** Cut at the antimeridian (RFC 7946 section 3.1.9), closed. `boundary` is not closed. */
export function outlineOf(boundary: Ring): Outline {
  const ring = unwrapped(boundary);
  const parts = [-360, 0, 360].flatMap((turn) => {
    const part = clipped(ring.map(([x, y]) => [x + turn, y] as const));
    return part.length < 3 ? [] : [[closed(part)]];
  });
  const [only = [closed(boundary)], ...more] = parts;
  return more.length === 0 ? { type: 'Polygon', coordinates: only } : { type: 'MultiPolygon', coordinates: parts };
}

/** Whether they share a point. */
export function touches(boundary: Ring, { west, south, east, north }: Bbox): boolean {
  const width = east >= west ? east - west : east + 360 - west;
  const ring = unwrapped(boundary);
  return [-360, 0, 360].some((turn) =>
    convexOverlap(
      ring.map(([x, y]) => [x + turn, y] as const),
      [
        [west, south],
        [west + width, south],
        [west + width, north],
        [west, north],
      ],
    ),
  );
}

/** Box around all of them; the whole width where one crosses the antimeridian. */
export function extentOf(boundaries: readonly Ring[]): Bbox {
  const corners = boundaries.flatMap((boundary) => unwrapped(boundary));
  if (corners.length === 0) return { west: -180, south: -90, east: 180, north: 90 };
  const x = corners.map(([longitude]) => longitude);
  const y = corners.map(([, latitude]) => latitude);
  const [west, east] = [Math.min(...x), Math.max(...x)];
  const isAcross = west < -180 || east > 180;
  return { west: isAcross ? -180 : west, south: Math.min(...y), east: isAcross ? 180 : east, north: Math.max(...y) };
}

/** Longitudes without a jump from one corner to the next; around a pole, a strip up to it. */
function unwrapped(boundary: Ring): Ring {
  const ring: Corner[] = [];
  for (const [longitude, latitude] of boundary) ring.push([near(longitude, ring.at(-1)?.[0] ?? longitude), latitude]);
  const [first] = ring;
  const last = ring.at(-1);
  if (first === undefined || last === undefined) return [];
  const back = near(first[0], last[0]);
  if (back === first[0]) return ring;
  const pole = first[1] > 0 ? 90 : -90;
  return [...ring, [back, first[1]], [back, pole], [first[0], pole]];
}

function near(longitude: number, to: number): number {
  return longitude + 360 * Math.round((to - longitude) / 360);
}

/** What lies within 180 degrees of Greenwich. */
function clipped(ring: Ring): Ring {
  return clip(
    clip(ring, (x) => x + 180),
    (x) => 180 - x,
  );
}

/** Sutherland and Hodgman: keeps the side where `inside` is not negative. */
function clip(ring: Ring, inside: (longitude: number) => number): Ring {
  return ring.flatMap((corner, index): Corner[] => {
    const [x, y] = corner;
    const [fromX, fromY] = ring[(index + ring.length - 1) % ring.length] ?? corner;
    const [before, now] = [inside(fromX), inside(x)];
    const kept: Corner[] = now >= 0 ? [corner] : [];
    if (before < 0 === now < 0 || before === 0 || now === 0) return kept;
    const share = before / (before - now);
    return [[fromX + share * (x - fromX), fromY + share * (y - fromY)], ...kept];
  });
}

function closed(ring: Ring): Ring {
  const [first] = ring;
  return first === undefined ? [] : [...ring, first];
}

/** Separating axes: two convex shapes are apart where some edge of one has all of the other beyond it. */
function convexOverlap(a: Ring, b: Ring): boolean {
  return ![...axesOf(a), ...axesOf(b)].some(([x, y]) => {
    const of = (ring: Ring) => ring.map(([longitude, latitude]) => longitude * x + latitude * y);
    const [ofA, ofB] = [of(a), of(b)];
    return Math.max(...ofA) < Math.min(...ofB) || Math.max(...ofB) < Math.min(...ofA);
  });
}

function axesOf(ring: Ring): readonly Corner[] {
  return ring.flatMap(([x, y], index): Corner[] => {
    const next = ring[(index + 1) % ring.length];
    return next === undefined ? [] : [[y - next[1], next[0] - x]];
  });
}
