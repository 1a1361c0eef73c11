/** The edge Worker's routes, one line each. */
import { Hono } from 'hono';
import type { AppEnv } from './context.ts';
import { checkEdgeConfig, type EdgeBindings, type EdgeConfig } from './env.ts';
import { logLine } from '../durable-objects/log.ts';
import { cors } from './middleware/cors.ts';
import { problem } from './middleware/problem.ts';
import { requestId } from './middleware/request-id.ts';
import { adminRoutes } from './routes/admin.ts';
import { anomaliesRoutes } from './routes/anomalies.ts';
import { checkRoutes } from './routes/check.ts';
import { creditsRoutes } from './routes/credits.ts';
import { exportRoutes } from './routes/exports.ts';
import { healthRoutes } from './routes/health.ts';
import { observationsRoutes } from './routes/observations.ts';
import { ogcRoutes } from './routes/ogc/routes.ts';
import { proofRoutes } from './routes/proofs.ts';
import { publicRoutes } from './routes/public/routes.ts';
import { readingsRoutes } from './routes/readings.ts';
import { streamRoutes } from './routes/stream.ts';
import { statementRoutes } from './routes/statement.ts';
import { webhooksRoutes } from './routes/webhooks.ts';

/** One isolate sees one set of bindings; a test may bring several. */
const configs = new WeakMap<EdgeBindings, EdgeConfig>();

function configOf(env: EdgeBindings): EdgeConfig {
  const known = configs.get(env);
  if (known !== undefined) return known;
  const checked = checkEdgeConfig(env);
  // A Worker that was deployed with a wrong variable serves nothing until that is put right.
  if (!checked.ok) throw new Error(`bad configuration: ${checked.error.variable} ${checked.error.detail}`);
  configs.set(env, checked.value);
  return checked.value;
}

export const app = new Hono<AppEnv>();
app.use(requestId);
app.use(cors);
app.use(async (c, next) => {
  c.set('config', configOf(c.env));
  await next();
});
app.route('/', readingsRoutes);
app.route('/', checkRoutes);
app.route('/', healthRoutes);
// Before the public routes, whose middleware reads every answer that comes after them to its end.
app.route('/', exportRoutes);
app.route('/', streamRoutes);
app.route('/', publicRoutes);
app.route('/', ogcRoutes);
app.route('/', observationsRoutes);
app.route('/', anomaliesRoutes);
app.route('/', proofRoutes);
app.route('/', statementRoutes);
app.route('/', creditsRoutes);
app.route('/', webhooksRoutes);
app.route('/', adminRoutes);
app.notFound((c) => problem(c, { reason: 'unknown-route', path: c.req.path }));
app.onError((error, c) => {
  // The stack stays in the log; outside there is only the id under which to look for it.
  logLine({ requestId: c.var.requestId, code: 'internal', message: String(error), stack: error.stack });
  return problem(c, { reason: 'internal', requestId: c.var.requestId });
});
