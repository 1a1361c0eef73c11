/** What an export costs and whose data is in it; prepares the job that the payment buys. */
import type { Context } from 'hono';
import type { ExportRefusal } from '../../core/export/errors.ts';
import type { ExportOrder } from '../../core/export/order.ts';
import { planParts } from '../../core/export/plan.ts';
import {
  MAX_EXPORT_DEVICES,
  MAX_EXPORT_FILES,
  MAX_EXPORT_HOURS,
  type ExportRequest,
  type ExportScope,
} from '../../core/export/request.ts';
import { formatUsdc, priceOf } from '../../core/price/price.ts';
import type { SelectionRefusal } from '../../core/query/errors.ts';
import { attributionOf, LICENSE } from '../../core/query/license.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochOfHour, epochStartMs, hourOf, rfc3339 } from '../../core/time.ts';
import { exportJobStub } from '../../durable-objects/stub.ts';
import type { ExportQuote, ExportSold } from '../../schema/api/exports.ts';
import type { AppEnv } from '../context.ts';
import { describeExportRefusal } from '../middleware/export-problems.ts';
import type { Article } from '../middleware/payment.ts';
import { problemResponse } from '../middleware/problem.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';
import { nowMs } from './clock.ts';
import { countHours, readScope } from './d1/exports.ts';
import type { SoldDevice } from './d1/observations.ts';
import { tokenOf } from './export-links.ts';

type Quoted = { readonly devices: readonly SoldDevice[]; readonly quote: ExportQuote; readonly amount: bigint };

export async function quoteExport(c: Context<AppEnv>, request: ExportRequest): Promise<Result<Quoted, Response>> {
  const { chain, rules } = c.var.config;
  const found = await selectDevices(c.env.DB, request.scope, rules.time);
  if (!found.ok) return found;
  const devices = found.value;
  const refusal = refusalOf(devices, request, rules.time);
  if (refusal !== null) return refuse(refusal);
  const deviceQuantityHours = hoursOf(devices, request, rules.time);
  const amount = priceOf(deviceQuantityHours);
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

export async function toExportArticle(
  c: Context<AppEnv>,
  id: string,
  request: ExportRequest,
): Promise<Result<Article, Response>> {
  const quoted = await quoteExport(c, request);
  if (!quoted.ok) return quoted;
  const { devices, amount, quote } = quoted.value;
  return ok({
    amount,
    description: `Export of ${quote.deviceQuantityHours} device-quantity-hours of ${quote.quantities.join(', ')}`,
    mimeType: 'application/json',
    facts: quote,
    answer: async () => {
      const { rules } = c.var.config;
      const names = devices.map(({ device }) => device);
      const held = await countHours(c.env.DB, names, request, rules.time);
      if (held.every(({ cells }) => cells === 0))
        return err(problemResponse(describeQueryRefusal({ reason: 'nothing-measured' })));
      const goodHours = held.reduce((sum, { good }) => sum + good, 0);
      const order: ExportOrder = {
        id,
        createdMs: nowMs(),
        format: request.format,
        resolution: request.resolution,
        quantities: request.quantities.map(({ code }) => code),
        fromMs: request.fromMs,
        untilMs: request.untilMs,
        devices: devices.map(({ device, cell }) => ({ device, cell })),
        goodHours,
        license: LICENSE,
        attribution: attributionOf(rules),
      };
      await exportJobStub(c.env.EXPORT_JOB, id).prepare(order);
      const token = await tokenOf(c.var.config, id);
      const statusUrl = `${new URL(c.req.url).origin}/v1/exports/${id}?token=${token}`;
      const sold: ExportSold = { id, token, statusUrl, goodHours, quote };
      const served = held.filter(({ good }) => good > 0).map(({ device, good }) => ({ device, units: good }));
      return ok({ contentType: 'application/json', body: JSON.stringify(sold), served });
    },
  });
}

async function selectDevices(
  db: D1Database,
  scope: ExportScope,
  rules: TimeRules,
): Promise<Result<readonly SoldDevice[], Response>> {
  const found = await readScope(db, scope, MAX_EXPORT_DEVICES + 1);
  if (found.length > MAX_EXPORT_DEVICES) return refuse({ reason: 'too-many-devices', limit: MAX_EXPORT_DEVICES });
  if (scope.kind === 'area') {
    const sold = found.filter((device) => device.status !== 'quarantined' && closedUntilMs(device, rules) !== null);
    return sold.length > 0 ? ok(sold) : refuse({ reason: 'nothing-in-area' });
  }
  const byName = new Map(found.map((device) => [device.device, device]));
  for (const device of scope.devices) {
    const row = byName.get(device);
    if (row === undefined) return refuseQuery({ reason: 'unknown-device', device });
    if (row.status === 'quarantined') return refuseQuery({ reason: 'device-not-sold', device });
  }
  return ok(found);
}

function refusalOf(devices: readonly SoldDevice[], request: ExportRequest, rules: TimeRules): ExportRefusal | null {
  for (const device of devices) {
    const closed = closedUntilMs(device, rules);
    if (closed === null || request.untilMs > closed)
      return { reason: 'not-closed-yet', cell: device.cell, closedUntilMs: closed };
  }
  const deviceQuantityHours = hoursOf(devices, request, rules);
  if (deviceQuantityHours > MAX_EXPORT_HOURS)
    return { reason: 'export-too-large', deviceQuantityHours, limit: MAX_EXPORT_HOURS };
  const quantities = request.quantities.map(({ code }) => code);
  const files = planParts({ ...request, quantities, devices }, rules).length;
  return files > MAX_EXPORT_FILES ? { reason: 'too-many-files', files, limit: MAX_EXPORT_FILES } : null;
}

/** End of the last day that its region has closed and written to D1. */
function closedUntilMs({ closedThrough }: SoldDevice, rules: TimeRules): number | null {
  return closedThrough === null ? null : epochStartMs(epochOfHour(closedThrough + 1, rules), rules);
}

function hoursOf(devices: readonly SoldDevice[], request: ExportRequest, rules: TimeRules): number {
  const hours = hourOf(request.untilMs - 1, rules) - hourOf(request.fromMs, rules) + 1;
  return devices.length * request.quantities.length * hours;
}

const refuse = (refusal: ExportRefusal): Result<never, Response> =>
  err(problemResponse(describeExportRefusal(refusal)));
const refuseQuery = (refusal: SelectionRefusal): Result<never, Response> =>
  err(problemResponse(describeQueryRefusal(refusal)));
