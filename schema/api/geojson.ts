/** GeoJSON (RFC 7946) and the documents of OGC API - Features (OGC 17-069r4). Coordinates are CRS84: longitude, latitude. */
import { z } from 'zod';
import { DeviceItem, LatestItem } from './places.ts';
import { RegionItem } from './public.ts';
import { named, Next, Time, type Shape } from './shape.ts';

const Position = z.array(z.number()).min(2).max(3);
export const Point = named('Point', z.object({ type: z.literal('Point'), coordinates: Position }));
export const Polygon = named(
  'Polygon',
  z.object({ type: z.literal('Polygon'), coordinates: z.array(z.array(Position).min(4)).min(1) }),
);
/** A region across the antimeridian is cut there (RFC 7946 section 3.1.9). */
export const MultiPolygon = named(
  'MultiPolygon',
  z.object({ type: z.literal('MultiPolygon'), coordinates: z.array(z.array(z.array(Position).min(4)).min(1)) }),
);

export const Link = named(
  'Link',
  z.object({ href: z.string(), rel: z.string(), type: z.string(), title: z.string().optional() }),
);
export type Link = Shape<typeof Link>;
const links = z.array(Link);

const place = { latitude: true, longitude: true } as const;
/** Tables of GIS have no lists. */
const Joined = z.string().describe('Joined by semicolons.');
export const DeviceProperties = named(
  'DeviceProperties',
  DeviceItem.omit({ ...place, device: true }).extend({ quantities: Joined }),
);
export const LatestProperties = named(
  'LatestProperties',
  LatestItem.omit({ ...place, start: true }).extend({ tests: Joined, time: Time.describe('Start of the hour.') }),
);
export const RegionProperties = named('RegionProperties', RegionItem.omit({ boundary: true, cell: true }));

function feature<P extends z.ZodType, G extends z.ZodType>(properties: P, geometry: G) {
  return z.object({
    type: z.literal('Feature'),
    id: z.string(),
    geometry,
    properties,
    links: links.optional().describe('Of a single feature.'),
  });
}

const type = z.literal('FeatureCollection');
const numberReturned = z.int().min(0);

export const DeviceFeature = named('DeviceFeature', feature(DeviceProperties, Point));
export const LatestFeature = named('LatestFeature', feature(LatestProperties, Point));
export const RegionFeature = named('RegionFeature', feature(RegionProperties, z.union([Polygon, MultiPolygon])));
export type DeviceFeature = Shape<typeof DeviceFeature>;
export type LatestFeature = Shape<typeof LatestFeature>;
export type RegionFeature = Shape<typeof RegionFeature>;

export const DeviceFeatures = named(
  'DeviceFeatures',
  z.object({ type, numberReturned, links, features: z.array(DeviceFeature) }),
);
export const LatestFeatures = named(
  'LatestFeatures',
  z.object({ type, numberReturned, links, features: z.array(LatestFeature) }),
);
export const RegionFeatures = named(
  'RegionFeatures',
  z.object({ type, numberReturned, links, features: z.array(RegionFeature) }),
);
const page = { license: z.string(), attribution: z.array(z.string()), next: Next };
const withPlace = <P extends z.ZodType>(properties: P) =>
  z.object({ type: z.literal('Feature'), geometry: Point, properties });
/** `format=geojson` of /v1/devices and /v1/latest: the very rows of the other formats. */
export const DevicesGeojson = named(
  'DevicesGeojson',
  z.object({ type, ...page, features: z.array(withPlace(DeviceItem)) }),
);
export const LatestGeojson = named(
  'LatestGeojson',
  z.object({ type, ...page, features: z.array(withPlace(LatestItem)) }),
);

/** Of any collection. */
export type Features = {
  readonly type: 'FeatureCollection';
  readonly numberReturned: number;
  readonly links: readonly Link[];
  readonly features: readonly (DeviceFeature | LatestFeature | RegionFeature)[];
};

export const LandingPage = named('LandingPage', z.object({ title: z.string(), description: z.string(), links }));
export type LandingPage = Shape<typeof LandingPage>;

export const Conformance = named('Conformance', z.object({ conformsTo: z.array(z.url()) }));
export type Conformance = Shape<typeof Conformance>;

export const Collection = named(
  'Collection',
  z.object({
    id: z.enum(['devices', 'latest', 'regions']),
    title: z.string(),
    description: z.string(),
    itemType: z.literal('feature'),
    crs: z.array(z.string()),
    extent: z.object({
      spatial: z.object({ bbox: z.array(z.array(z.number()).length(4)), crs: z.string() }),
      temporal: z
        .object({ interval: z.array(z.tuple([Time.nullable(), Time.nullable()])), trs: z.string() })
        .optional(),
    }),
    license: z.string(),
    attribution: z.string(),
    links,
  }),
);
export type Collection = Shape<typeof Collection>;

export const Collections = named('Collections', z.object({ links, collections: z.array(Collection) }));
export type Collections = Shape<typeof Collections>;
