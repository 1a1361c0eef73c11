/** Addresses and media types of `/ogc`. Links are absolute: clients follow them as they are. */
import type { Link } from '../../../schema/api/geojson.ts';

export const GEOJSON = 'application/geo+json';
const JSON_TYPE = 'application/json';
const OPENAPI_3_0 = 'application/vnd.oai.openapi+json;version=3.0';
export const CRS84 = 'http://www.opengis.net/def/crs/OGC/1.3/CRS84';
export const GREGORIAN = 'http://www.opengis.net/def/uom/ISO-8601/0/Gregorian';
export const CONFORMS_TO = ['core', 'geojson', 'oas30'].map(
  (name) => `http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/${name}`,
);

/** `origin` as the request named it: no forwarded host is trusted. */
export function ogcLinks(origin: string) {
  const link = (path: string, rel: string, title: string, type = JSON_TYPE): Link => ({
    href: `${origin}/ogc${path}`,
    rel,
    type,
    title,
  });
  const collection = (id: string, rel: string) => link(`/collections/${id}`, rel, `The collection ${id}`);
  return {
    landing: [
      link('', 'self', 'This page'),
      link('/api', 'service-desc', 'The API as OpenAPI 3.0', OPENAPI_3_0),
      { href: `${origin}/docs/api/`, rel: 'service-doc', type: 'text/html', title: 'The API to read and to try' },
      link('/conformance', 'conformance', 'What this conforms to'),
      link('/collections', 'data', 'The collections'),
    ],
    collections: [link('/collections', 'self', 'The collections')],
    ofCollection: (id: string) => [
      collection(id, 'self'),
      link(`/collections/${id}/items`, 'items', `Features of ${id}`, GEOJSON),
      licenseLink(),
    ],
    ofFeature: (id: string, feature: string) => [
      link(`/collections/${id}/items/${encodeURIComponent(feature)}`, 'self', 'This feature', GEOJSON),
      collection(id, 'collection'),
    ],
    ofItems: (id: string, self: string, next: string | null): Link[] => [
      { href: self, rel: 'self', type: GEOJSON, title: 'This page' },
      collection(id, 'collection'),
      ...(next === null ? [] : [{ href: next, rel: 'next', type: GEOJSON, title: 'The next page' }]),
    ],
  };
}

function licenseLink(): Link {
  return {
    href: 'https://creativecommons.org/licenses/by/4.0/',
    rel: 'license',
    type: 'text/html',
    title: 'CC BY 4.0',
  };
}
