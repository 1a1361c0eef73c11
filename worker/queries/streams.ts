/** What a stream costs, whose data it will be, and the pass that is sold. */
import type { Context } from 'hono';
import type { ExportRefusal } from '../../core/export/errors.ts';
import { splitByOwner } from '../../core/price/own-devices.ts';
import { isRegionCell } from '../../core/cell.ts';
import { priceOf } from '../../core/price/price.ts';
import { canAnswer, observationsCost } from '../../core/price/units.ts';
import { needsOf } from '../../core/query/series.ts';
import { GOOD } from '../../core/reading/reading.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { passText, type StreamPass } from '../../core/stream/pass.ts';
import {
  hoursOfStream,
  MAX_STREAM_DEVICES,
  MAX_STREAM_REGIONS,
  type StreamRequest,
} from '../../core/stream/request.ts';
import { epochOf, hourOf, rfc3339 } from '../../core/time.ts';
import { logLine } from '../../durable-objects/log.ts';
import { regionStub } from '../../durable-objects/stub.ts';
import type { StreamQuote, StreamSold } from '../../schema/api/stream.ts';
import type { AppEnv } from '../context.ts';
import { describeExportRefusal } from '../middleware/export-problems.ts';
import type { Article } from '../middleware/payment.ts';
import { problem, problemResponse } from '../middleware/problem.ts';
import type { Asker } from '../middleware/wallet.ts';
import { describeQueryRefusal } from '../middleware/query-problems.ts';
import { nowMs } from '../adapters/clock.ts';
import type { SoldDevice } from '../adapters/d1/observations.ts';
import { collectHours } from '../adapters/observation-rows.ts';
import { sealOf } from '../adapters/seal.ts';
import { priceFacts } from './priced-page.ts';
import { ONLY_SOLD, selectDevices } from './selection.ts';

/** Whoever measured within these hours is taken to measure on. */
const LIVE_HOURS = 2;
/** What settling takes is not the buyer's time. */
const SETTLING_MS = 60_000;

type Quoted = Selected & { readonly quote: StreamQuote; readonly amount: bigint };

export async function quoteStream(
  c: Context<AppEnv>,
  request: StreamRequest,
  asker: Asker,
): Promise<Result<Quoted, Response>> {
  const found = await select(c, request, asker);
  if (!found.ok) return found;
  const { devices, units: deviceQuantityHours } = found.value;
  const { own, others } = splitByOwner(devices, asker);
  const amount = others.length === 0 ? 0n : priceOf(deviceQuantityHours);
  return ok({
    ...found.value,
    amount,
    quote: {
      minutes: request.minutes,
      devices: devices.length,
      quantities: request.quantities.map(({ code }) => code),
      deviceQuantityHours,
      ...(asker === null ? {} : { own: { devices: own.length, notOwn: others.map(({ device }) => device) } }),
      price: priceFacts(amount, c.var.config),
    },
  });
}

export async function toStreamArticle(
  c: Context<AppEnv>,
  id: string,
  request: StreamRequest,
  asker: Asker,
): Promise<Result<Article, Response>> {
  const quoted = await quoteStream(c, request, asker);
  if (!quoted.ok) return quoted;
  const { devices, isWholeRegions, amount, quote } = quoted.value;
  return ok({
    amount,
    scope: 'stream',
    description: `Live ${quote.quantities.join(', ')} of ${quote.devices} devices for ${quote.minutes} minutes`,
    mimeType: 'application/json',
    facts: quote,
    answer: async () => {
      try {
        const live = await readLive(c, devices, request);
        if (live.served.length === 0) return refuse({ reason: 'nothing-live' });
        const pass: StreamPass = {
          id,
          devices: isWholeRegions ? null : devices.map(({ device }) => device),
          quantities: quote.quantities,
          begin: live.begin,
          untilMs: nowMs() + request.minutes * 60_000 + SETTLING_MS,
        };
        const text = passText(pass);
        const sealed = `${text}.${await sealOf(c.var.config, 'isobar stream pass v1', text)}`;
        const streamUrl = `${new URL(c.req.url).origin}/v1/stream?pass=${sealed}`;
        const sold: StreamSold = { pass: sealed, streamUrl, until: rfc3339(pass.untilMs), quote };
        const sellers = new Set<string>(splitByOwner(devices, asker).others.map(({ device }) => device));
        const served = live.served.filter(({ device }) => sellers.has(device));
        return ok({ contentType: 'application/json', body: JSON.stringify(sold), served });
      } catch (error) {
        logLine({ requestId: c.var.requestId, code: 'stream-unsold', message: String(error) });
        return err(problem(c, { reason: 'region-unavailable' }));
      }
    },
  });
}

