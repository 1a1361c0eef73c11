/** `GET /v1/health`: this isolate answers and its configuration holds. Says nothing of regions or the chain. */
import { Hono } from 'hono';
import { rfc3339 } from '../../core/time.ts';
import { nowMs } from '../adapters/clock.ts';
import type { AppEnv } from '../context.ts';

export const healthRoutes = new Hono<AppEnv>().get('/v1/health', (c) => {
  c.header('cache-control', 'no-store');
  return c.json({
    status: 'ok',
    rules: c.var.config.rules.name,
    ruleSetHash: c.var.config.ruleSetHash,
    time: rfc3339(nowMs()),
  });
});
