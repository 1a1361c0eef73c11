/** The free routes: what anyone may read without an account. Values are at least the publication delay old. */
import { Hono } from 'hono';
import type { AppEnv } from '../../context.ts';
import { deviceRoutes } from './devices.ts';
import { epochRoutes } from './epochs.ts';
import { evidenceRoutes } from './evidence.ts';
import { forkRoutes } from './forks.ts';
import { liveRoutes } from './live.ts';
import { placeRoutes } from './places.ts';
import { recallsRoutes } from './recalls.ts';
import { regionRoutes } from './regions.ts';
import { statusRoutes } from './status.ts';

export const publicRoutes = new Hono<AppEnv>()
  .route('/', statusRoutes)
  .route('/', regionRoutes)
  .route('/', placeRoutes)
  .route('/', deviceRoutes)
  .route('/', forkRoutes)
  .route('/', epochRoutes)
  .route('/', recallsRoutes)
  .route('/', liveRoutes)
  .route('/', evidenceRoutes);
