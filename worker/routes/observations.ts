/** `GET /v1/observations`: the paid query. Prices it, and answers it once it is paid; `dry-run=true` tells price and size. */
import { Hono, type Context } from 'hono';
import type { OwnerAddress } from '../../core/ids.ts';
import { splitByOwner } from '../../core/price/own-devices.ts';
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
import { readWalletIfAny } from '../middleware/wallet.ts';

const PATH = '/v1/observations';

export const observationsRoutes = new Hono<AppEnv>().get(PATH, async (c) => {
  const url = new URL(c.req.url);
  const parsed = parseObservationsRequest(url.searchParams, nowMs(), c.var.config.rules.time);
  if (!parsed.ok) return problemResponse(describeQueryRefusal(parsed.error));
  const request = parsed.value;
  const wallet = await readWalletIfAny(c);
  if (!wallet.ok) return problem(c, wallet.error);
  const asker = wallet.value?.address ?? null;
  if (url.searchParams.get('dry-run') === 'true') {
    const quoted = await quote(c, request, asker);
    return quoted.ok ? c.json(quoted.value.quote, 200, { 'cache-control': 'no-store' }) : quoted.error;
  }
  // What is free for its owner must not be had by others for the price that the owner was told.
  const canonical = canonicalQuery(request) + (asker === null ? '' : `&owner=${asker}`);
  return sell(c, queryHash('GET', PATH, canonical), () => toArticle(c, request, asker));
});

type Quoted = {
  readonly devices: readonly SoldDevice[];
  /** Those that earn with the answer: the asker's own do not. */
  readonly sold: ReadonlySet<string>;
  readonly quote: ObservationsQuote;
  readonly amount: bigint;
};

async function quote(
  c: Context<AppEnv>,
  request: ObservationsRequest,
  asker: OwnerAddress | null,
): Promise<Result<Quoted, Response>> {
  const found = await selectDevices(c.env.DB, request, asker);
  if (!found.ok) return err(problemResponse(describeQueryRefusal(found.error)));
  const devices = found.value;
  const { own, others } = splitByOwner(devices, asker);
  const { chain, rules } = c.var.config;
  const hours = request.quantities.length * hoursAsked(request, nowMs(), rules.time);
  const deviceQuantityHours = others.length * hours;
  const all = devices.length * hours;
  if (all > MAX_DEVICE_QUANTITY_HOURS) {
    const refusal: SelectionRefusal = {
      reason: 'query-too-large',
      deviceQuantityHours: all,
      limit: MAX_DEVICE_QUANTITY_HOURS,
    };
    return err(problemResponse(describeQueryRefusal(refusal)));
  }
  const amount = others.length === 0 ? 0n : priceOf(deviceQuantityHours);
  const notOwn = others.map(({ device }) => device);
  return ok({
    devices,
    sold: new Set<string>(notOwn),
    amount,
    quote: {
      from: rfc3339(request.fromMs),
      until: rfc3339(request.untilMs),
      resolution: request.resolution,
      devices: devices.length,
      quantities: request.quantities.map((quantity) => quantity.code),
      deviceQuantityHours,
      ...(asker === null ? {} : { own: { devices: own.length, notOwn } }),
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

async function toArticle(
  c: Context<AppEnv>,
  request: ObservationsRequest,
  asker: OwnerAddress | null,
): Promise<Result<Article, Response>> {
  const quoted = await quote(c, request, asker);
  if (!quoted.ok) return quoted;
  const { devices, sold, amount, quote: facts } = quoted.value;
  return ok({
    amount,
    description: `${facts.deviceQuantityHours} device-quantity-hours of ${facts.quantities.join(', ')}`,
    mimeType: request.format === 'csv' ? 'text/csv' : 'application/json',
    facts,
    answer: async () => {
      try {
        const rows = await collectRows(c.env, devices, request, c.var.config.rules.time);
        if (rows.length === 0) return err(problemResponse(describeQueryRefusal({ reason: 'nothing-measured' })));
        if (rows.length <= request.limit) return ok(encodeAnswer(rows, sold, request, c.var.config));
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
  asker: OwnerAddress | null,
): Promise<Result<readonly SoldDevice[], SelectionRefusal>> {
  const found = await readDevices(db, scope);
  // What is not sold is still its owner's.
  const isSold = ({ status, owner }: SoldDevice): boolean => status !== 'quarantined' || owner === asker;
  if (scope.kind === 'cell') {
    const sold = found.filter(isSold);
    if (sold.length > 0) return ok(sold);
    const known = found.length > 0 || (await isRegion(db, scope.cell));
    return err({ reason: known ? 'nothing-for-sale' : 'unknown-region', cell: scope.cell });
  }
  for (const device of scope.devices) {
    const row = found.find((candidate) => candidate.device === device);
    if (row === undefined) return err({ reason: 'unknown-device', device });
    if (!isSold(row)) return err({ reason: 'device-not-sold', device });
  }
  return ok(found);
}

function encodeAnswer(
  rows: readonly ObservationRow[],
  sold: ReadonlySet<string>,
  request: ObservationsRequest,
  config: EdgeConfig,
): SoldAnswer {
  const earning = rows.filter(({ device }) => sold.has(device));
  const served = servedBy(earning, config.rules.time);
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
