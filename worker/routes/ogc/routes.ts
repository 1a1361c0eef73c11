/** OGC API - Features 1.0 over the free data: Core, GeoJSON, OpenAPI 3.0. `/ogc/api` is a static file (scripts/build-web.ts). */
import { Hono, type Context } from 'hono';
import { parseFeaturesRequest, parseForm } from '../../../core/query/features.ts';
import { attributionOf, LICENSE } from '../../../core/query/license.ts';
import { nextAddress } from '../../../core/query/places.ts';
import { hourStartMs, rfc3339 } from '../../../core/time.ts';
import type { Collection, Collections, Conformance, Features, LandingPage } from '../../../schema/api/geojson.ts';
import { nowMs } from '../../adapters/clock.ts';
import type { AppEnv } from '../../context.ts';
import { problem, problemResponse } from '../../middleware/problem.ts';
import { describeQueryRefusal } from '../../middleware/query-problems.ts';
import { CATALOGUE, perHour, tagged } from '../public/cache.ts';
import { lastPublicHour } from '../public/place-items.ts';
import { COLLECTIONS, networkExtent, type FeatureCollection, type Source } from './collections.ts';
import { CONFORMS_TO, CRS84, GEOJSON, GREGORIAN, ogcLinks } from './links.ts';

export const ogcRoutes = new Hono<AppEnv>().use('/ogc/*', tagged);

for (const path of ['/ogc', '/ogc/'])
  ogcRoutes.get(path, (c) =>
    page(c, CATALOGUE, async (origin): Promise<LandingPage> => {
      const description = 'An open network of environmental sensors: devices, regions, and hourly means an hour old.';
      return { title: 'Isobar', description, links: ogcLinks(origin).landing };
    }),
  );

ogcRoutes.get('/ogc/conformance', (c) =>
  page(c, CATALOGUE, async (): Promise<Conformance> => ({ conformsTo: CONFORMS_TO })),
);

ogcRoutes.get('/ogc/collections', (c) =>
  page(c, hourly(c), async (origin): Promise<Collections> => {
    const extent = await networkExtent(sourceOf(c));
    return {
      links: ogcLinks(origin).collections,
      collections: COLLECTIONS.map((collection) => describe(c, collection, origin, extent)),
    };
  }),
);

for (const collection of COLLECTIONS) {
  const path = `/ogc/collections/${collection.id}`;
  ogcRoutes.get(path, (c) =>
    page(c, hourly(c), async (origin) => describe(c, collection, origin, await networkExtent(sourceOf(c)))),
  );
  ogcRoutes.get(`${path}/items`, (c) => items(c, collection));
  ogcRoutes.get(`${path}/items/:feature`, (c) => item(c, collection, c.req.param('feature')));
}

async function items(c: Context<AppEnv>, collection: FeatureCollection): Promise<Response> {
  const { ingestTagKey } = c.var.config;
  const url = new URL(c.req.url);
  const request = parseFeaturesRequest(collection.id, url.searchParams, ingestTagKey);
  if (!request.ok) return problemResponse(describeQueryRefusal(request.error));
  const found = await collection.page(sourceOf(c), request.value);
  const next = nextAddress(c.req.url, ingestTagKey, request.value.canonical, found.next);
  const answer: Features = {
    type: 'FeatureCollection',
    numberReturned: found.items.length,
    links: ogcLinks(url.origin).ofItems(collection.id, c.req.url, next),
    features: found.items,
  };
  if (next !== null) c.header('link', `<${next}>; rel="next"; type="${GEOJSON}"`);
  return c.body(geojson(answer), 200, { 'content-type': GEOJSON, 'cache-control': hourly(c) });
}

async function item(c: Context<AppEnv>, collection: FeatureCollection, id: string): Promise<Response> {
  const url = new URL(c.req.url);
  const form = parseForm(url.searchParams);
  if (!form.ok) return problemResponse(describeQueryRefusal(form.error));
  const feature = await collection.find(sourceOf(c), id);
  if (feature === null) return problem(c, { reason: 'no-such', kind: 'feature', given: id });
  const answer = { ...feature, links: ogcLinks(url.origin).ofFeature(collection.id, feature.id) };
  return c.body(geojson(answer), 200, { 'content-type': GEOJSON, 'cache-control': hourly(c) });
}

/**
 * GDAL and QGIS take the type of a column from the first features: where those have whole values, they would cut the fractions
 * off the rest. Within a text a quote is escaped, so nothing but the member is found.
 */
function geojson(answer: object): string {
  return JSON.stringify(answer).replaceAll(/"value":(-?\d+)(?=[,}])/g, '"value":$1.0');
}

async function page(
  c: Context<AppEnv>,
  cache: string,
  answerOf: (origin: string) => Promise<LandingPage | Conformance | Collections | Collection>,
): Promise<Response> {
  const url = new URL(c.req.url);
  const form = parseForm(url.searchParams);
  if (!form.ok) return problemResponse(describeQueryRefusal(form.error));
  return c.json(await answerOf(url.origin), 200, { 'cache-control': cache });
}

function describe(
  c: Context<AppEnv>,
  { id, title, description, hasTime }: FeatureCollection,
  origin: string,
  bbox: readonly number[],
): Collection {
  const { rules } = c.var.config;
  const newest = rfc3339(hourStartMs(sourceOf(c).throughHour, rules.time));
  return {
    id,
    title,
    description,
    itemType: 'feature',
    crs: [CRS84],
    extent: {
      spatial: { bbox: [bbox], crs: CRS84 },
      ...(hasTime ? { temporal: { interval: [[null, newest]], trs: GREGORIAN } } : {}),
    },
    license: LICENSE,
    attribution: attributionOf(rules).join('; '),
    links: ogcLinks(origin).ofCollection(id),
  };
}

function sourceOf(c: Context<AppEnv>): Source {
  const rules = c.var.config.rules.time;
  return { db: c.env.DB, rules, throughHour: lastPublicHour(nowMs(), rules) };
}

function hourly(c: Context<AppEnv>): string {
  return perHour(c.var.config.rules.time.hourSeconds);
}
