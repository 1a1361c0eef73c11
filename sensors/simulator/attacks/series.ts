/** What the attacks do to series: look up an hour, learn from the past, stay within what a value can be. */
import type { QuantityCode } from '../../../core/reading/quantity.ts';
import { chance } from '../chance.ts';
import { SLICE_HOURS, type Series, type Value } from '../slice.ts';
import type { Scene } from './attack.ts';

/** All that was measured in the hour; the slice goes round in both directions. */
export function recordedAt(series: Series, hour: number): readonly Value[] {
  return [...series].flatMap(([quantity, values]) => {
    const value = valueAt(values, hour);
    return value === null ? [] : [{ quantity, value }];
  });
}

function valueAt(values: readonly (number | null)[], hour: number): number | null {
  return values[((hour % SLICE_HOURS) + SLICE_HOURS) % SLICE_HOURS] ?? null;
}

export type Usual = { readonly mean: number; readonly spread: number };

/** A day is the least from which anything can be learned. */
const LEAST_LEARNING_HOURS = 24;

/** Mean and standard deviation of what the cheat has seen of its own quantity until it began. */
export function usualOf({ own, startHour }: Scene, quantity: QuantityCode): Usual {
  const values = (own.get(quantity) ?? [])
    .slice(0, Math.max(LEAST_LEARNING_HOURS, Math.min(startHour, SLICE_HOURS)))
    .filter((value) => value !== null);
  if (values.length === 0) return { mean: 0, spread: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, spread: Math.sqrt(variance) };
}

/** The values before the hour, at most `hours` of them, averaged: a slow sensor, or air behind a wall. */
export function trailingMean(series: Series, quantity: QuantityCode, hour: number, hours: number): number | null {
  const values = Array.from({ length: hours }, (_, back) => valueAt(series.get(quantity) ?? [], hour - back)).filter(
    (value) => value !== null,
  );
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What the station has measured last, at the hour or before it. */
export function lastBefore(series: Series, quantity: QuantityCode, hour: number): number | null {
  for (let back = 0; back < SLICE_HOURS; back++) {
    const value = valueAt(series.get(quantity) ?? [], hour - back);
    if (value !== null) return value;
  }
  return null;
}

/** One of the station's quantities for the whole attack; those without a level to distort are left out. */
export function chosenQuantity({ own, seed }: Scene): QuantityCode | undefined {
  const eligible = [...own.keys()].filter((quantity) => !HAS_NO_LEVEL.has(quantity));
  return eligible[Math.floor(chance(seed, 'quantity') * eligible.length)];
}

/** Zero most of the time, so that a factor or an offset says little about a cheat. */
const HAS_NO_LEVEL: ReadonlySet<QuantityCode> = new Set<QuantityCode>(['rain', 'rain_rate', 'irradiance', 'lux', 'uv']);

/** Their zero is arbitrary or far away, so they are distorted by an offset and everything else by a factor. */
export type Additive = 'temp' | 'rh' | 'press';

export function isAdditive(quantity: QuantityCode): quantity is Additive {
  return quantity === 'temp' || quantity === 'rh' || quantity === 'press';
}

/** Changes the values of one quantity and leaves the others as they are. */
export function distortOne(scene: Scene, hour: number, change: (value: Value) => number): readonly Value[] {
  const chosen = chosenQuantity(scene);
  return recordedAt(scene.own, hour).map((value) =>
    value.quantity === chosen ? plausible(value.quantity, change(value)) : value,
  );
}

/** A cheat does not send what nobody would believe: no negative concentration, no humidity above 100 %. */
export function plausible(quantity: QuantityCode, value: number): Value {
  const least = quantity === 'temp' || quantity === 'dew_point' ? -60 : 0;
  const most = quantity === 'rh' ? 100 : Number.POSITIVE_INFINITY;
  return { quantity, value: toHundredths(Math.min(most, Math.max(least, value))) };
}

export function toHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Between `low` and `high`, the same for the same seed and parts. */
export function between(low: number, high: number, seed: string, ...parts: readonly (string | number)[]): number {
  return low + (high - low) * chance(seed, ...parts);
}

/** Standard normal (Box and Muller 1958). */
export function normal(seed: string, ...parts: readonly (string | number)[]): number {
  // 1 - chance is never 0, which has no logarithm.
  const radius = Math.sqrt(-2 * Math.log(1 - chance(seed, 'radius', ...parts)));
  return radius * Math.cos(2 * Math.PI * chance(seed, 'angle', ...parts));
}

/** Hours since the start of the burst that `hour` lies in, null between bursts: one a day, at an hour of its own. */
export function hourOfBurst({ seed, startHour }: Scene, hour: number, hours: number): number | null {
  const day = Math.floor((hour - startHour) / 24);
  const from = startHour + day * 24 + Math.floor(chance(seed, 'burst', day) * (24 - hours));
  return hour >= from && hour < from + hours ? hour - from : null;
}
