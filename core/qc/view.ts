/** One hour of a region as the tests see it: each series on its scale, and what the neighbors of one say together. */
import { cellSum } from '../region/cells.ts';
import type { Cell, DeviceState, SeriesState } from '../region/state.ts';
import { quantityByIndex } from '../reading/quantity.ts';
import { newModel, type Model } from './model.ts';
import type { Outlook } from './outlook.ts';
import { fromScale, sameWithin, toScale, traitsOf, type Traits } from './traits.ts';

/** This many of the nearest devices that measure the same quantity are asked. */
const ASKED = 8;
/** Fewer cannot outvote one that is wrong. */
export const LEAST_NEIGHBORS = 3;
/** Places higher or lower than this are no measure for absolute values. */
const LEVEL_METERS = 200;
/** So many values are sorted by insertion. */
const FEW = 16;
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
  /** By quantity, then by slot. Others' series are read through this and nothing else. */
  readonly byQuantity: ReadonlyMap<number, ReadonlyMap<number, Outlook>>;
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

/** Of all its cells in one hour that can be compared. Changes nothing: a model that is missing comes with the verdict. */
export function sightsOf(slot: number, device: DeviceState, cells: readonly Cell[]): Sight[] {
  return cells.flatMap((cell) => {
    const series = device.quantities.find((candidate) => candidate.quantity === cell.quantity);
    const scale = quantityByIndex(cell.quantity)?.stepsPerUnit ?? 1;
    return (series && sightOf(slot, device, series, cell, scale)) ?? [];
  });
}

function sightOf(slot: number, device: DeviceState, series: SeriesState, cell: Cell, scale: number): Sight | null {
  const traits = traitsOf(cell.quantity);
  if (traits === null || cell.unevaluated > 0) return null;
  const model = series.model ?? newModel();
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

/** Sorts `values`. */
export function medianOf(values: number[]): number {
  if (values.length > FEW) values.sort((a, b) => a - b);
  else sortFew(values);
  const middle = values.length >> 1;
  const upper = values[middle] ?? 0;
  return values.length % 2 === 1 ? upper : (upper + (values[middle - 1] ?? upper)) / 2;
}

/** By insertion: for what eight neighbors say, a comparator costs more than the comparing. */
function sortFew(values: number[]): void {
  for (let at = 1; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    let to = at;
    for (; to > 0; to -= 1) {
      const before = values[to - 1] ?? 0;
      if (before <= value) break;
      values[to] = before;
    }
    values[to] = value;
  }
}

/** Null: too few to tell. */
export function neighborsOf(device: DeviceState, own: Sight, view: HourView): Neighbors | null {
  const ofQuantity = view.byQuantity.get(own.cell.quantity);
  if (ofQuantity === undefined) return null;
  const asked: { readonly slot: number; readonly seen: Outlook }[] = [];
  for (const slot of device.near) {
    const seen = ofQuantity.get(slot);
    if (seen === undefined) continue;
    asked.push({ slot, seen });
    if (asked.length === ASKED) break;
  }
  // Whoever was wrong an hour ago is asked only where the others are too few.
  const trusted = asked.filter(({ seen }) => seen.isTrusted);
  const chosen = trusted.length >= LEAST_NEIGHBORS ? trusted : asked;
  if (chosen.length < LEAST_NEIGHBORS) return null;
  const used = chosen.map(({ seen }) => seen);
  const median = medianOf(used.map((other) => other.relative));
  return {
    slots: chosen.map(({ slot }) => slot),
    median,
    spread: spreadAround(median, used),
    swing: medianOf(used.map((other) => other.swing)),
    changeSquare: medianOf(used.map((other) => other.changeSquare)),
    swingSquare: medianOf(used.map((other) => other.swingSquare)),
    restless: medianOf(used.map((other) => other.restless)),
    stillHours: medianOf(used.map((other) => other.stillHours)),
    level: levelOf(device, used),
  };
}

/** Robust, but a neighborhood where several stray at once is a restless one. */
function spreadAround(median: number, used: readonly Outlook[]): number {
  const away = used.map((other) => Math.abs(other.relative - median));
  const middle = 1.4826 * medianOf(away);
  return Math.max(middle, (away.at(-2) ?? 0) / 2);
}

function levelOf(device: DeviceState, used: readonly Outlook[]): Neighbors['level'] {
  const height = device.membership.elevationM;
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const other of used) {
    const theirs = other.elevationM;
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
