/** The documents about the API that are served as files, by their address. */
import { ROUTES, STATIC_ROUTES } from '../../schema/api/routes/all.ts';
import { MESSAGES } from '../../schema/api/routes/webhooks.ts';
import { openapiDocument } from './document.ts';
import type { JsonObject } from './schemas.ts';

const SAYS = `The open network for environmental sensors. What is an hour old is free; what is fresh or selected is paid by the query
with x402, without an account, or from prepaid credits. Times are RFC 3339 UTC and intervals half-open; amounts are decimal strings of base units;
refusals are problems (RFC 9457) with a stable \`code\` and a \`remedy\`. \`/mcp\` offers the same to clients of the Model
Context Protocol.`;

const OGC_SAYS = 'OGC API - Features 1.0 (Core, GeoJSON) over the free data of the Isobar network.';

/** `isClosed`: for tests, where no answer may have a member that is not described. */
export function openapi(isClosed = false): JsonObject {
  const routes = [...ROUTES, ...STATIC_ROUTES];
  return openapiDocument({
    title: 'Isobar',
    says: SAYS.replaceAll('\n', ' '),
    version: '3.1',
    routes,
    messages: MESSAGES,
    isClosed,
  });
}

/** OGC API - Features 1.0 knows OpenAPI 3.0 only (OGC 17-069r4, clause 9). */
export function ogcOpenapi(): JsonObject {
  const routes = [...ROUTES, ...STATIC_ROUTES].filter(({ path }) => path.startsWith('/ogc'));
  return openapiDocument({ title: 'Isobar: OGC API - Features', says: OGC_SAYS, version: '3.0', base: '/ogc', routes });
}

/** RFC 9727, as a link set (RFC 9264): where the documents are. */
function apiCatalog(): JsonObject {
  return {
    linkset: [
      {
        anchor: '/v1/status',
        'service-desc': [{ href: '/v1/openapi.json', type: 'application/vnd.oai.openapi+json;version=3.1' }],
        'service-doc': [{ href: '/docs/api/', type: 'text/html' }],
        status: [{ href: '/v1/health', type: 'application/json' }],
      },
      {
        anchor: '/ogc',
        'service-desc': [{ href: '/ogc/api', type: 'application/vnd.oai.openapi+json;version=3.0' }],
        'service-doc': [{ href: '/docs/api/', type: 'text/html' }],
      },
    ],
  };
}

export function documentFiles(): Readonly<Record<string, string>> {
  return {
    'v1/openapi.json': JSON.stringify(openapi()),
    'ogc/api': JSON.stringify(ogcOpenapi()),
    '.well-known/api-catalog': JSON.stringify(apiCatalog()),
  };
}
