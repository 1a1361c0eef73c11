/**
 * The parameters of `GET /v1/observations`, parsed once into a narrow type. Two spellings of the same question (order of
 * parameters, time zone, repeated values) have one canonical form, and with it one payment.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { parseDeviceId, parseRegionCell, type DeviceId, type RegionCell } from '../ids.ts';
import { QUANTITIES, quantityByCode, type Quantity } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../time.ts';
import type { QueryRefusal } from './errors.ts';

export type ObservationsRequest = {
  readonly scope: ObservationsScope;
  /** Not empty, in the order of the catalogue. */
  readonly quantities: readonly Quantity[];
  /** Half-open [fromMs, untilMs); whole hours of the rule set where `resolution` is `hour`. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly resolution: 'raw' | 'hour';
  readonly format: 'json' | 'csv';
  /** Most rows that the buyer takes; an answer with more is refused, not cut. */
  readonly limit: number;
};

export type ObservationsScope =
  | { readonly kind: 'devices'; readonly devices: readonly DeviceId[] }
  | { readonly kind: 'cell'; readonly cell: RegionCell };

/** A row of JSON is about 220 bytes; this many stay well under the 2 MB that one stored answer may have. */
export const MAX_ROWS = 5000;
/** What one query may ask for. Longer histories are several queries. */
export const MAX_DEVICE_QUANTITY_HOURS = 5000;
export const MAX_DEVICES = 100;

const LISTS = ['device', 'quantity'];
const SINGLES = ['cell', 'from', 'until', 'resolution', 'format', 'limit', 'dry-run'];
const KNOWN = [...LISTS, ...SINGLES];
/** RFC 3339 section 5.6; the offset is required, so that no answer depends on somebody's time zone. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const QUANTITY_CODES = QUANTITIES.map((quantity) => quantity.code).join(', ');

type Parsed<T> = Result<T, QueryRefusal>;

const bad = (parameter: string, given: string, expected: string): Result<never, QueryRefusal> =>
  err({ reason: 'bad-parameter', parameter, given: given.slice(0, 80), expected });

export function parseObservationsRequest(
  parameters: Iterable<readonly [string, string]>,
  nowMs: number,
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds' | 'logKeepSeconds'>,
): Parsed<ObservationsRequest> {
  const given = collect(parameters);
  if (!given.ok) return given;
  const single = (name: string) => given.value.get(name)?.[0];
  const scope = parseScope(given.value);
  if (!scope.ok) return scope;
  const quantities = parseQuantities(given.value.get('quantity') ?? []);
  if (!quantities.ok) return quantities;
  const from = parseTime('from', single('from'));
  if (!from.ok) return from;
  const until = parseTime('until', single('until'));
  if (!until.ok) return until;
  if (until.value <= from.value) return bad('until', single('until') ?? '', 'a time after `from`');
  if (from.value >= nowMs) return bad('from', single('from') ?? '', 'a time in the past');
  const resolution = oneOf('resolution', single('resolution') ?? 'hour', ['raw', 'hour'] as const);
  if (!resolution.ok) return resolution;
  const format = oneOf('format', single('format') ?? 'json', ['json', 'csv'] as const);
  if (!format.ok) return format;
  const limit = parseLimit(single('limit'));
  if (!limit.ok) return limit;
  const dryRun = oneOf('dry-run', single('dry-run') ?? 'false', ['true', 'false'] as const);
  if (!dryRun.ok) return dryRun;

  const oldestRawMs = nowMs - rules.logKeepSeconds * 1000;
  if (resolution.value === 'raw' && from.value < oldestRawMs) {
    // Older readings are open data in the evidence segments.
    return bad('from', single('from') ?? '', `a time from ${rfc3339(oldestRawMs)} on, or resolution=hour`);
  }

  const whole = resolution.value === 'hour';
  const endHour = hourOf(until.value - 1, rules) + 1;
  return ok({
    scope: scope.value,
    quantities: quantities.value,
    fromMs: whole ? hourStartMs(hourOf(from.value, rules), rules) : from.value,
    untilMs: whole ? hourStartMs(endHour, rules) : until.value,
    resolution: resolution.value,
    format: format.value,
    limit: limit.value,
  });
}

/** Hours of the request that have begun: what it is priced by, times devices and quantities. */
export function hoursAsked(
  request: Pick<ObservationsRequest, 'fromMs' | 'untilMs'>,
  nowMs: number,
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): number {
  const last = Math.min(hourOf(request.untilMs - 1, rules), hourOf(nowMs, rules));
  return Math.max(0, last - hourOf(request.fromMs, rules) + 1);
}

