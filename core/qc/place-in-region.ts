/**
 * How a series usually stands to its region: the learned relative distance from the median of all devices, and how far
 * it strays from that. A device that starts to send another's values leaves its own place; the one it copies does not.
 */
import type { Cell, DeviceState, SeriesState } from '../region/state.ts';
import { cellSum } from '../region/cells.ts';

/** Fewer devices have no median worth the name. */
const LEAST_DEVICES = 4;
/** Hours of learning before a residual is believed. */
const LEAST_HOURS = 12;
/** Learning rate after the first two days. */
const RATE = 1 / 48;
/** Steps added to the median, so that values near zero do not make every distance infinite. */
const FLOOR_STEPS = 10;
const LEAST_SPREAD = 0.02;
/** One absurd hour counts no more than this many spreads. */
const CAP = 6;

export type RegionMedians = ReadonlyMap<number, number>;

/** Median over the devices' hourly means, in steps, per quantity that enough devices measured. */
export function regionMedians(means: readonly ReadonlyMap<number, number>[]): RegionMedians {
  const byQuantity = new Map<number, number[]>();
  for (const device of means) {
    for (const [quantity, mean] of device) {
      const values = byQuantity.get(quantity);
      if (values === undefined) byQuantity.set(quantity, [mean]);
      else values.push(mean);
    }
  }
  const medians = new Map<number, number>();
  for (const [quantity, values] of byQuantity) {
    if (values.length < LEAST_DEVICES) continue;
    values.sort((a, b) => a - b);
    const middle = values.length >> 1;
    const upper = values[middle] ?? 0;
    medians.set(quantity, values.length % 2 === 1 ? upper : (upper + (values[middle - 1] ?? upper)) / 2);
  }
  return medians;
}

function distance(mean: number, median: number): number {
  return (mean - median) / (Math.abs(median) + FLOOR_STEPS);
}

/** Mean distance of the hour from the device's own places, in spreads; null while too little is learned. */
export function strainOf(device: DeviceState, cells: readonly Cell[], medians: RegionMedians): number | null {
  let sum = 0;
  let count = 0;
  for (const [series, away] of distances(device, cells, medians)) {
    if (series.placeHours < LEAST_HOURS) continue;
    sum += Math.min(CAP, Math.abs(away - series.place) / Math.max(LEAST_SPREAD, series.placeSpread));
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

export function learnPlace(device: DeviceState, cells: readonly Cell[], medians: RegionMedians): void {
  for (const [series, away] of distances(device, cells, medians)) {
    series.placeHours += 1;
    const rate = Math.max(RATE, 1 / series.placeHours);
    const off = away - series.place;
    series.place += rate * off;
    // The first hour has nothing to stray from.
    if (series.placeHours > 1)
      series.placeSpread += Math.max(RATE, 1 / (series.placeHours - 1)) * (Math.abs(off) - series.placeSpread);
  }
}

function* distances(
  device: DeviceState,
  cells: readonly Cell[],
  medians: RegionMedians,
): Generator<[SeriesState, number]> {
  for (const cell of cells) {
    const median = medians.get(cell.quantity);
    const series = device.quantities.find((candidate) => candidate.quantity === cell.quantity);
    if (median === undefined || series === undefined) continue;
    const { count, sum } = cellSum(cell);
    yield [series, distance(sum / count, median)];
  }
}
