/** Hours and epochs of a rule set. Milliseconds in, whole indexes out; no clock is read here. */
import type { EpochNumber, HourIndex } from './ids.ts';
import type { TimeRules } from './rules/rule-set.ts';

type Lengths = Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>;

export function hourOf(ms: number, rules: Lengths): HourIndex {
  return Math.floor(ms / (rules.hourSeconds * 1000)) as HourIndex;
}

/** First millisecond of the hour. */
export function hourStartMs(hour: number, rules: Lengths): number {
  return hour * rules.hourSeconds * 1000;
}

export function epochOf(ms: number, rules: Lengths): EpochNumber {
  return Math.floor(ms / (rules.epochSeconds * 1000)) as EpochNumber;
}

export function epochStartMs(epoch: number, rules: Lengths): number {
  return epoch * rules.epochSeconds * 1000;
}

export function hoursPerEpoch(rules: Lengths): number {
  return rules.epochSeconds / rules.hourSeconds;
}

export function epochOfHour(hour: number, rules: Lengths): EpochNumber {
  return Math.floor(hour / hoursPerEpoch(rules)) as EpochNumber;
}

export function firstHourOf(epoch: number, rules: Lengths): HourIndex {
  return (epoch * hoursPerEpoch(rules)) as HourIndex;
}

/** RFC 3339 with milliseconds, UTC. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

/** A Date ends there (ECMA-262, time values). */
const LAST_MS = 8.64e15;

/** Of what a stranger wrote where a number is due, and nobody checked: in words where it is no time. */
export function toldTime(ms: unknown): string {
  if (typeof ms !== 'number') return 'no time';
  return Math.abs(ms) <= LAST_MS ? rfc3339(ms) : `${ms} ms`;
}
