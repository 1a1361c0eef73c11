/** The parameters of `GET /v1/anomalies`, and the table of its answer: stretches of hours in which one test flagged one quantity. */
import type { DeviceId } from '../ids.ts';
import { explain } from '../qc/explain.ts';
import { TEST_BITS, type TestCode } from '../qc/tests.ts';
import { QUANTITIES, quantityByCode, type QuantityCode } from '../reading/quantity.ts';
import { ok, type Result } from '../result.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf, hourStartMs, rfc3339 } from '../time.ts';
import type { DeviceFacts } from './columns.ts';
import type { QueryRefusal } from './errors.ts';
import { chooseFormat, FORMATS, type Format } from './formats.ts';
import { bad, collectParameters, oneOf, parseSpan, parseWhole, someOf, type Parameters } from './parameters.ts';
import type { Site } from './rows.ts';
import { parseScope, SCOPE_LISTS, SCOPE_SINGLES, scopeParts, type Scope } from './scope.ts';
import type { Column, Table } from './table.ts';

export type AnomaliesRequest = {
  readonly scope: Scope;
  /** Half-open; whole hours of the rule set. An event is meant if any hour of it lies inside. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Null: all. */
  readonly quantities: readonly QuantityCode[] | null;
  readonly tests: readonly TestCode[] | null;
  readonly flags: readonly number[] | null;
  /** Least, in times the test's own limit. */
  readonly severity: number;
  readonly format: Format;
  /** Most device-days of one page; null: the whole answer or none. */
  readonly limit: number | null;
  readonly isDryRun: boolean;
  readonly cursor: string | null;
};

/** A device-day without an event costs little to answer; what is found is bounded in bytes. */
export const MAX_DEVICE_DAYS = 5000;

const TESTS = TEST_BITS.map(([code]) => code);
const KNOWN = {
  lists: [...SCOPE_LISTS, 'quantity', 'test', 'flags'],
  singles: [...SCOPE_SINGLES, 'from', 'until', 'severity', 'format', 'limit', 'cursor', 'dry-run'],
};

export function parseAnomaliesRequest(
  parameters: Parameters,
  accept: string | undefined,
  nowMs: number,
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): Result<AnomaliesRequest, QueryRefusal> {
  const given = collectParameters(parameters, KNOWN);
  if (!given.ok) return given;
  const single = (name: string) => given.value.get(name)?.[0];
  const list = (name: string) => given.value.get(name) ?? [];
  const scope = parseScope(given.value);
  if (!scope.ok) return scope;
  const span = parseSpan(given.value, nowMs);
  if (!span.ok) return span;
  const codes = QUANTITIES.map(({ code }) => code);
  const quantities = someOf('quantity', list('quantity'), codes);
  if (!quantities.ok) return quantities;
  const tests = someOf('test', list('test'), TESTS);
  if (!tests.ok) return tests;
  const flags = someOf('flags', list('flags'), ['3', '4']);
  if (!flags.ok) return flags;
  const severity = parseSeverity(single('severity') ?? '0');
  if (!severity.ok) return severity;
  const format = chooseFormat({ format: single('format'), accept }, FORMATS);
  if (!format.ok) return format;
  const givenLimit = single('limit');
  const limit = parseWhole('limit', givenLimit ?? '1', { least: 1, most: MAX_DEVICE_DAYS });
  if (!limit.ok) return limit;
  const dryRun = oneOf('dry-run', single('dry-run') ?? 'false', ['true', 'false']);
  if (!dryRun.ok) return dryRun;
  const { fromMs, untilMs } = span.value;
  return ok({
    scope: scope.value,
    fromMs: hourStartMs(hourOf(fromMs, rules), rules),
    untilMs: hourStartMs(hourOf(untilMs - 1, rules) + 1, rules),
    quantities: someOrAll(quantities.value),
    tests: someOrAll(tests.value),
    flags: someOrAll(flags.value.map(Number)),
    severity: severity.value,
    format: format.value,
    limit: givenLimit === undefined ? null : limit.value,
    isDryRun: dryRun.value === 'true',
    cursor: single('cursor') ?? null,
  });
}

function someOrAll<T>(values: readonly T[]): readonly T[] | null {
  return values.length === 0 ? null : values;
}

