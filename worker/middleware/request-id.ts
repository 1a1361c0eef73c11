/** One id a request, made here: an id from outside could not be trusted in the log. */
import { createMiddleware } from 'hono/factory';

export const requestId = createMiddleware<{ Variables: { requestId: string } }>(async (c, next) => {
  const id = crypto.randomUUID();
  c.set('requestId', id);
  await next();
  c.res.headers.set('x-request-id', id);
});
