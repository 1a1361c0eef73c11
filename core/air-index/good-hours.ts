/**
 * The only hours that an air quality index may use: those whose final verdict is good. A suspect or failed hour, one
 * under maintenance and one without readings are all the same here, namely absent; what they hold is never looked at.
 */
import { quantityByCode, quantityByIndex, type QuantityCode } from '../reading/quantity.ts';
import { GOOD } from '../reading/reading.ts';
import { conversionOf } from '../reading/units.ts';
import { err, ok, type Result } from '../result.ts';

/** A judged hourly cell: what a region-hour and a device-day hold of one quantity. `sum` is in steps of the catalogue. */
export type HourCell = {
  readonly quantity: number;
  readonly hour: number;
  readonly readings: number;
  readonly sum: number;
  readonly flag: number;
};

/** Means of good hours in the catalogue's unit: by quantity, then by hour. */
export type GoodHours = ReadonlyMap<QuantityCode, ReadonlyMap<number, number>>;

export type TooFewHours = {
  readonly reason: 'too-few-good-hours';
  readonly quantity: QuantityCode;
  /** Hours, or eight-hour means where a day is made of those. */
  readonly good: number;
  readonly needed: number;
};

const NONE: ReadonlyMap<number, number> = new Map();

export function goodHours(cells: readonly HourCell[]): GoodHours {
  const byQuantity = new Map<QuantityCode, Map<number, number>>();
  for (const { quantity, hour, readings, sum, flag } of cells) {
    const known = quantityByIndex(quantity);
    if (known === undefined || flag !== GOOD || readings <= 0) continue;
    const ofQuantity = byQuantity.get(known.code) ?? new Map<number, number>();
    byQuantity.set(known.code, ofQuantity.set(hour, sum / (readings * known.stepsPerUnit)));
  }
  return byQuantity;
}

export function valueAt(hours: GoodHours, quantity: QuantityCode, hour: number): number | undefined {
  return hours.get(quantity)?.get(hour);
}

/** Good values of `count` hours from `fromHour` on, in order. */
export function valuesOf(hours: GoodHours, quantity: QuantityCode, fromHour: number, count: number): number[] {
  const ofQuantity = hours.get(quantity) ?? NONE;
  return Array.from({ length: count }, (_, at) => ofQuantity.get(fromHour + at)).filter((value) => value !== undefined);
}

/** Mean of `count` hours of which at least `needed` are good. */
export function meanOf(
  hours: GoodHours,
  quantity: QuantityCode,
  fromHour: number,
  count: number,
  needed: number,
): Result<number, TooFewHours> {
  const values = valuesOf(hours, quantity, fromHour, count);
  if (values.length < needed) return err({ reason: 'too-few-good-hours', quantity, good: values.length, needed });
  return ok(values.reduce((sum, value) => sum + value, 0) / values.length);
}

/**
 * From the catalogue's unit to ug/m3. For gases the inverse of what a device's ug/m3 went through when it was read
 * (25 Cel, 1 atm: ppb x M / 24.45), so that a station which sends mass gets its own figure back. Directive 2008/50/EC
 * states gases at 20 Cel, where one ppb is 1.6 % more.
 */
export function toMicrograms(quantity: QuantityCode, value: number): number {
  const known = quantityByCode(quantity);
  const conversion = known === undefined ? undefined : conversionOf(known, 'ug/m3');
  if (known === undefined || conversion?.ok !== true) throw new Error(`${quantity} has no mass concentration`);
  const { multiply, divide } = conversion.value;
  return (value * known.stepsPerUnit * divide) / multiply;
}
