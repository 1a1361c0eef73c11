/** The registry's routes. One prefix, so that the zone needs one route for this Worker. */
import { Hono } from 'hono';
import { logLine } from '../../durable-objects/log.ts';
import { cors } from '../middleware/cors.ts';
import { requestId } from '../middleware/request-id.ts';
import { actRoutes } from './act-routes.ts';
import { claimRoutes } from './claim-routes.ts';
import { checkRegistryConfig, type RegistryBindings, type RegistryConfig, type RegistryEnv } from './env.ts';
import { eventRoutes } from './event-routes.ts';
import { refuse } from './problems.ts';

/** One isolate sees one set of bindings; a test may bring several. */
const configs = new WeakMap<RegistryBindings, RegistryConfig>();

function configOf(env: RegistryBindings): RegistryConfig {
  const known = configs.get(env);
  if (known !== undefined) return known;
  const checked = checkRegistryConfig(env);
  // A Worker that was deployed with a wrong variable serves nothing until that is put right.
  if (!checked.ok) throw new Error(`bad configuration: ${checked.error.variable} ${checked.error.detail}`);
  configs.set(env, checked.value);
  return checked.value;
}

export const app = new Hono<RegistryEnv>();
app.use(requestId);
app.use(cors);
app.use(async (c, next) => {
  c.set('config', configOf(c.env));
  await next();
});
app.route('/', claimRoutes);
app.route('/', actRoutes);
app.route('/', eventRoutes);
app.notFound((c) => refuse(c, { reason: 'unknown-route', path: c.req.path }));
app.onError((error, c) => {
  logLine({ requestId: c.var.requestId, code: 'internal', message: String(error), stack: error.stack });
  return refuse(c, { reason: 'internal', requestId: c.var.requestId });
});
