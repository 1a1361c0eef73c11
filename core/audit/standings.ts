/**
 * Which regions an epoch was closed with, from their logs alone. The report says it, and may be withheld; but an epoch is
 * closed at one moment, and the logs tell when each region began to close hours and when it closed the epoch's last one.
 */
import { lastHourOf, standingOf, type RegionProgress, type Standing } from '../reward/closable.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { epochStartMs } from '../time.ts';
import type { Closing } from './replay-region.ts';

export type RegionTimes = {
  readonly cell: string;
  /** Null before the first batch. */
  readonly firstHour: number | null;
  /** Oldest first. */
  readonly closings: readonly Closing[];
};

/**
 * One for each moment at which it may have been closed, the latest first: that is nearly always the one, because an epoch
 * waits for its regions. The time in the log stands for the time at which the close was published.
 */
export function standings(regions: readonly RegionTimes[], epoch: number, rules: TimeRules): readonly Standing[] {
  const lastHour = lastHourOf(epoch, rules);
  const known = regions
    .filter(({ firstHour }) => firstHour !== null && firstHour <= lastHour)
    .map(({ cell, firstHour, closings }) => ({
      cell,
      firstHour,
      begunMs: closings[0]?.atMs ?? Infinity,
      closedMs: closings[firstAt(closings, lastHour)]?.atMs ?? Infinity,
    }));
  const earliestMs = epochStartMs(epoch + 1, rules) + rules.graceSeconds * 1000;
  const changes = new Set(known.flatMap(({ begunMs, closedMs }) => [begunMs, closedMs]));
  const before = [...changes].filter((ms) => ms > earliestMs && ms < Infinity).sort((a, b) => b - a);
  return [Infinity, ...before.map((ms) => ms - 1)].map((atMs) => {
    const progress = known.map(({ cell, firstHour, begunMs, closedMs }): RegionProgress => {
      if (begunMs > atMs) return { cell, firstHour: null, closedThrough: null };
      return { cell, firstHour, closedThrough: closedMs > atMs || closedMs === Infinity ? null : lastHour };
    });
    return standingOf(epoch, progress, rules);
  });
}

/** Position of the first closing that reaches an hour; the length where none does. */
function firstAt(closings: readonly Closing[], hour: number): number {
  let [from, until] = [0, closings.length];
  while (from < until) {
    const middle = (from + until) >> 1;
    if ((closings[middle]?.hour ?? Infinity) < hour) from = middle + 1;
    else until = middle;
  }
  return from;
}
