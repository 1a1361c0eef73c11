/**
 * Copying of a neighbour (anomaly-qc.md T8, first form): a sequential likelihood ratio per pair. An hour speaks only when
 * the values move and few others share them, so that calm air and a common sky carry no evidence.
 */
import { ln } from '../math.ts';
import type { Cell, CopySuspicion, DeviceState } from '../region/state.ts';
import { cellSum } from '../region/cells.ts';

/** From this many nats on a pair is suspect. */
export const COPY_SUSPECT_NATS = 45;
/** Learning stops long before anybody is accused. */
const LEARNING_STOP_NATS = 12;
/** The copier is on average this many spreads farther from its place than the copied one. */
const LEAST_STRAIN = 0.75;
const CAP_NATS = 80;
const HOURLY_NATS = 6;
const TOLERANCE = 0.025;
const MATCH_IF_COPY = 0.95;
const LEAST_CHANCE = 0.05;
const MOST_CHANCE = 0.9;
/** Fewer shared quantities than this prove nothing in one hour. */
const SHARED_QUANTITIES = 2;

/** Means of one device's hour, by quantity, in steps; null where nothing moved since the hour before. */
export type HourMeans = {
  readonly slot: number;
  readonly means: ReadonlyMap<number, number>;
  readonly moving: ReadonlySet<number>;
  readonly receivedMs: number;
  /** Distance from the device's own place in the region, in spreads; null: not learned yet. */
  readonly strain: number | null;
};

export function meansOf(cells: readonly Cell[]): ReadonlyMap<number, number> {
  return new Map(
    cells.map((cell) => {
      const { count, sum } = cellSum(cell);
      return [cell.quantity, sum / count];
    }),
  );
}

export function hourMeans(
  slot: number,
  cells: readonly Cell[],
  means: ReadonlyMap<number, number>,
  before: readonly Cell[],
  strain: number | null,
): HourMeans {
  const earlier = meansOf(before);
  const moving = new Set<number>();
  for (const [quantity, mean] of means) {
    const previous = earlier.get(quantity);
    if (previous !== undefined && !matches(mean, previous)) moving.add(quantity);
  }
  const receivedMs = cells.reduce((first, cell) => Math.min(first, cell.receivedMs), Infinity);
  return { slot, means, moving, receivedMs, strain };
}

function matches(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(0.5, TOLERANCE * Math.max(Math.abs(a), Math.abs(b)));
}

/** Updates the suspicions of `device` with one hour; `all` are the hours of the region's devices by slot, its own included. */
export function updateCopies(device: DeviceState, own: HourMeans, all: ReadonlyMap<number, HourMeans>): void {
  const near = device.near.flatMap((slot) => all.get(slot) ?? []);
  const evidence = near.map((other) => ({ other, nats: 0, shared: 0 }));
  for (const quantity of own.moving) {
    const mine = own.means.get(quantity);
    if (mine === undefined || near.every((other) => !other.means.has(quantity))) continue;
    const crowd = crowdOf(quantity, mine, own.slot, all);
    for (const pair of evidence) {
      const theirs = pair.other.means.get(quantity);
      if (theirs === undefined) continue;
      const isMatch = matches(mine, theirs);
      const chance = chanceOf(crowd.count - 1, crowd.matching - (isMatch ? 1 : 0));
      pair.shared += 1;
      pair.nats += isMatch ? ln(MATCH_IF_COPY / chance) : ln((1 - MATCH_IF_COPY) / (1 - chance));
    }
  }
  for (const { other, nats, shared } of evidence) {
    if (shared >= SHARED_QUANTITIES)
      accumulate(device, other, own, Math.max(-HOURLY_NATS, Math.min(HOURLY_NATS, nats)));
  }
  if (device.copies.some((copy) => copy.nats <= 0)) device.copies = device.copies.filter((copy) => copy.nats > 0);
}

/** How many of the other devices have the quantity, and how many of those share the value. */
function crowdOf(
  quantity: number,
  value: number,
  own: number,
  all: ReadonlyMap<number, HourMeans>,
): { count: number; matching: number } {
  let count = 0;
  let matching = 0;
  for (const other of all.values()) {
    const theirs = other.means.get(quantity);
    if (theirs === undefined || other.slot === own) continue;
    count += 1;
    if (matches(value, theirs)) matching += 1;
  }
  return { count, matching };
}

/** That two honest devices match: the share of the others that do, kept away from certainty. */
function chanceOf(count: number, matching: number): number {
  return count === 0 ? 0.5 : Math.min(MOST_CHANCE, Math.max(LEAST_CHANCE, matching / count));
}

function accumulate(device: DeviceState, other: HourMeans, own: HourMeans, nats: number): void {
  let suspicion = device.copies.find((copy) => copy.slot === other.slot);
  if (suspicion === undefined) {
    if (nats <= 0) return;
    suspicion = { slot: other.slot, nats: 0, later: 0, strain: 0, hours: 0 };
    device.copies.push(suspicion);
    device.copies.sort((a, b) => a.slot - b.slot);
  }
  suspicion.nats = Math.min(CAP_NATS, Math.max(0, suspicion.nats + nats));
  suspicion.later += own.receivedMs > other.receivedMs ? 1 : own.receivedMs < other.receivedMs ? -1 : 0;
  if (own.strain !== null && other.strain !== null) {
    suspicion.strain += own.strain - other.strain;
    suspicion.hours += 1;
  }
}

/**
 * The device that this one is held to copy. Two series that are one accuse nobody: it takes that this one left its place
 * in the region while the other kept its own, and that it was not usually the first to post (a copy cannot be). Honest
 * twins keep their places both.
 */
export function copiedFrom(device: DeviceState): CopySuspicion | undefined {
  return device.copies.find(
    (copy) =>
      copy.nats > COPY_SUSPECT_NATS && copy.later >= 0 && copy.hours > 0 && copy.strain / copy.hours >= LEAST_STRAIN,
  );
}

/** While this much speaks for a copy, the device's place is not learned on. */
export function isSuspected(device: DeviceState): boolean {
  return device.copies.some((copy) => copy.nats > LEARNING_STOP_NATS);
}
