/** Every route of the edge Worker and of the registry Worker; the order is that of the reference page. */
import { ADMIN } from './admin.ts';
import { CREDITS } from './credits.ts';
import { EXPORTS } from './exports.ts';
import { INGEST } from './ingest.ts';
import { DOCUMENTS, NETWORK } from './network.ts';
import { OBSERVATIONS } from './observations.ts';
import { OGC, OGC_DOCUMENTS } from './ogc.ts';
import { OWNERS } from './owners.ts';
import { PLACES } from './places.ts';
import { PROOFS } from './proofs.ts';
import { REGISTRY } from './registry.ts';
import type { Route } from './route.ts';
import { STREAM } from './stream.ts';
import { WEBHOOKS } from './webhooks.ts';

export const ROUTES: readonly Route[] = [
  ...NETWORK,
  ...PLACES,
  ...OBSERVATIONS,
  ...PROOFS,
  ...EXPORTS,
  ...STREAM,
  ...CREDITS,
  ...WEBHOOKS,
  ...OGC,
  ...INGEST,
  ...REGISTRY,
  ...OWNERS,
  ...ADMIN,
];

/** Static files under the routes' addresses, which the Worker does not see (wrangler.toml, `run_worker_first`). */
export const STATIC_ROUTES: readonly Route[] = [...DOCUMENTS, ...OGC_DOCUMENTS];
