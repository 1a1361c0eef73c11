/** One page of `GET /v1/observations`: what it covers, what it costs, and its answer. Knows nothing of HTTP and payment. */
import { formatUsdc, priceOf } from '../../core/price/price.ts';
import { canAnswer, observationsCost } from '../../core/price/units.ts';
import { observationsMembers, observationsTable } from '../../core/query/columns.ts';
import { deriveRows, plainRow, type AnswerRow } from '../../core/query/derive.ts';
import type { SelectionRefusal } from '../../core/query/errors.ts';
import type { Format } from '../../core/query/formats.ts';
import { attributionOf, LICENSE } from '../../core/query/license.ts';
import {
  canonicalQuery,
  MAX_DEVICE_QUANTITY_HOURS,
  MAX_ROWS,
  type ObservationsRequest,
} from '../../core/query/observations.ts';
import { planPage, totalUnits, type Ask, type Page } from '../../core/query/plan.ts';
import type { StoredDay } from '../../core/query/rows.ts';
import { needsOf, quantitiesOf, rowsPerBucket, type Needs } from '../../core/query/series.ts';
import { hoursUsed, servedBy } from '../../core/query/served.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { epochOf, hourOf, hoursPerEpoch, hourStartMs, rfc3339 } from '../../core/time.ts';
import type { TimeRules } from '../../core/rules/rule-set.ts';
import type { Bought } from '../../core/webhook/recall.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import type { ObservationsQuote } from '../../schema/api/observations.ts';
import type { SoldDevice } from '../adapters/d1/observations.ts';
import { collectRows } from '../adapters/observation-rows.ts';
import type { EdgeConfig } from '../env.ts';
import { encodeAs } from '../formats/encode.ts';
import { nextPage, readCursor, type Asking, type PageStart } from './pages.ts';
import {
  answerTooLarge,
  MAX_ANSWER_BYTES,
  priceFacts,
  type PricedPage,
  type Refused,
  type Shop,
} from './priced-page.ts';
import { shareOfOthers } from './own.ts';
import { selectDevices } from './selection.ts';

export const OBSERVATIONS_PATH = '/v1/observations';

/** Bytes of one row, about, of each format; what a quote estimates with. */
const ROW_BYTES: Readonly<Record<Format, number>> = { json: 240, csv: 125, ndjson: 240, geojson: 330, parquet: 20 };

/** `willAnswer`: the answer is likely to follow, so that its days come with the devices, in one statement. */
export async function findObservations(
  shop: Shop,
  request: ObservationsRequest,
  origin: string,
  willAnswer: boolean,
): Promise<Result<PricedPage & { readonly quote: ObservationsQuote }, Refused>> {
  const { config, stores, asker = null } = shop;
  const rules = config.rules.time;
  const asking: Asking = { origin, path: OBSERVATIONS_PATH, canonical: canonicalQuery(request) };
  const start = request.cursor === null ? ok(null) : readCursor(config.ingestTagKey, asking, request.cursor);
  if (!start.ok) return start;
  const needs = needsOf(request);
  const hours = hoursOf(request, start.value, shop);
  const span = {
    fromEpoch: epochOf(hourStartMs(hours.fromHour - hours.hoursBefore, rules), rules),
    untilEpoch: epochOf(hourStartMs(hours.untilHour, rules) - 1, rules) + 1,
  };
  // A whole answer is small, or it would have been refused when it was quoted.
  const withDays = willAnswer && request.limit === null && request.resolution !== 'raw';
  const selected = await selectDevices(stores.DB, request.scope, span, { withDays, withQuarantined: false, asker });
  if (!selected.ok) return selected;
  const isArea = request.scope.kind === 'area';
  const devices = selected.value.devices.filter(({ measured }) => !isArea || canAnswer(needs, measured));
  if (devices.length === 0) return err({ reason: 'nothing-measured', next: null });

  const ask: Ask<SoldDevice> = {
    devices,
    fromHour: hours.fromHour,
    untilHour: hours.untilHour,
    bucketHours: request.resolution === 'day' ? hoursPerEpoch(rules) : 1,
    cost: ({ measured }) => observationsCost(needs, measured),
  };
  const whole = totalUnits(ask);
  if (request.limit === null && whole > MAX_DEVICE_QUANTITY_HOURS) return err(tooLarge(whole));
  const page = planPage(ask, request.limit, start.value?.position ?? null);
  if (!page.ok) return page;
  const next = nextOf(page.value, hours.untilHour, asking, config);
  const { amount, units, sold, facts } = shareOfOthers(page.value, ask.cost, asker);
  const names = [...request.quantities.map(({ code }) => code), ...request.indices].join(', ');
  return ok({
    amount,
    format: request.format,
    description: `${units} device-quantity-hours of ${names}`,
    quote: {
      ...quoteOf(request, page.value, { devices: devices.length, units: whole }, amount, config),
      deviceQuantityHours: units,
      ...facts,
    },
    answer: () => answerPage(shop, request, { page: page.value, sold, needs, hours, days: selected.value.days, next }),
  });
}

type Hours = { readonly fromHour: number; readonly untilHour: number; readonly hoursBefore: number };

