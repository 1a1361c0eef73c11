/**
 * What `POST /v1/exports` asks for: devices or an area, quantities, whole closed days of months. Parsed once; two spellings of
 * one question have one canonical form.
 */
import { parseDeviceId, type DeviceId } from '../ids.ts';
import { bboxText, parseBbox, parseCells, type Area } from '../query/area.ts';
import type { QueryRefusal } from '../query/errors.ts';
import { collectParameters, oneOf, parseSpan, type Given, type Parameters } from '../query/parameters.ts';
import { QUANTITIES, type Quantity } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../time.ts';
import type { ExportFormat, ExportOrder } from './order.ts';

export type ExportScope =
  | { readonly kind: 'devices'; readonly devices: readonly DeviceId[] }
  | { readonly kind: 'area'; readonly area: Area };

export type ExportRequest = Pick<ExportOrder, 'resolution' | 'format'> & {
  readonly scope: ExportScope;
  /** Not empty, in the order of the catalogue. */
  readonly quantities: readonly Quantity[];
  /** Half-open, whole hours of the rule set. */
  readonly fromMs: number;
  readonly untilMs: number;
};

/** 200 USDC: a hundred devices with three quantities for nine months. */
export const MAX_EXPORT_HOURS = 2_000_000;
export const MAX_EXPORT_DEVICES = 2000;
/** Objects in R2 and lines of the manifest; a Parquet export has one a region and day. */
export const MAX_EXPORT_FILES = 4000;

const LISTS = ['device', 'cell', 'quantity'];
const SINGLES = ['bbox', 'from', 'until', 'resolution', 'format', 'dry-run'];
const FORMATS: readonly ExportFormat[] = ['parquet', 'csv', 'ndjson'];

type Parsed<T> = Result<T, QueryRefusal>;

export type ExportQuestion = ExportRequest & { readonly isDryRun: boolean };

export function parseExportRequest(
  parameters: Parameters,
  nowMs: number,
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): Parsed<ExportQuestion> {
  const given = collectParameters(parameters, { lists: LISTS, singles: SINGLES });
  if (!given.ok) return given;
  const single = (name: string) => given.value.get(name)?.[0];
  const scope = parseScope(given.value);
  if (!scope.ok) return scope;
  const quantities = parseQuantities(given.value.get('quantity') ?? []);
  if (!quantities.ok) return quantities;
  const span = parseSpan(given.value, nowMs);
  if (!span.ok) return span;
  const resolution = oneOf('resolution', single('resolution') ?? 'hour', ['hour'] as const);
  if (!resolution.ok) return resolution;
  const format = oneOf('format', single('format') ?? 'parquet', FORMATS);
  if (!format.ok) return format;
  const dryRun = oneOf('dry-run', single('dry-run') ?? 'false', ['true', 'false'] as const);
  if (!dryRun.ok) return dryRun;
  return ok({
    scope: scope.value,
    quantities: quantities.value,
    fromMs: hourStartMs(hourOf(span.value.fromMs, rules), rules),
    untilMs: hourStartMs(hourOf(span.value.untilMs - 1, rules) + 1, rules),
    resolution: resolution.value,
    format: format.value,
    isDryRun: dryRun.value === 'true',
  });
}

/** One form for every spelling of the same question. */
export function canonicalExport(request: ExportRequest): string {
  const { scope } = request;
  return [
    ...(scope.kind === 'devices' ? scope.devices.map((device) => `device=${device}`) : areaText(scope.area)),
    ...request.quantities.map((quantity) => `quantity=${quantity.code}`),
    `from=${rfc3339(request.fromMs)}`,
    `until=${rfc3339(request.untilMs)}`,
    `resolution=${request.resolution}`,
    `format=${request.format}`,
  ].join('&');
}

function areaText(area: Area): readonly string[] {
  return area.kind === 'bbox' ? [`bbox=${bboxText(area.bbox)}`] : area.cells.map(({ cell }) => `cell=${cell}`);
}

/** Exactly one of devices, cells and a bounding box. */
export function parseScope(given: Given): Parsed<ExportScope> {
  const [devices, cells, bbox] = [given.get('device'), given.get('cell'), given.get('bbox')?.[0]];
  if ([devices, cells, bbox].filter((one) => one !== undefined).length !== 1)
    return err({ reason: 'one-of', parameters: ['device', 'cell', 'bbox'] });
  if (bbox !== undefined) {
    const parsed = parseBbox(bbox);
    return parsed.ok ? ok({ kind: 'area', area: { kind: 'bbox', bbox: parsed.value } }) : parsed;
  }
  if (cells !== undefined) {
    const parsed = parseCells(cells);
    return parsed.ok ? ok({ kind: 'area', area: { kind: 'cells', cells: parsed.value } }) : parsed;
  }
  return parseDevices(devices ?? [], MAX_EXPORT_DEVICES);
}

export function parseDevices(
  texts: readonly string[],
  limit: number,
): Parsed<{ readonly kind: 'devices'; readonly devices: readonly DeviceId[] }> {
  const unique = new Set<DeviceId>();
  for (const text of texts) {
    const parsed = parseDeviceId(text);
    if (!parsed.ok) {
      const expected = 'a did:key of Ed25519 or P-256';
      return err({ reason: 'bad-parameter', parameter: 'device', given: text.slice(0, 80), expected });
    }
    unique.add(parsed.value);
  }
  return unique.size > limit
    ? err({ reason: 'too-many-values', parameter: 'device', count: unique.size, limit })
    : ok({ kind: 'devices', devices: [...unique].toSorted() });
}

export function parseQuantities(texts: readonly string[]): Parsed<readonly Quantity[]> {
  const codes = QUANTITIES.map((quantity) => quantity.code).join(', ');
  if (texts.length === 0)
    return err({ reason: 'missing-parameter', parameter: 'quantity', expected: `one or more of ${codes}` });
  for (const text of texts) {
    if (!QUANTITIES.some(({ code }) => code === text)) {
      const expected = `one of ${codes}`;
      return err({ reason: 'bad-parameter', parameter: 'quantity', given: text.slice(0, 80), expected });
    }
  }
  return ok(QUANTITIES.filter(({ code }) => texts.includes(code)));
}
