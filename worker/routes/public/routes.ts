/** The free routes: what anyone may read without an account. Values are at least the publication delay old. */
import { Hono } from 'hono';
import { etag } from 'hono/etag';
import type { AppEnv } from '../../context.ts';
import { epochRoutes } from './epochs.ts';
import { evidenceRoutes } from './evidence.ts';
import { liveRoutes } from './live.ts';
import { recallsRoutes } from './recalls.ts';
import { regionRoutes } from './regions.ts';
import { statusRoutes } from './status.ts';

const fresh = new Hono<AppEnv>()
  .use(etag())
  .route('/', statusRoutes)
  .route('/', regionRoutes)
  .route('/', epochRoutes)
  .route('/', recallsRoutes);

export const publicRoutes = new Hono<AppEnv>().route('/', fresh).route('/', liveRoutes).route('/', evidenceRoutes);