/** One form for every spelling of the same question. `dry-run` is not part of it. */
export function canonicalQuery(request: ObservationsRequest): string {
  const { scope } = request;
  return [
    ...(scope.kind === 'cell' ? [`cell=${scope.cell}`] : scope.devices.map((device) => `device=${device}`)),
    ...request.quantities.map((quantity) => `quantity=${quantity.code}`),
    `from=${rfc3339(request.fromMs)}`,
    `until=${rfc3339(request.untilMs)}`,
    `resolution=${request.resolution}`,
    `format=${request.format}`,
    `limit=${request.limit}`,
  ].join('&');
}

/** First 16 hex digits of sha256(method + path + canonical query): what a payment is bound to. */
export function queryHash(method: string, path: string, canonical: string): string {
  return bytesToHex(sha256(utf8ToBytes(`${method} ${path}?${canonical}`))).slice(0, 16);
}

function collect(parameters: Iterable<readonly [string, string]>): Parsed<ReadonlyMap<string, readonly string[]>> {
  const collected = new Map<string, string[]>();
  for (const [name, text] of parameters) {
    if (!KNOWN.includes(name)) return err({ reason: 'unknown-parameter', parameter: name.slice(0, 80), known: KNOWN });
    const values = collected.get(name);
    if (values && !LISTS.includes(name)) return err({ reason: 'repeated-parameter', parameter: name });
    const more = LISTS.includes(name) ? text.split(',').map((item) => item.trim()) : [text];
    collected.set(name, [...(values ?? []), ...more]);
  }
  return ok(collected);
}

function parseScope(given: ReadonlyMap<string, readonly string[]>): Parsed<ObservationsScope> {
  const devices = given.get('device');
  const cell = given.get('cell')?.[0];
  if ((devices === undefined) === (cell === undefined))
    return err({ reason: 'one-of', parameters: ['device', 'cell'] });
  if (cell !== undefined) {
    const parsed = parseRegionCell(cell);
    return parsed.ok
      ? ok({ kind: 'cell', cell: parsed.value })
      : bad('cell', cell, 'an H3 cell of resolution 3, 15 lower-case hex digits');
  }
  const unique = new Set<DeviceId>();
  for (const text of devices ?? []) {
    const parsed = parseDeviceId(text);
    if (!parsed.ok) return bad('device', text, 'a did:key of Ed25519 or P-256');
    unique.add(parsed.value);
  }
  if (unique.size > MAX_DEVICES) {
    return err({ reason: 'too-many-values', parameter: 'device', count: unique.size, limit: MAX_DEVICES });
  }
  return ok({ kind: 'devices', devices: [...unique].toSorted() });
}

function parseQuantities(texts: readonly string[]): Parsed<readonly Quantity[]> {
  if (texts.length === 0) return err({ reason: 'missing-parameter', parameter: 'quantity', expected: QUANTITY_CODES });
  const unique = new Set<Quantity>();
  for (const text of texts) {
    const quantity = quantityByCode(text);
    if (!quantity) return bad('quantity', text, `one of ${QUANTITY_CODES}`);
    unique.add(quantity);
  }
  return ok([...unique].toSorted((a, b) => a.index - b.index));
}

export function parseTime(parameter: string, text: string | undefined): Parsed<number> {
  const expected = 'RFC 3339 with an offset, such as 2026-11-22T00:00:00Z';
  if (text === undefined) return err({ reason: 'missing-parameter', parameter, expected });
  // A plus sign that was not percent-encoded arrives as a space (URL Standard, application/x-www-form-urlencoded).
  const restored = text.replace(/ (?=\d\d:\d\d$)/, '+');
  const ms = RFC_3339.test(restored) && isDate(restored.slice(0, 10)) ? Date.parse(restored) : Number.NaN;
  return Number.isSafeInteger(ms) && ms >= 0 ? ok(ms) : bad(parameter, text, expected);
}

/** Date.parse reads 30 February as 2 March. */
function isDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && rfc3339(ms).startsWith(date);
}

function parseLimit(text: string | undefined): Parsed<number> {
  if (text === undefined) return ok(MAX_ROWS);
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= MAX_ROWS ? ok(limit) : bad('limit', text, `a whole number from 1 to ${MAX_ROWS}`);
}

function oneOf<const T extends string>(parameter: string, text: string, allowed: readonly T[]): Parsed<T> {
  const found = allowed.find((item) => item === text);
  return found === undefined ? bad(parameter, text, allowed.join(' or ')) : ok(found);
}
