/** How long copies of an answer may be used (RFC 9111), and what spares sending them again. */
import { etag } from 'hono/etag';

/** Of free answers alone, route by route: a 304 on something sold would be charged for nothing. */
export const tagged = etag();

/** The catalogue changes with a deployment only. */
export const CATALOGUE = 'public, max-age=3600';

/** Written once, under a name that is made of the content. */
export const IMMUTABLE = 'public, max-age=31536000, immutable';

/** Changes when an hour closes; a page that asks sooner gets a cached copy, an ETag spares the rest. */
export function perHour(hourSeconds: number): string {
  return `public, max-age=${Math.max(1, Math.min(60, Math.floor(hourSeconds / 10)))}`;
}
