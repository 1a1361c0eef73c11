/** What a device's request says, whatever its format: who it claims to be, what it measured, when. Pure. */
import { type QuantityCode, quantityByCode } from '../../core/reading/quantity.ts';
import type { Result } from '../../core/result.ts';
import type { Measurement } from '../client/senml.ts';
import { mayBeNegative, type SourceUnit, toCatalogue } from './convert.ts';

export type DeviceRequest = {
  readonly method: string;
  /** Without the query, as sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};

/** Null: the format carries no secret, or the device was told none. */
export type Claim = { readonly id: string; readonly secret: string | null };

export type Report = {
  readonly claim: Claim;
  /** By field name as in the format's table. */
  readonly values: ReadonlyMap<string, number>;
  /** As the device wrote it; null: it wrote no time. */
  readonly dateUtc: string | null;
};

export type BadReport =
  | { readonly reason: 'not-readable'; readonly detail: string }
  | { readonly reason: 'no-identity'; readonly expected: string };

export type Field = {
  readonly name: string;
  readonly unit: SourceUnit;
  /** Null: known, but indoors, of another place or kind; sent only where the configuration maps it. */
  readonly quantity: QuantityCode | null;
};

export type Format = {
  readonly parse: (request: DeviceRequest) => Result<Report, BadReport>;
  /** Of two fields of one quantity the first that has a value is sent. */
  readonly fields: readonly Field[];
  /** How far behind its arrival a report may be dated, milliseconds; beyond it the device's clock is wrong. */
  readonly mostBehindMs: number;
};

/** Quantity by field name, null: not sent. Names are those of the format's table. */
export type FieldChoice = ReadonlyMap<string, QuantityCode | null>;

/** What the owner chose comes first, then the format's own order. */
export function fieldsOf(format: Format, choice: FieldChoice): readonly Field[] {
  const chosen = format.fields.flatMap((field) => {
    const quantity = choice.get(field.name);
    return quantity === undefined ? [] : [{ ...field, quantity }];
  });
  return [...chosen, ...format.fields.filter(({ name }) => !choice.has(name))];
}

export function measurementsOf(report: Report, fields: readonly Field[], measuredMs: number): readonly Measurement[] {
  const found = new Map<QuantityCode, Measurement>();
  for (const { name, unit, quantity: code } of fields) {
    const value = report.values.get(name);
    if (code === null || value === undefined || found.has(code) || isNoValue(value, unit)) continue;
    const quantity = quantityByCode(code);
    const converted = quantity && toCatalogue(value, unit, quantity);
    if (quantity && typeof converted === 'number')
      found.set(code, { quantity: code, value: converted, unit: quantity.unit, measuredMs });
  }
  return [...found.values()];
}

/** No air is this cold. Devices write -127 (a DS18B20 without contact), -999, -1001 (AirGradient) and -9999. */
const COLDEST = -100;

function isNoValue(value: number, unit: SourceUnit): boolean {
  return mayBeNegative(unit) ? value <= COLDEST || value === 999.9 : value < 0;
}

/** One way to read each digit: two neighboring `\d*` would try all cuts between them. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** Null for what is no number: '', null, 'nan', '--'. */
export function numberOf(given: unknown): number | null {
  const text = typeof given === 'string' ? given.trim() : given;
  const value = typeof text === 'string' && NUMBER.test(text) ? Number(text) : text;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Numbers by name; what is none is left out, and of a name given twice the first counts. */
export function valuesOf(pairs: Iterable<readonly [string, unknown]>): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const [name, given] of pairs) {
    const value = numberOf(given);
    if (value !== null && !values.has(name)) values.set(name, value);
  }
  return values;
}

const DATE_UTC = /^(\d{4})-(\d{1,2})-(\d{1,2})[ T+](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?Z?$/;
/** The network takes nothing that is further ahead (docs/protocol.md, limits). */
const MOST_AHEAD_MS = 5 * 60_000;

export type MeasuredAt = { readonly measuredMs: number; readonly clock: 'device' | 'arrival' | 'device-is-wrong' };

/** The device's own time where it wrote one that can be true, else that of the arrival. */
export function measuredAt(dateUtc: string | null, arrivalMs: number, mostBehindMs: number): MeasuredAt {
  if (dateUtc === null || dateUtc.trim().toLowerCase() === 'now') return { measuredMs: arrivalMs, clock: 'arrival' };
  const [, year, month, day, hour, minute, second] = (DATE_UTC.exec(dateUtc.trim()) ?? []).map(Number);
  const written = Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day, hour, minute, second);
  // A 31st of February would come out as a day of March.
  const isDay = new Date(written).getUTCDate() === day && new Date(written).getUTCMonth() + 1 === month;
  const isNear = written <= arrivalMs + MOST_AHEAD_MS && written >= arrivalMs - mostBehindMs;
  return isDay && isNear
    ? { measuredMs: written, clock: 'device' }
    : { measuredMs: arrivalMs, clock: 'device-is-wrong' };
}
