/** One id a request, made here: an id from outside could not be trusted in the log. */
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../context.ts';

export const requestId = createMiddleware<AppEnv>(async (c, next) => {
  const id = crypto.randomUUID();
  c.set('requestId', id);
  await next();
  c.res.headers.set('x-request-id', id);
});
