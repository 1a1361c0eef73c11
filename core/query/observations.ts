/**
 * The parameters of `GET /v1/observations`, parsed once into a narrow type. Two spellings of the same question (order of
 * parameters, time zone, repeated values) have one canonical form, and with it one payment.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { QUANTITIES, quantityByCode, type Quantity } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { epochOf, epochStartMs, hourOf, hourStartMs, rfc3339 } from '../time.ts';
import type { QueryRefusal } from './errors.ts';
import { chooseFormat, FORMATS, type Format } from './formats.ts';
import {
  bad,
  collectParameters,
  oneOf,
  parseSpan,
  parseWhole,
  someOf,
  type Given,
  type Parameters,
} from './parameters.ts';
import { MAX_DEVICES, parseScope, SCOPE_LISTS, SCOPE_SINGLES, scopeParts, type Scope } from './scope.ts';
import {
  CORRECTED,
  INDICES,
  RESOLUTION_OF_INDEX,
  RESOLUTIONS,
  SERIES,
  type IndexCode,
  type Resolution,
  type Series,
} from './series.ts';

export type ObservationsRequest = {
  readonly scope: Scope;
  /** In the order of the catalogue; empty only where an index is asked for. */
  readonly quantities: readonly Quantity[];
  readonly series: readonly Series[];
  readonly indices: readonly IndexCode[];
  /** Half-open [fromMs, untilMs); whole hours or days of the rule set unless `resolution` is `raw`. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly resolution: Resolution;
  /** QARTOD flags of the rows that are wanted, ascending; null: all. */
  readonly flags: readonly number[] | null;
  /** Names of columns, in the order of the table; null: the usual ones. */
  readonly fields: readonly FieldName[] | null;
  readonly format: Format;
  /** Most device-quantity-hours of one page; null: the whole answer or none. */
  readonly limit: number | null;
  readonly isDryRun: boolean;
  /** As given; opened by whoever has the key. */
  readonly cursor: string | null;
};

/** What one answer may cover: a row of JSON is about 240 bytes, and one stored answer may have 2 MB. */
export const MAX_DEVICE_QUANTITY_HOURS = 5000;
/** Raw readings of one answer. */
export const MAX_ROWS = 5000;

export const FIELDS = [
  'device',
  'quantity',
  'series',
  'unit',
  'start',
  'end',
  'value',
  'count',
  'flag',
  'tests',
  'final',
  'hours',
  'coverage',
  'category',
  'pollutant',
  'name',
  'cell',
  'latitude',
  'longitude',
] as const;
export type FieldName = (typeof FIELDS)[number];

const FLAGS = ['1', '2', '3', '4'] as const;
const KNOWN = {
  lists: [...SCOPE_LISTS, 'quantity', 'series', 'index', 'flags', 'fields'],
  singles: [...SCOPE_SINGLES, 'from', 'until', 'resolution', 'format', 'limit', 'cursor', 'dry-run'],
};
const QUANTITY_CODES = QUANTITIES.map((quantity) => quantity.code).join(', ');

type Parsed<T> = Result<T, QueryRefusal>;
type Rules = Pick<TimeRules, 'hourSeconds' | 'epochSeconds' | 'logKeepSeconds'>;

export function parseObservationsRequest(
  parameters: Parameters,
  accept: string | undefined,
  nowMs: number,
  rules: Rules,
  mostDevices = MAX_DEVICES,
): Parsed<ObservationsRequest> {
  const given = collectParameters(parameters, KNOWN);
  if (!given.ok) return given;
  const single = (name: string) => given.value.get(name)?.[0];
  const scope = parseScope(given.value, mostDevices);
  if (!scope.ok) return scope;
  const span = parseSpan(given.value, nowMs);
  if (!span.ok) return span;
  const resolution = oneOf('resolution', single('resolution') ?? 'hour', RESOLUTIONS);
  if (!resolution.ok) return resolution;
  const asked = parseAsked(given.value, resolution.value);
  if (!asked.ok) return asked;
  const flags = someOf('flags', given.value.get('flags') ?? [], FLAGS);
  if (!flags.ok) return flags;
  const fields = someOf('fields', given.value.get('fields') ?? [], FIELDS);
  if (!fields.ok) return fields;
  const format = chooseFormat({ format: single('format'), accept }, FORMATS);
  if (!format.ok) return format;
  const limit = parseLimit(single('limit'));
  if (!limit.ok) return limit;
  const dryRun = oneOf('dry-run', single('dry-run') ?? 'false', ['true', 'false']);
  if (!dryRun.ok) return dryRun;

  const oldestRawMs = nowMs - rules.logKeepSeconds * 1000;
  if (resolution.value === 'raw' && span.value.fromMs < oldestRawMs) {
    // Older readings are open data in the evidence segments.
    return bad('from', single('from') ?? '', `a time from ${rfc3339(oldestRawMs)} on, or resolution=hour`);
  }
  return ok({
    scope: scope.value,
    ...asked.value,
    ...wholeSpan(span.value, resolution.value, rules),
    resolution: resolution.value,
    flags: flags.value.length === 0 ? null : flags.value.map(Number),
    fields: fields.value.length === 0 ? null : fields.value,
    format: format.value,
    limit: limit.value,
    isDryRun: dryRun.value === 'true',
    cursor: single('cursor') ?? null,
  });
}

