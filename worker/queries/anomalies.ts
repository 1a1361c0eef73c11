/** One page of `GET /v1/anomalies`: what it covers, what it costs, and its answer. */
import { formatUsdc, priceOf } from '../../core/price/price.ts';
import { anomaliesCost } from '../../core/price/units.ts';
import {
  anomaliesTable,
  canonicalAnomalies,
  MAX_DEVICE_DAYS,
  witnesses,
  type AnomaliesRequest,
} from '../../core/query/anomalies.ts';
import { attributionOf, LICENSE } from '../../core/query/license.ts';
import { planPage, totalUnits, type Ask, type Page } from '../../core/query/plan.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { epochOf, hourOf, hoursPerEpoch, rfc3339 } from '../../core/time.ts';
import type { SoldAnswer } from '../../durable-objects/settler/api.ts';
import type { AnomaliesQuote } from '../../schema/api/anomalies.ts';
import { readAnomalies } from '../adapters/d1/anomalies.ts';
import type { SoldDevice } from '../adapters/d1/observations.ts';
import { encodeAs } from '../formats/encode.ts';
import { nextPage, readCursor, type Asking } from './pages.ts';
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

export const ANOMALIES_PATH = '/v1/anomalies';

export async function findAnomalies(
  shop: Shop,
  request: AnomaliesRequest,
  origin: string,
): Promise<Result<PricedPage & { readonly quote: AnomaliesQuote }, Refused>> {
  const { config, stores, nowMs, asker = null } = shop;
  const rules = config.rules.time;
  const asking: Asking = { origin, path: ANOMALIES_PATH, canonical: canonicalAnomalies(request) };
  const start = request.cursor === null ? ok(null) : readCursor(config.ingestTagKey, asking, request.cursor);
  if (!start.ok) return start;
  const begun = start.value?.untilHour ?? hourOf(nowMs, rules) + 1;
  const fromHour = hourOf(request.fromMs, rules);
  const untilHour = Math.min(hourOf(request.untilMs - 1, rules) + 1, begun);
  const span = { fromEpoch: epochOf(request.fromMs, rules), untilEpoch: epochOf(request.untilMs - 1, rules) + 1 };
  // What is wrong with a quarantined device is no data of its owner's.
  const selected = await selectDevices(stores.DB, request.scope, span, {
    withDays: false,
    withQuarantined: true,
    asker,
  });
  if (!selected.ok) return selected;
  const { devices } = selected.value;
  const cost = anomaliesCost(hoursPerEpoch(rules));
  const ask: Ask<SoldDevice> = { devices, fromHour, untilHour, bucketHours: hoursPerEpoch(rules), cost: () => cost };
  const whole = totalUnits(ask);
  if (request.limit === null && whole > MAX_DEVICE_DAYS) {
    const usdc = formatUsdc(priceOf(whole));
    return err({ reason: 'query-too-large', unit: 'device-days', size: whole, limit: MAX_DEVICE_DAYS, usdc });
  }
  const page = planPage(ask, request.limit, start.value?.position ?? null);
  if (!page.ok) return page;
  const { next: position, slices } = page.value;
  const next = position === null ? null : nextPage(config.ingestTagKey, asking, { position, untilHour });
  const { amount, units, sold, facts } = shareOfOthers(page.value, ask.cost, asker);
  return ok({
    amount,
    format: request.format,
    description: `anomalies of ${units} device-days`,
    quote: {
      from: rfc3339(request.fromMs),
      until: rfc3339(request.untilMs),
      devices: slices.length,
      format: request.format,
      deviceDays: units,
      ...facts,
      isLastPage: next === null,
      whole: { devices: devices.length, deviceDays: whole },
      price: priceFacts(amount, config),
    },
    answer: () => answerPage(shop, request, page.value, sold, next),
  });
}

async function answerPage(
  { stores, config }: Shop,
  request: AnomaliesRequest,
  { slices, units }: Page<SoldDevice>,
  sold: ReadonlySet<string>,
  next: string | null,
): Promise<Result<SoldAnswer, Refused>> {
  const rows = await readAnomalies(stores.DB, slices, request, config.rules.time);
  const devices = new Map(slices.map(({ device }) => [device.device, device]));
  const facts = {
    license: LICENSE,
    attribution: attributionOf(config.rules),
    next,
    members: { from: rfc3339(request.fromMs), until: rfc3339(request.untilMs) },
  };
  // That nothing was found is an answer, too: it is what a buyer of anomalies hopes for.
  const encoded = await encodeAs(anomaliesTable(rows, devices), facts, request.format, 'anomalies');
  const size = encoded.body.length;
  if (size > MAX_ANSWER_BYTES) return err(answerTooLarge('bytes', size, MAX_ANSWER_BYTES, units));
  return ok({ ...encoded, served: witnesses(rows).filter(({ device }) => sold.has(device)) });
}