/**
 * Where each log stands, and who is credited: what a stream will tell cannot be known when it is sold, so each series that was
 * good within the last hours counts for all hours that were bought (decision 0028).
 */
async function readLive(c: Context<AppEnv>, devices: readonly SoldDevice[], request: StreamRequest) {
  const { time } = c.var.config.rules;
  const untilMs = nowMs() + time.maxAheadSeconds * 1000;
  const fromMs = untilMs - (LIVE_HOURS + 1) * time.hourSeconds * 1000;
  const hours = hoursOfStream(request.minutes, time);
  const cells = [...new Set(devices.map(({ cell }) => cell))];
  const begin = await Promise.all(
    cells.map(async (cell) => [cell, (await regionStub(c.env.REGION, cell).summary()).seq] as const),
  );
  const span = { fromHour: hourOf(fromMs - 1, time) + 1, untilHour: hourOf(untilMs - 1, time) + 1 };
  const rows = await collectHours(c.env, devices, request.quantities, span, nowMs(), time);
  const good = rows.filter(({ flag }) => flag === GOOD);
  return {
    begin: new Map(begin),
    served: [...Map.groupBy(good, ({ device }) => device)]
      .map(([device, cells]) => ({ device, units: new Set(cells.map(({ quantity }) => quantity)).size * hours }))
      .toSorted((a, b) => (a.device < b.device ? -1 : 1)),
  };
}

type Selected = {
  readonly devices: readonly SoldDevice[];
  readonly units: number;
  /** All that is in the regions, whoever joins meanwhile; otherwise the pass names the devices. */
  readonly isWholeRegions: boolean;
};

async function select(c: Context<AppEnv>, request: StreamRequest, asker: Asker): Promise<Result<Selected, Response>> {
  const { time } = c.var.config.rules;
  const { scope } = request;
  const today = epochOf(nowMs(), time);
  const selected = await selectDevices(
    c.env.DB,
    scope,
    { fromEpoch: today, untilEpoch: today + 1 },
    { ...ONLY_SOLD, asker },
  );
  if (!selected.ok) return err(problemResponse(describeQueryRefusal(selected.error)));
  const needs = needsOf({ quantities: request.quantities, series: ['raw'], indices: [] });
  const devices = selected.value.devices.filter(
    ({ status, measured }) => scope.kind === 'devices' || (status !== 'retired' && canAnswer(needs, measured)),
  );
  const regions = new Set(devices.map(({ cell }) => cell)).size;
  // Whoever joins a region later is not the asker's own: a pass that some of it was free for names its devices.
  const isWholeRegions =
    asker === null && scope.kind === 'area' && scope.area.kind === 'cells' && scope.area.cells.every(isRegionCell);
  if (devices.length === 0) return refuse({ reason: 'nothing-live' });
  if (regions > MAX_STREAM_REGIONS) return refuse({ reason: 'too-many-regions', limit: MAX_STREAM_REGIONS });
  if (!isWholeRegions && devices.length > MAX_STREAM_DEVICES)
    return refuse({ reason: 'too-many-devices', limit: MAX_STREAM_DEVICES });
  const hours = hoursOfStream(request.minutes, time);
  const units = splitByOwner(devices, asker).others.reduce(
    (sum, { measured }) => sum + observationsCost(needs, measured).ofHours(hours),
    0,
  );
  return ok({ devices, units, isWholeRegions });
}

const refuse = (refusal: ExportRefusal): Result<never, Response> =>
  err(problemResponse(describeExportRefusal(refusal)));
