/** What an export costs and whose data is in it; prepares the job that the payment buys. */
import type { Context } from 'hono';
import type { ExportRefusal } from '../../core/export/errors.ts';
import type { ExportOrder } from '../../core/export/order.ts';
import { planParts } from '../../core/export/plan.ts';
import { MAX_EXPORT_FILES, MAX_EXPORT_HOURS, type ExportRequest } from '../../core/export/request.ts';
import { splitByOwner } from '../../core/price/own-devices.ts';
import { priceOf } from '../../core/price/price.ts';
import { canAnswer, observationsCost } from '../../core/price/units.ts';
import { attributionOf, LICENSE } from '../../core/query/license.ts';
import { totalUnits } from '../../core/query/plan.ts';
import { needsOf } from '../../core/query/series.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochOfHour, epochStartMs, hourOf, rfc3339 } from '../../core/time.ts';
import { exportJobStub } from '../../durable-objects/stub.ts';
import type { ExportQuote, ExportSold } from '../../schema/api/exports.ts';
import type { AppEnv } from '../context.ts';
import { describeExportRefusal } from '../middleware/export-problems.ts';
import type { Article } from '../middleware/payment.ts';
import { problemResponse } from '../middleware/problem.ts';
import type { Asker } from '../middleware/wallet.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';
import { nowMs } from '../adapters/clock.ts';
import { countHours } from '../adapters/d1/exports.ts';
import type { SoldDevice } from '../adapters/d1/observations.ts';
import { tokenOf } from '../adapters/export-links.ts';
import { priceFacts } from './priced-page.ts';
import { ONLY_SOLD, selectDevices } from './selection.ts';

type Quoted = { readonly devices: readonly SoldDevice[]; readonly quote: ExportQuote; readonly amount: bigint };

export async function quoteExport(
  c: Context<AppEnv>,
  request: ExportRequest,
  asker: Asker,
): Promise<Result<Quoted, Response>> {
  const { rules } = c.var.config;
  const found = await select(c.env.DB, request, asker, rules.time);
  if (!found.ok) return found;
  const { devices, owed: deviceQuantityHours } = found.value;
  const refusal = refusalOf(found.value, request, rules.time);
  if (refusal !== null) return refuse(refusal);
  const { own, others } = splitByOwner(devices, asker);
  const amount = others.length === 0 ? 0n : priceOf(deviceQuantityHours);
  return ok({
    devices,
    amount,
    quote: {
      from: rfc3339(request.fromMs),
      until: rfc3339(request.untilMs),
      resolution: request.resolution,
      format: request.format,
      devices: devices.length,
      quantities: request.quantities.map((quantity) => quantity.code),
      series: request.series,
      indices: request.indices,
      deviceQuantityHours,
      ...(asker === null ? {} : { own: { devices: own.length, notOwn: others.map(({ device }) => device) } }),
      price: priceFacts(amount, c.var.config),
    },
  });
}

export async function toExportArticle(
  c: Context<AppEnv>,
  id: string,
  request: ExportRequest,
  asker: Asker,
): Promise<Result<Article, Response>> {
  const quoted = await quoteExport(c, request, asker);
  if (!quoted.ok) return quoted;
  const { devices, amount, quote } = quoted.value;
  return ok({
    amount,
    scope: 'export',
    description: `Export of ${quote.deviceQuantityHours} device-quantity-hours of ${[...quote.quantities, ...quote.indices].join(', ')}`,
    mimeType: 'application/json',
    facts: quote,
    answer: async () => {
      const { rules } = c.var.config;
      const names = devices.map(({ device }) => device);
      const { time } = rules;
      const held = await countHours(c.env.DB, names, needsOf(request), hoursOf(request, time), time);
      if (held.every(({ cells }) => cells === 0))
        return err(problemResponse(describeQueryRefusal({ reason: 'nothing-measured', next: null })));
      const goodHours = held.reduce((sum, { good }) => sum + good, 0);
      const { scope: _scope, isDryRun: _isDryRun, ...asked } = request;
      const order: ExportOrder = {
        ...asked,
        id,
        createdMs: nowMs(),
        devices: devices.map(({ status: _status, measured: _measured, former: _former, ...device }) => device),
        goodHours,
        license: LICENSE,
        attribution: attributionOf(rules),
      };
      await exportJobStub(c.env.EXPORT_JOB, id).prepare(order);
      const token = await tokenOf(c.var.config, id);
      const statusUrl = `${new URL(c.req.url).origin}/v1/exports/${id}?token=${token}`;
      const sold: ExportSold = { id, token, statusUrl, goodHours, quote };
      const sellers = new Set<string>(splitByOwner(devices, asker).others.map(({ device }) => device));
      const served = held
        .filter(({ device, good }) => good > 0 && sellers.has(device))
        .map(({ device, good }) => ({ device, units: good }));
      const bought = {
        quantities: [...quote.quantities],
        fromMs: request.fromMs,
        untilMs: request.untilMs,
      };
      return ok({ contentType: 'application/json', body: JSON.stringify(sold), served, bought });
    },
  });
}