function parseSeverity(text: string): Result<number, QueryRefusal> {
  return /^\d{1,6}(\.\d{1,6})?$/.test(text) ? ok(Number(text)) : bad('severity', text, 'a number from 0, such as 1.5');
}

export function canonicalAnomalies(request: AnomaliesRequest): string {
  const { quantities, tests, flags, severity, format, limit } = request;
  return [
    ...scopeParts(request.scope),
    `from=${rfc3339(request.fromMs)}`,
    `until=${rfc3339(request.untilMs)}`,
    ...(quantities ?? []).map((code) => `quantity=${code}`),
    ...(tests ?? []).map((code) => `test=${code}`),
    ...(flags === null ? [] : [`flags=${flags.join(',')}`]),
    ...(severity === 0 ? [] : [`severity=${severity}`]),
    `format=${format}`,
    ...(limit === null ? [] : [`limit=${limit}`]),
  ].join('&');
}

export type AnomalyRow = {
  readonly device: DeviceId;
  readonly quantity: string;
  readonly test: string;
  readonly flag: number;
  /** Worst, in times the test's limit. */
  readonly severity: number;
  readonly startMs: number;
  /** Null: goes on. */
  readonly endMs: number | null;
  readonly measured: number;
  /** Band in which an honest value would lie; null: open end. */
  readonly low: number | null;
  readonly high: number | null;
  /** Devices that it was compared with, nearest first. */
  readonly against: readonly string[];
  /** Of the day in which it began; null: where the device stands now. */
  readonly site: Site | null;
};

export function anomaliesTable(
  rows: readonly AnomalyRow[],
  devices: ReadonlyMap<DeviceId, DeviceFacts>,
): Table<AnomalyRow> {
  const factsOf = (row: AnomalyRow) => devices.get(row.device);
  const columns: readonly Column<AnomalyRow>[] = [
    { name: 'device', type: 'text', of: (row) => row.device },
    { name: 'name', type: 'text', of: (row) => factsOf(row)?.name ?? row.device },
    { name: 'cell', type: 'text', of: (row) => (row.site ?? factsOf(row))?.cell ?? '' },
    { name: 'quantity', type: 'text', of: (row) => row.quantity },
    { name: 'unit', type: 'text', of: (row) => quantityByCode(row.quantity)?.unit ?? '' },
    { name: 'test', type: 'text', of: (row) => row.test },
    { name: 'flag', type: 'integer', of: (row) => row.flag },
    { name: 'severity', type: 'number', of: (row) => row.severity },
    { name: 'start', type: 'time', of: (row) => row.startMs },
    { name: 'end', type: 'time', nullable: true, of: (row) => row.endMs },
    { name: 'measured', type: 'number', of: (row) => row.measured },
    { name: 'low', type: 'number', nullable: true, of: (row) => row.low },
    { name: 'high', type: 'number', nullable: true, of: (row) => row.high },
    { name: 'against', type: 'list', of: (row) => row.against },
    { name: 'reason', type: 'text', of: reasonOf },
  ];
  const placeOf = (row: AnomalyRow): readonly [number, number] | null => {
    const site = row.site ?? factsOf(row);
    return site === undefined ? null : [site.longitude, site.latitude];
  };
  return { name: 'anomalies', columns, rows, placeOf };
}

/** In words; some tests measure hours, seconds or shares rather than the quantity. */
function reasonOf({ test, quantity, measured, low, high, against }: AnomalyRow): string {
  const known = quantityByCode(quantity);
  const [nearest] = against;
  if (known === undefined) return '';
  const facts = { measured, expected: [low, high] as const };
  return explain(test, nearest === undefined ? facts : { ...facts, against: nearest }, known).reason;
}

/**
 * Whom the sale is owed to: the devices whose readings are the evidence, one unit an event. What is flagged earns nothing by
 * being flagged.
 */
export function witnesses(rows: readonly AnomalyRow[]): readonly { readonly device: string; readonly units: number }[] {
  const units = new Map<string, number>();
  for (const { against } of rows) for (const device of against) units.set(device, (units.get(device) ?? 0) + 1);
  return [...units]
    .map(([device, count]) => ({ device, units: count }))
    .toSorted((a, b) => (a.device < b.device ? -1 : 1));
}