type Span = { readonly fromMs: number; readonly untilMs: number };

/** Hours and days are answered whole. */
function wholeSpan({ fromMs, untilMs }: Span, resolution: Resolution, rules: Rules): Span {
  switch (resolution) {
    case 'raw':
      return { fromMs, untilMs };
    case 'hour':
      return {
        fromMs: hourStartMs(hourOf(fromMs, rules), rules),
        untilMs: hourStartMs(hourOf(untilMs - 1, rules) + 1, rules),
      };
    case 'day':
      return {
        fromMs: epochStartMs(epochOf(fromMs, rules), rules),
        untilMs: epochStartMs(epochOf(untilMs - 1, rules) + 1, rules),
      };
  }
}

/** Quantities, series and indices, and whether they go together. */
function parseAsked(
  given: Given,
  resolution: Resolution,
): Parsed<Pick<ObservationsRequest, 'quantities' | 'series' | 'indices'>> {
  const refuse = (parameter: string, detail: string): Result<never, QueryRefusal> =>
    err({ reason: 'bad-combination', parameter, detail });
  const indices = someOf('index', given.get('index') ?? [], INDICES);
  if (!indices.ok) return indices;
  const quantities = parseQuantities(given.get('quantity') ?? []);
  if (!quantities.ok) return quantities;
  if (quantities.value.length === 0 && indices.value.length === 0)
    return err({ reason: 'missing-parameter', parameter: 'quantity', expected: `${QUANTITY_CODES}; or an index` });
  const series = someOf('series', given.get('series') ?? ['raw'], SERIES);
  if (!series.ok) return series;
  const unfit = indices.value.find((index) => RESOLUTION_OF_INDEX[index] !== resolution);
  if (unfit !== undefined) return refuse('index', `${unfit} needs resolution=${RESOLUTION_OF_INDEX[unfit]}.`);
  if (series.value.includes('corrected')) {
    if (resolution === 'raw') return refuse('series', 'Corrected values are of hours and days, not of raw readings.');
    if (!quantities.value.some(({ code }) => code === CORRECTED))
      return refuse('series', `There is a correction for ${CORRECTED} only, and it is not among the quantities.`);
  }
  if (resolution === 'day' && quantities.value.some(({ code }) => code === 'wind_dir'))
    return refuse('quantity', 'wind_dir has no mean of a day: 359 and 1 degree are not 180 in the middle.');
  return ok({ quantities: quantities.value, series: series.value, indices: indices.value });
}

/** One form for every spelling of the same question. `dry-run` and `cursor` are not part of it. */
export function canonicalQuery(request: ObservationsRequest): string {
  const { flags, fields, limit } = request;
  return [
    ...scopeParts(request.scope),
    ...request.quantities.map((quantity) => `quantity=${quantity.code}`),
    ...request.series.map((series) => `series=${series}`),
    ...request.indices.map((index) => `index=${index}`),
    `from=${rfc3339(request.fromMs)}`,
    `until=${rfc3339(request.untilMs)}`,
    `resolution=${request.resolution}`,
    ...(flags === null ? [] : [`flags=${flags.join(',')}`]),
    ...(fields === null ? [] : [`fields=${fields.join(',')}`]),
    `format=${request.format}`,
    ...(limit === null ? [] : [`limit=${limit}`]),
  ].join('&');
}

/** First 16 hex digits of sha256(method + path + canonical query): what a payment is bound to. */
export function queryHash(method: string, path: string, canonical: string): string {
  return bytesToHex(sha256(utf8ToBytes(`${method} ${path}?${canonical}`))).slice(0, 16);
}

export function parseQuantities(texts: readonly string[]): Parsed<readonly Quantity[]> {
  const unique = new Set<Quantity>();
  for (const text of texts) {
    const quantity = quantityByCode(text);
    if (!quantity) return bad('quantity', text, `one of ${QUANTITY_CODES}`);
    unique.add(quantity);
  }
  return ok([...unique].toSorted((a, b) => a.index - b.index));
}

function parseLimit(text: string | undefined): Parsed<number | null> {
  return text === undefined ? ok(null) : parseWhole('limit', text, { least: 1, most: MAX_DEVICE_QUANTITY_HOURS });
}
