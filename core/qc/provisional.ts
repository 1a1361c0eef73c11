/**
 * A first word on a reading, before its hour is judged: does it lie where the neighbors' last closed hour puts it? What
 * the neighbors said is kept with each series at the close, so that a receipt asks nobody. Never part of a verdict.
 */
import { GOOD, SUSPECT } from '../reading/reading.ts';
import type { SeriesState } from '../region/state.ts';
import { usualSpread } from './hourly-tests.ts';
import { round5 } from './model.ts';
import { T } from './thresholds.ts';
import { toScale, traitsOf } from './traits.ts';
import { quarterOf, type Neighbors, type Sight } from './view.ts';

/** On the quantity's scale: the neighbors' median without their usual distances, and how far off an honest value may be. */
export type Nearby = { hour: number; median: number; spread: number };

/** Older words of the neighbors tell nothing of now. */
const FRESH_HOURS = 3;

export function nearbyOf(own: Sight, neighbors: Neighbors | null): Nearby | null {
  if (neighbors === null || own.model.hours < T.neighbor.learnHours) return null;
  return { hour: own.cell.hour, median: round5(neighbors.median), spread: round5(usualSpread(own, neighbors)) };
}

/** Null: not comparable now. */
export function provisionalFlag({ quantity, nearby, model }: SeriesState, value: number, hour: number): 1 | 3 | null {
  const traits = traitsOf(quantity);
  if (nearby === null || model === null || traits === null) return null;
  const age = hour - nearby.hour;
  if (age < 1 || age > FRESH_HOURS) return null;
  // The weather has moved on since: by what this series usually changes in an hour, as a random walk.
  const spread = Math.sqrt(nearby.spread * nearby.spread + age * model.change);
  const away = toScale(value, traits) - (model.offset[quarterOf(hour)] ?? 0) - nearby.median;
  return Math.abs(away) > T.neighbor.suspectZ * spread ? SUSPECT : GOOD;
}