/** Hours that have begun; in a sequence of pages, those that had begun when it did. */
function hoursOf(request: ObservationsRequest, start: PageStart | null, { config, nowMs }: Shop): Hours {
  const rules = config.rules.time;
  const begun = start?.untilHour ?? hourOf(nowMs, rules) + 1;
  return {
    fromHour: hourOf(request.fromMs, rules),
    untilHour: Math.min(hourOf(request.untilMs - 1, rules) + 1, begun),
    hoursBefore: Math.max(0, ...needsOf(request).values()),
  };
}

function tooLarge(size: number): SelectionRefusal {
  const limit = MAX_DEVICE_QUANTITY_HOURS;
  return { reason: 'query-too-large', unit: 'device-quantity-hours', size, limit, usdc: formatUsdc(priceOf(size)) };
}

function nextOf(page: Page<SoldDevice>, untilHour: number, asking: Asking, config: EdgeConfig): string | null {
  return page.next === null ? null : nextPage(config.ingestTagKey, asking, { position: page.next, untilHour });
}

function quoteOf(
  request: ObservationsRequest,
  { slices, units, next }: Page<SoldDevice>,
  whole: { readonly devices: number; readonly units: number },
  amount: bigint,
  config: EdgeConfig,
): ObservationsQuote {
  const bucketHours = request.resolution === 'day' ? hoursPerEpoch(config.rules.time) : 1;
  const buckets = slices.reduce((sum, { fromHour, untilHour }) => {
    return sum + Math.ceil((untilHour - fromHour) / bucketHours);
  }, 0);
  const rows = request.resolution === 'raw' ? null : buckets * rowsPerBucket(request);
  return {
    from: rfc3339(request.fromMs),
    until: rfc3339(request.untilMs),
    resolution: request.resolution,
    devices: slices.length,
    quantities: request.quantities.map((quantity) => quantity.code),
    series: request.series,
    indices: request.indices,
    format: request.format,
    deviceQuantityHours: units,
    rowsAtMost: rows,
    bytesAbout: rows === null ? null : rows * ROW_BYTES[request.format],
    isLastPage: next === null,
    whole: { devices: whole.devices, deviceQuantityHours: whole.units },
    price: priceFacts(amount, config),
  };
}

type Planned = {
  readonly page: Page<SoldDevice>;
  readonly sold: ReadonlySet<string>;
  readonly needs: Needs;
  readonly hours: Hours;
  readonly days: readonly StoredDay[] | null;
  readonly next: string | null;
};

async function answerPage(
  { stores, config, nowMs }: Shop,
  request: ObservationsRequest,
  { page, sold, needs, hours, days, next }: Planned,
): Promise<Result<SoldAnswer, Refused>> {
  const rules = config.rules.time;
  const { slices, units } = page;
  const isRaw = request.resolution === 'raw';
  const found = await collectRows(
    stores,
    {
      slices,
      quantities: quantitiesOf(needs),
      hoursBefore: hours.hoursBefore,
      resolution: isRaw ? 'raw' : 'hour',
      fromMs: request.fromMs,
      untilMs: request.untilMs,
      // One more than allowed, so that too long an answer is told from one that just fits.
      limit: isRaw ? MAX_ROWS + 1 : Number.MAX_SAFE_INTEGER,
      days,
      nowMs,
    },
    rules,
  );
  if (isRaw && found.length > MAX_ROWS) return err(answerTooLarge('rows', found.length, MAX_ROWS, units));
  const byDevice = Map.groupBy(found, ({ device }) => device);
  const derived = isRaw
    ? found.map((row) => plainRow(row, null, rules))
    : slices.flatMap((slice) => deriveRows(byDevice.get(slice.device.device) ?? [], slice, request, rules));
  const rows = derived.filter(({ flag }) => request.flags === null || request.flags.includes(flag));
  if (rows.length === 0) return err({ reason: 'nothing-measured', next });

  const encoded = await encodePage(rows, request, page, next, config);
  const size = encoded.body.length;
  if (size > MAX_ANSWER_BYTES) return err(answerTooLarge('bytes', size, MAX_ANSWER_BYTES, units));
  const earning = hoursUsed(rows, found, slices, rules).filter(({ device }) => sold.has(device));
  return ok({ ...encoded, served: servedBy(earning, rules), bought: boughtOf(request, needs, hours, rules) });
}

function boughtOf(request: ObservationsRequest, needs: Needs, hours: Hours, rules: TimeRules): Bought {
  return {
    quantities: quantitiesOf(needs).map(({ code }) => code),
    fromMs: request.fromMs,
    untilMs: Math.min(request.untilMs, hourStartMs(hours.untilHour, rules)),
  };
}

function encodePage(
  rows: readonly AnswerRow[],
  request: ObservationsRequest,
  { slices }: Page<SoldDevice>,
  next: string | null,
  { rules }: EdgeConfig,
) {
  const devices = new Map(slices.map(({ device }) => [device.device, device]));
  const facts = {
    license: LICENSE,
    attribution: attributionOf(rules),
    next,
    members: observationsMembers(request),
  };
  return encodeAs(observationsTable(rows, request, devices), facts, request.format, 'observations');
}
