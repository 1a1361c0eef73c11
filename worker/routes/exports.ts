/** `/v1/exports`: sells a job that writes closed days to files, tells how it stands, and gives links to what it wrote. */
import { Hono, type Context } from 'hono';
import { canonicalExport, parseExportRequest, type ExportRequest } from '../../core/export/request.ts';
import { queryHash } from '../../core/query/observations.ts';
import { rfc3339 } from '../../core/time.ts';
import type { ExportStatus } from '../../durable-objects/export-job/api.ts';
import { logLine } from '../../durable-objects/log.ts';
import { exportJobStub } from '../../durable-objects/stub.ts';
import type { ExportAnswer } from '../../schema/api/exports.ts';
import { nowMs } from '../adapters/clock.ts';
import { isToken, linksOf } from '../adapters/export-links.ts';
import { quoteExport, toExportArticle } from '../queries/exports.ts';
import type { AppEnv } from '../context.ts';
import { describeExportRefusal } from '../middleware/export-problems.ts';
import { readParameters } from '../middleware/parameters.ts';
import { sell } from '../middleware/payment.ts';
import { problemResponse } from '../middleware/problem.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';
import { rateLimit } from '../middleware/rate-limit.ts';
import { askedBy, readAsker, type Asker } from '../middleware/wallet.ts';
import { purchaseOf } from '../middleware/purchase.ts';
import { exportFileRoutes } from './export-files.ts';

const PATH = '/v1/exports';
/** Seconds between two looks at a job that runs. */
const LOOK_AGAIN = '2';

export const exportRoutes = new Hono<AppEnv>()
  .post(PATH, rateLimit, async (c) => {
    const parameters = await readParameters(c);
    if (!parameters.ok) return problemResponse(describeExportRefusal(parameters.error));
    const parsed = parseExportRequest(parameters.value, nowMs(), c.var.config.rules.time);
    if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
    const question = parsed.value;
    const asker = await readAsker(c);
    if (!asker.ok) return asker.error;
    if (question.isDryRun) {
      const quoted = await quoteExport(c, question, asker.value);
      return quoted.ok ? c.json(quoted.value.quote, 200, { 'cache-control': 'no-store' }) : quoted.error;
    }
    return sellExport(c, question, asker.value);
  })
  .get(`${PATH}/:id`, rateLimit, (c) => tell(c, 'begin'))
  .post(`${PATH}/:id/restart`, rateLimit, (c) => tell(c, 'restart'))
  .route('/', exportFileRoutes);

async function sellExport(c: Context<AppEnv>, question: ExportRequest, asker: Asker): Promise<Response> {
  const query = queryHash('POST', PATH, askedBy(canonicalExport(question), asker));
  // The same payment names the same job, however often it is sent.
  const id = await purchaseOf(c, 'export', query);
  const sold = await sell(c, query, () => toExportArticle(c, id, question, asker));
  if (sold.status === 200) {
    // Paid: the work may start. Should this fail, the first look at the status starts it.
    const begun = exportJobStub(c.env.EXPORT_JOB, id).begin();
    c.executionCtx.waitUntil(
      begun.catch((error: unknown) => logLine({ code: 'export-not-begun', export: id, message: String(error) })),
    );
  }
  return sold;
}

async function tell(c: Context<AppEnv>, method: 'begin' | 'restart'): Promise<Response> {
  const id = c.req.param('id') ?? '';
  const bearer = /^Bearer ([0-9a-f]{64})$/.exec(c.req.header('authorization') ?? '')?.[1];
  const token = c.req.query('token') ?? bearer ?? '';
  // Strangers wake no object.
  if (!(await isToken(c.var.config, id, token))) return problemResponse(describeExportRefusal({ reason: 'bad-token' }));
  const status = await exportJobStub(c.env.EXPORT_JOB, id)[method]();
  if (status === null) return problemResponse(describeExportRefusal({ reason: 'export-gone' }));
  const isOver = status.status === 'done' || status.status === 'failed';
  const headers = { 'cache-control': 'private, no-store', ...(isOver ? {} : { 'retry-after': LOOK_AGAIN }) };
  return c.json(await toAnswer(c, id, status), isOver ? 200 : 202, headers);
}

async function toAnswer(c: Context<AppEnv>, id: string, status: ExportStatus): Promise<ExportAnswer> {
  const { format, expiresMs } = status;
  const origin = new URL(c.req.url).origin;
  const isDone = status.status === 'done' && expiresMs !== null;
  return {
    id,
    status: status.status,
    format,
    created: rfc3339(status.createdMs),
    parts: { done: status.partsDone, total: status.partsTotal },
    rows: status.rows,
    bytes: status.bytes,
    expires: expiresMs === null ? null : rfc3339(expiresMs),
    detail: status.detail,
    links: isDone ? await linksOf(c.var.config, origin, { id, format, expiresMs }, nowMs()) : null,
  };
}