/** `owed`: of `units` those that are not the asker's own. */
type Selected = { readonly devices: readonly SoldDevice[]; readonly units: number; readonly owed: number };

/** The devices, and what the request is priced by: as a query for observations, only larger. */
async function select(
  db: D1Database,
  request: ExportRequest,
  asker: Asker,
  rules: TimeRules,
): Promise<Result<Selected, Response>> {
  const needs = needsOf(request);
  const { fromHour, untilHour } = hoursOf(request, rules);
  const span = { fromEpoch: epochOfHour(fromHour, rules), untilEpoch: epochOfHour(untilHour - 1, rules) + 1 };
  const selected = await selectDevices(db, request.scope, span, { ...ONLY_SOLD, asker });
  if (!selected.ok) {
    const { error } = selected;
    return error.reason === 'area-too-large'
      ? refuse({ reason: 'too-many-devices', limit: error.limit })
      : err(problemResponse(describeQueryRefusal(error)));
  }
  const isArea = request.scope.kind === 'area';
  // Regions that have closed no day hold nothing yet: they do not stand in the way of an area's others.
  const devices = selected.value.devices.filter(
    (device) => !isArea || (canAnswer(needs, device.measured) && closedUntilMs(device, rules) !== null),
  );
  if (devices.length === 0) return refuse({ reason: 'nothing-in-area' });
  const cost = ({ measured }: SoldDevice) => observationsCost(needs, measured);
  const unitsOf = (some: readonly SoldDevice[]) =>
    totalUnits({ devices: some, fromHour, untilHour, bucketHours: 1, cost });
  return ok({ devices, units: unitsOf(devices), owed: unitsOf(splitByOwner(devices, asker).others) });
}

function refusalOf({ devices, units }: Selected, request: ExportRequest, rules: TimeRules): ExportRefusal | null {
  for (const device of devices) {
    const closed = closedUntilMs(device, rules);
    if (closed === null || request.untilMs > closed)
      return { reason: 'not-closed-yet', cell: device.cell, closedUntilMs: closed };
  }
  if (units > MAX_EXPORT_HOURS)
    return { reason: 'export-too-large', deviceQuantityHours: units, limit: MAX_EXPORT_HOURS };
  const files = planParts({ ...request, devices }, rules).length;
  return files > MAX_EXPORT_FILES ? { reason: 'too-many-files', files, limit: MAX_EXPORT_FILES } : null;
}

/** End of the last day that its region has closed and written to D1. */
function closedUntilMs({ closedThrough }: SoldDevice, rules: TimeRules): number | null {
  return closedThrough === null ? null : epochStartMs(epochOfHour(closedThrough + 1, rules), rules);
}

function hoursOf({ fromMs, untilMs }: ExportRequest, rules: TimeRules) {
  return { fromHour: hourOf(fromMs, rules), untilHour: hourOf(untilMs - 1, rules) + 1 };
}

const refuse = (refusal: ExportRefusal): Result<never, Response> =>
  err(problemResponse(describeExportRefusal(refusal)));
