/**
 * Pages of anyone may read the API: nothing here goes by cookies, so an answer tells a page no more than it tells its author.
 * The operator's commands stay closed.
 */
import { createMiddleware } from 'hono/factory';
import { PAYMENT_REQUIRED, PAYMENT_RESPONSE, PAYMENT_SIGNATURE } from './x402-wire.ts';

const CLOSED = /^\/v1\/admin\//;
const EXPOSED = [
  'Content-Disposition',
  'ETag',
  'Link',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
  PAYMENT_REQUIRED,
  PAYMENT_RESPONSE,
];
const TAKEN = [
  'Accept',
  'Authorization',
  'Content-Digest',
  'Content-Type',
  'If-None-Match',
  'Last-Event-ID',
  'Signature',
  'Signature-Input',
  PAYMENT_SIGNATURE,
];
const PREFLIGHT = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
  'access-control-allow-headers': TAKEN.join(', '),
  // Browsers keep it for at most two hours.
  'access-control-max-age': '7200',
};

export const cors = createMiddleware(async (c, next) => {
  if (CLOSED.test(c.req.path)) return next();
  if (c.req.method === 'OPTIONS') return c.body(null, 204, PREFLIGHT);
  await next();
  // The runtime's own response of an upgrade takes no headers.
  if (c.res.status === 101) return;
  c.res.headers.set('access-control-allow-origin', '*');
  c.res.headers.set('access-control-expose-headers', EXPOSED.join(', '));
});
