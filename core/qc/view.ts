/** One hour of a region as the tests see it: each series on its scale, and what the neighbors of one say together. */
import { cellSum } from '../region/cells.ts';
import type { Cell, DeviceState, SeriesState } from '../region/state.ts';
import { newModel, type Model } from './model.ts';
import { fromScale, sameWithin, toScale, traitsOf, type Traits } from './traits.ts';

/** This many of the nearest devices that measure the same quantity are asked. */
const ASKED = 8;
/** Fewer cannot outvote one that is wrong. */
export const LEAST_NEIGHBORS = 3;
/** Places higher or lower than this are no measure for absolute values. */
const LEVEL_METERS = 200;
const KELVIN_PER_METER = 0.0065;
const METERS_PER_HECTOPASCAL = 8.3;

/** A series in one hour. */
export type Sight = {
  readonly slot: number;
  readonly cell: Cell;
  readonly series: SeriesState;
  readonly model: Model;
  readonly traits: Traits;
  /** Mean of the hour, in steps. */
  readonly steps: number;
  readonly scaled: number;
  /** Without the usual distance from the neighbors. */
  readonly relative: number;
  /** Distance from the mean of the last day. */
  readonly swing: number;
  /** Brought to sea level where height matters. */
  readonly leveled: number;
  /** Spread, on the scale, that the sensor's resolution alone makes. */
  readonly grain: number;
};

export type HourView = {
  readonly hour: number;
  /** By quantity, then by slot. */
  readonly byQuantity: ReadonlyMap<number, ReadonlyMap<number, Sight>>;
};

export type Neighbors = {
  readonly slots: readonly number[];
  readonly median: number;
  /** Robust standard deviation of the neighbors among themselves. */
  readonly spread: number;
  /** Median of their distances from their means. */
  readonly swing: number;
  /** Medians of their usual squares of change and swing. */
  readonly changeSquare: number;
  readonly swingSquare: number;
  /** Median of how restless they are lately, 0 to 1. */
  readonly restless: number;
  /** Median of the hours for which they have kept one value. */
  readonly stillHours: number;
  /** Of those that stand at a similar height: count, mean and standard deviation of absolute values. */
  readonly level: { readonly count: number; readonly mean: number; readonly spread: number };
};

export function quarterOf(hour: number): number {
  return Math.floor((((hour % 24) + 24) % 24) / 6);
}

export function sightOf(
  slot: number,
  device: DeviceState,
  series: SeriesState,
  cell: Cell,
  scale: number,
): Sight | null {
  const traits = traitsOf(cell.quantity);
  if (traits === null || cell.unevaluated > 0) return null;
  series.model ??= newModel();
  const { model } = series;
  const { count, sum } = cellSum(cell);
  const steps = sum / count;
  const value = steps / scale;
  const scaled = toScale(value, traits);
  const grain = model.grain === 0 ? 0 : Math.abs(toScale(value + model.grain / scale, traits) - scaled);
  const height = device.membership.elevationM ?? 0;
  const leveled =
    traits.code === 'temp'
      ? scaled + height * KELVIN_PER_METER
      : traits.code === 'press'
        ? scaled + height / METERS_PER_HECTOPASCAL
        : scaled;
  const relative = scaled - (model.offset[quarterOf(cell.hour)] ?? 0);
  return { slot, cell, series, model, traits, steps, scaled, relative, swing: scaled - model.mean, leveled, grain };
}

/** Two hourly values this close count as the same, on the scale. */
export function toleranceOf({ scaled, traits, grain }: Sight): number {
  return Math.max(sameWithin(fromScale(scaled, traits), traits), 0.55 * grain);
}

export function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] ?? 0;
  return values.length % 2 === 1 ? upper : (upper + (values[middle - 1] ?? upper)) / 2;
}

/** Null: too few to tell. */
export function neighborsOf(
  device: DeviceState,
  own: Sight,
  view: HourView,
  devices: readonly DeviceState[],
): Neighbors | null {
  const ofQuantity = view.byQuantity.get(own.cell.quantity);
  if (ofQuantity === undefined) return null;
  const asked: Sight[] = [];
  for (const slot of device.near) {
    const other = ofQuantity.get(slot);
    if (other === undefined) continue;
    asked.push(other);
    if (asked.length === ASKED) break;
  }
  // Whoever was wrong an hour ago is asked only where the others are too few.
  const trusted = asked.filter((other) => other.model.flagged === 0);
  const used = trusted.length >= LEAST_NEIGHBORS ? trusted : asked;
  if (used.length < LEAST_NEIGHBORS) return null;
  const median = medianOf(used.map((other) => other.relative));
  return {
    slots: used.map((other) => other.slot),
    median,
    spread: spreadAround(median, used),
    swing: medianOf(used.map((other) => other.swing)),
    changeSquare: medianOf(used.map((other) => other.model.change)),
    swingSquare: medianOf(used.map((other) => other.model.swing)),
    restless: medianOf(used.map((other) => other.model.restlessness)),
    stillHours: medianOf(used.map((other) => other.model.run)),
    level: levelOf(device, used, devices),
  };
}

/** Robust, but a neighborhood where several stray at once is a restless one. */
function spreadAround(median: number, used: readonly Sight[]): number {
  const away = used.map((other) => Math.abs(other.relative - median));
  const middle = 1.4826 * medianOf(away);
  return Math.max(middle, (away.at(-2) ?? 0) / 2);
}

function levelOf(device: DeviceState, used: readonly Sight[], devices: readonly DeviceState[]): Neighbors['level'] {
  const height = device.membership.elevationM;
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const other of used) {
    const theirs = devices[other.slot]?.membership.elevationM ?? null;
    if (height !== null && theirs !== null && Math.abs(height - theirs) > LEVEL_METERS) continue;
    count += 1;
    sum += other.leveled;
    squares += other.leveled * other.leveled;
  }
  if (count < LEAST_NEIGHBORS) return { count, mean: 0, spread: 0 };
  const mean = sum / count;
  const variance = Math.max(0, (squares - count * mean * mean) / (count - 1));
  return { count, mean, spread: Math.sqrt(variance * (1 + 1 / count)) };
}
