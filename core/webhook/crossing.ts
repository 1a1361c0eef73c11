/**
 * Which devices have crossed a threshold in an hour that closed. Only hours with a good flag count: a broken sensor raises
 * no alarm, and ends none.
 */
import { meanOf } from '../query/rows.ts';
import { quantityByCode } from '../reading/quantity.ts';
import { GOOD } from '../reading/reading.ts';
import type { ThresholdTopic } from './topic.ts';

/** One device's hour of one quantity, as it was judged. */
export type JudgedHour = {
  readonly device: string;
  readonly quantity: number;
  readonly count: number;
  readonly sumSteps: number;
  readonly flag: number;
};

export type Reached = { readonly device: string; /** Hourly mean, in the quantity's unit. */ readonly value: number };
export type Crossings = { readonly raised: readonly Reached[]; readonly cleared: readonly Reached[] };

/** @param beyond devices that were beyond the limit in their last good hour */
export function crossingsOf(
  topic: ThresholdTopic,
  hours: readonly JudgedHour[],
  beyond: ReadonlySet<string>,
): Crossings {
  const quantity = quantityByCode(topic.quantity);
  const raised: Reached[] = [];
  const cleared: Reached[] = [];
  if (quantity === undefined) return { raised, cleared };
  for (const { device, quantity: index, count, sumSteps, flag } of hours) {
    if (index !== quantity.index || flag !== GOOD || count === 0) continue;
    if (topic.scope.kind === 'devices' && !topic.scope.devices.some((wanted) => wanted === device)) continue;
    const value = meanOf(sumSteps, count, quantity);
    const isBeyond = topic.direction === 'above' ? value > topic.limit : value < topic.limit;
    if (isBeyond === beyond.has(device)) continue;
    (isBeyond ? raised : cleared).push({ device, value });
  }
  return { raised, cleared };
}
