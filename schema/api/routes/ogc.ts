import { z } from 'zod';
import {
  Collection,
  Collections,
  Conformance,
  DeviceFeature,
  DeviceFeatures,
  LandingPage,
  LatestFeature,
  LatestFeatures,
  RegionFeature,
  RegionFeatures,
} from '../geojson.ts';
import {
  BAD_PARAMETERS,
  fresh,
  GEOJSON_TYPE,
  path,
  query,
  type Parameter,
  type Problems,
  type Route,
} from './route.ts';

const F = query('f', 'JSON is all there is.', z.enum(['json', 'geojson']));
const BAD: Problems = { 400: [...BAD_PARAMETERS] };

/** Parameters of `items`, as requirement classes Core fixes them. */
const SELECTION: readonly Parameter[] = [
  query(
    'bbox',
    'Four numbers, or six with heights, which are not looked at; CRS84.',
    z.array(z.number()).min(4).max(6),
    {
      isList: true,
    },
  ),
  query('datetime', 'A time, or an interval `a/b` with `..` for an open end (RFC 3339).', z.string()),
  query('limit', 'Most features of a page.', z.int().min(1).max(1000).default(100)),
  query('offset', 'Features to leave out; `next` links use a cursor.', z.int().min(0).max(10_000)),
  query('cursor', 'From a `next` link.', z.string()),
  F,
];

type Kind = {
  readonly id: 'devices' | 'latest' | 'regions';
  readonly name: string;
  readonly of: string;
  readonly all: z.ZodType;
  readonly one: z.ZodType;
};
const KINDS: readonly Kind[] = [
  { id: 'devices', name: 'Devices', of: 'did:key of the device', all: DeviceFeatures, one: DeviceFeature },
  { id: 'latest', name: 'Latest', of: '{device}.{quantity}', all: LatestFeatures, one: LatestFeature },
  { id: 'regions', name: 'Regions', of: 'cell of the region', all: RegionFeatures, one: RegionFeature },
];

/** Core allows one document for `items` of all collections; with one path each, every collection has its own schema. */
const ofKind = ({ id, name, of, all, one }: Kind): readonly Route[] => [
  {
    method: 'get',
    path: `/ogc/collections/${id}`,
    id: `ogc${name}Collection`,
    group: 'OGC API - Features',
    says: `The collection \`${id}\``,
    parameters: [F],
    answers: fresh('Extent and links.', Collection),
    problems: BAD,
  },
  {
    method: 'get',
    path: `/ogc/collections/${id}/items`,
    id: `ogc${name}Items`,
    group: 'OGC API - Features',
    says: `Features of \`${id}\``,
    parameters: SELECTION,
    answers: features('A page of features.', all),
    problems: { 400: [...BAD_PARAMETERS, 'bad-cursor'] },
  },
  {
    method: 'get',
    path: `/ogc/collections/${id}/items/{feature}`,
    id: `ogc${name}Item`,
    group: 'OGC API - Features',
    says: `A feature of \`${id}\``,
    parameters: [path('feature', of, z.string()), F],
    answers: features('The feature.', one),
    problems: { 400: [...BAD_PARAMETERS], 404: ['no-such-feature'] },
  },
];

function features(says: string, schema: z.ZodType): Route['answers'] {
  const { 304: unchanged } = fresh('', schema);
  return {
    200: { says, body: { [GEOJSON_TYPE]: schema }, headers: ['ETag', 'Link'] },
    ...(unchanged === undefined ? {} : { 304: unchanged }),
  };
}

const page = (of: string, id: string, says: string, schema: z.ZodType): Route => ({
  method: 'get',
  path: of,
  id,
  group: 'OGC API - Features',
  says,
  parameters: [F],
  answers: fresh('It links to the rest.', schema),
  problems: BAD,
});

export const OGC: readonly Route[] = [
  page('/ogc', 'ogcLandingPage', 'The landing page', LandingPage),
  page('/ogc/conformance', 'ogcConformance', 'The conformance classes', Conformance),
  page('/ogc/collections', 'ogcCollections', 'The collections', Collections),
  ...KINDS.flatMap(ofKind),
];

export const OGC_DOCUMENTS: readonly Route[] = [
  {
    method: 'get',
    path: '/ogc/api',
    id: 'ogcApi',
    group: 'OGC API - Features',
    says: 'These routes as OpenAPI 3.0, which OGC API - Features 1.0 asks for',
    answers: {
      200: {
        says: 'OpenAPI 3.0.',
        body: { 'application/vnd.oai.openapi+json;version=3.0': z.looseObject({ openapi: z.string() }) },
      },
    },
  },
];
