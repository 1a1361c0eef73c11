/** Land and borders: Natural Earth 1:50m, public domain, as bundled by world-atlas; loaded after the first picture. */
import type { MultiLineString, MultiPolygon as Area, Position } from 'geojson';
import { geoJSON, type Layer, type Map as LeafletMap } from 'leaflet';
import { merge, mesh } from 'topojson-client';
import type { GeometryCollection, GeometryObject, MultiPolygon, Polygon, Topology } from 'topojson-specification';

type Atlas = Topology<{ countries: GeometryCollection }>;

/** The map works without it: markers, regions and graticule need no land. */
export async function addLand(map: LeafletMap): Promise<void> {
  try {
    const response = await fetch('/land-50m.json');
    if (!response.ok) return;
    const atlas: Atlas = await response.json();
    const countries = atlas.objects.countries.geometries.filter(isArea);
    const land = merge(atlas, countries);
    // Only borders between two countries: coasts are drawn by the land already.
    const borders = mesh(atlas, atlas.objects.countries, (a, b) => a !== b);
    layer({ ...land, coordinates: land.coordinates.map((rings) => rings.map(unwrapRing)) }, 'land').addTo(map);
    layer({ ...borders, coordinates: borders.coordinates.map(unwrap) }, 'borders').addTo(map);
  } catch {
    // Offline in the moment of loading, or blocked: an outline is a comfort, not a need.
  }
}

function isArea(shape: GeometryObject): shape is Polygon | MultiPolygon {
  return shape.type === 'Polygon' || shape.type === 'MultiPolygon';
}

function layer(shape: Area | MultiLineString, className: string): Layer {
  return geoJSON(shape, {
    interactive: false,
    pane: 'land',
    style: { className, weight: className === 'land' ? 0 : 1 },
  });
}

/** The atlas is a sphere's: across the antimeridian a line steps from 180 to -180. On a plane it has to walk on. */
function unwrap(line: readonly Position[]): Position[] {
  let turns = 0;
  return line.map(([longitude = 0, latitude = 0], index) => {
    const step = longitude - (line[index - 1]?.[0] ?? longitude);
    if (step > 180) turns -= 360;
    if (step < -180) turns += 360;
    return [longitude + turns, latitude];
  });
}

/** Antarctica's ring goes once around and does not close on a plane: it is led along the lower edge of the map. */
function unwrapRing(ring: readonly Position[]): Position[] {
  const flat = unwrap(ring);
  const start = flat[0]?.[0] ?? 0;
  const end = flat.at(-1)?.[0] ?? 0;
  return Math.abs(end - start) < 180 ? flat : [...flat, [end, -89], [start, -89]];
}
