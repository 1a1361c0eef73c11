/** `GET /v1/observations`: the paid query. Prices it, and answers it once it is paid; `dry-run=true` tells price and size. */
import { Hono, type Context } from 'hono';
import { formatUsdc, priceOf } from '../../core/price/price.ts';
import { encodeCsv } from '../../core/query/csv.ts';
import type { SelectionRefusal } from '../../core/query/errors.ts';
import { attributionOf, LICENSE } from '../../core/query/license.ts';
import {
  canonicalQuery,
  hoursAsked,
  MAX_DEVICE_QUANTITY_HOURS,
  parseObservationsRequest,
  queryHash,
  type ObservationsRequest,
} from '../../core/query/observations.ts';
import { servedBy } from '../../core/query/served.ts';
import { unitOf, type ObservationRow } from '../../core/query/rows.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { rfc3339 } from '../../core/time.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import type { ObservationsAnswer, ObservationsQuote } from '../../schema/api/observations.ts';
import { nowMs } from '../adapters/clock.ts';
import { isRegion, readDevices, type SoldDevice } from '../adapters/d1/observations.ts';
import { collectRows } from '../adapters/observation-rows.ts';
import type { AppEnv } from '../context.ts';
import type { EdgeConfig } from '../env.ts';
import { sell, type Article } from '../middleware/payment.ts';
import { logLine } from '../../durable-objects/log.ts';
import { problem, problemResponse } from '../middleware/problem.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';

const PATH = '/v1/observations';

export const observationsRoutes = new Hono<AppEnv>().get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const parsed = parseObservationsRequest(url.searchParams, nowMs(), c.var.config.rules.time);
  if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
  const request = parsed.value;
  if (url.searchParams.get('dry-run') === 'true') {
    const quoted = await quote(c, request);
    return quoted.ok ? c.json(quoted.value.quote, 200, { 'cache-control': 'no-store' }) : quoted.error;
  }
  return sell(c, queryHash('GET', PATH, canonicalQuery(request)), () => toArticle(c, request));
});

type Quoted = { readonly devices: readonly SoldDevice[]; readonly quote: ObservationsQuote; readonly amount: bigint };

async function quote(c: Context<AppEnv>, request: ObservationsRequest): Promise<Result<Quoted, Response>> {
  const found = await selectDevices(c.env.DB, request);
  if (!found.ok) return err(problemResponse(describeQueryRefusal(found.error)));
  const devices = found.value;
  const { chain, rules } = c.var.config;
  const deviceQuantityHours = devices.length * request.quantities.length * hoursAsked(request, nowMs(), rules.time);
  if (deviceQuantityHours > MAX_DEVICE_QUANTITY_HOURS) {
    const refusal: SelectionRefusal = {
      reason: 'query-too-large',
      deviceQuantityHours,
      limit: MAX_DEVICE_QUANTITY_HOURS,
    };
    return err(problemResponse(describeQueryRefusal(refusal)));
  }
  const amount = priceOf(deviceQuantityHours);
  return ok({
    devices,
    amount,
    quote: {
      from: rfc3339(request.fromMs),
      until: rfc3339(request.untilMs),
      resolution: request.resolution,
      devices: devices.length,
      quantities: request.quantities.map((quantity) => quantity.code),
      deviceQuantityHours,
      price: {
        amount: String(amount),
        usdc: formatUsdc(amount),
        asset: chain.usdc,
        network: `eip155:${chain.chainId}`,
        payTo: chain.distributor,
      },
    },
  });
}

async function toArticle(c: Context<AppEnv>, request: ObservationsRequest): Promise<Result<Article, Response>> {
  const quoted = await quote(c, request);
  if (!quoted.ok) return quoted;
  const { devices, amount, quote: facts } = quoted.value;
  return ok({
    amount,
    description: `${facts.deviceQuantityHours} device-quantity-hours of ${facts.quantities.join(', ')}`,
    mimeType: request.format === 'csv' ? 'text/csv' : 'application/json',
    facts,
    answer: async () => {
      try {
        const rows = await collectRows(c.env, devices, request, c.var.config.rules.time);
        if (rows.length === 0) return err(problemResponse(describeQueryRefusal({ reason: 'nothing-measured' })));
        if (rows.length <= request.limit) return ok(encodeAnswer(rows, request, c.var.config));
        return err(problemResponse(describeQueryRefusal({ reason: 'answer-too-large', limit: request.limit })));
      } catch (error) {
        logLine({ requestId: c.var.requestId, code: 'observations-unanswered', error: String(error) });
        return err(problem(c, { reason: 'region-unavailable' }));
      }
    },
  });
}

/** The devices whose data is asked for and sold. A quarantined device is left out of its region, and refused by name. */
async function selectDevices(
  db: D1Database,
  { scope }: ObservationsRequest,
): Promise<Result<readonly SoldDevice[], SelectionRefusal>> {
  const found = await readDevices(db, scope);
  if (scope.kind === 'cell') {
    const sold = found.filter((device) => device.status !== 'quarantined');
    if (sold.length > 0) return ok(sold);
    const known = found.length > 0 || (await isRegion(db, scope.cell));
    return err({ reason: known ? 'nothing-for-sale' : 'unknown-region', cell: scope.cell });
  }
  for (const device of scope.devices) {
    const row = found.find((candidate) => candidate.device === device);
    if (row === undefined) return err({ reason: 'unknown-device', device });
    if (row.status === 'quarantined') return err({ reason: 'device-not-sold', device });
  }
  return ok(found);
}

function encodeAnswer(rows: readonly ObservationRow[], request: ObservationsRequest, config: EdgeConfig): SoldAnswer {
  const served = servedBy(rows, config.rules.time);
  if (request.format === 'csv')
    return { contentType: 'text/csv; charset=utf-8; header=present', body: encodeCsv(rows), served };
  const answer: ObservationsAnswer = {
    from: rfc3339(request.fromMs),
    until: rfc3339(request.untilMs),
    resolution: request.resolution,
    license: LICENSE,
    attribution: attributionOf(config.rules),
    observations: rows.map(({ startMs, flag, ...row }) => ({
      device: row.device,
      quantity: row.quantity,
      unit: unitOf(row),
      start: rfc3339(startMs),
      value: row.value,
      count: row.count,
      flag: flag as 1 | 2 | 3 | 4 | 9,
      tests: row.tests,
      final: row.final,
    })),
  };
  return { contentType: 'application/json', body: JSON.stringify(answer), served };
}
