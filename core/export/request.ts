/**
 * What `POST /v1/exports` asks for: what a query for observations asks for, of closed days and far more of it. Raw readings are
 * not among it: those older than three days are open data in the evidence.
 */
import type { QueryRefusal } from '../query/errors.ts';
import { canonicalQuery, parseObservationsRequest, type ObservationsRequest } from '../query/observations.ts';
import { oneOf, type Parameters } from '../query/parameters.ts';
import { MAX_AREA_DEVICES } from '../query/scope.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';

export const EXPORT_FORMATS = ['parquet', 'csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export type ExportRequest = Pick<
  ObservationsRequest,
  'scope' | 'quantities' | 'series' | 'indices' | 'fields' | 'fromMs' | 'untilMs' | 'isDryRun'
> & {
  readonly resolution: 'hour' | 'day';
  readonly format: ExportFormat;
};

/** 200 USDC: a hundred devices with three quantities for nine months. */
export const MAX_EXPORT_HOURS = 2_000_000;
export const MAX_EXPORT_DEVICES = MAX_AREA_DEVICES;
/** Objects in R2 and lines of the manifest; a Parquet export has one a region and day. */
export const MAX_EXPORT_FILES = 4000;

/** An answer's pages, and a filter that would leave a buyer with less than was paid: the flag is a column. */
const NOT_OF_EXPORTS = ['limit', 'cursor', 'flags'];
const KNOWN = 'device, cell, bbox, quantity, series, index, fields, from, until, resolution, format, dry-run'.split(
  ', ',
);

export function parseExportRequest(
  parameters: Parameters,
  nowMs: number,
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds' | 'logKeepSeconds'>,
): Result<ExportRequest, QueryRefusal> {
  const given = [...parameters];
  const value = (name: string) => given.find(([one]) => one === name)?.[1];
  const unfit = given.find(([name]) => NOT_OF_EXPORTS.includes(name));
  if (unfit !== undefined) return err({ reason: 'unknown-parameter', parameter: unfit[0], known: KNOWN });
  const format = oneOf('format', value('format') ?? 'parquet', EXPORT_FORMATS);
  if (!format.ok) return format;
  const resolution = oneOf('resolution', value('resolution') ?? 'hour', ['hour', 'day'] as const);
  if (!resolution.ok) return resolution;
  const whole = value('format') === undefined ? [...given, ['format', format.value] as const] : given;
  const parsed = parseObservationsRequest(whole, undefined, nowMs, rules, MAX_EXPORT_DEVICES);
  if (!parsed.ok) return parsed;
  const { limit: _limit, cursor: _cursor, flags: _flags, ...request } = parsed.value;
  return ok({ ...request, format: format.value, resolution: resolution.value });
}

/** One form for every spelling of the same question. */
export function canonicalExport(request: ExportRequest): string {
  return canonicalQuery({ ...request, limit: null, cursor: null, flags: null });
}
