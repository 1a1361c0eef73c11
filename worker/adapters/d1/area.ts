/** Which devices stand in an area, as a condition on the registry. */
import { between, inArray, or, sql, type SQL } from 'drizzle-orm';
import { isRegionCell } from '../../../core/cell.ts';
import type { Area, Bbox } from '../../../core/query/area.ts';
import { devices } from '../../../schema/d1/devices.ts';

/** At most 2 x MAX_CELLS bound parameters. */
export function devicesIn(area: Area): SQL {
  if (area.kind === 'bbox') return inBox(area.bbox);
  const regions = area.cells.filter(isRegionCell).map(({ cell }) => cell);
  const smaller = area.cells.filter((cell) => !isRegionCell(cell));
  const conditions = smaller.map(({ firstPlace, lastPlace }) => between(devices.place, firstPlace, lastPlace));
  // A region is who belongs to it, which a move may have made another matter than where it stands.
  if (regions.length > 0) conditions.push(inArray(devices.cell, regions));
  return or(...conditions) ?? sql`false`;
}

function inBox({ west, south, east, north }: Bbox): SQL {
  const e5 = (degrees: number): number => Math.round(degrees * 1e5);
  const latitude = between(devices.latitudeE5, e5(south), e5(north));
  const longitude =
    west <= east
      ? between(devices.longitudeE5, e5(west), e5(east))
      : // RFC 7946 section 5.2: across the antimeridian.
        sql`(${devices.longitudeE5} >= ${e5(west)} OR ${devices.longitudeE5} <= ${e5(east)})`;
  return sql`(${latitude} AND ${longitude})`;
}
