/** When a simulated device measures and sends, in hours of the rule set. Pure: the clock is an argument. */
import type { TimeRules } from '../../core/rules/rule-set.ts';
import { epochOf, firstHourOf, hourOf, hourStartMs } from '../../core/time.ts';
import { chance } from './chance.ts';

/** A fleet that comes back after a longer absence leaves the gap open. */
export const BACKFILL_EPOCHS = 4;
/** Hours in one batch when a device catches up. */
export const BATCH_HOURS = 24;

type Lengths = Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>;

/** In the middle fifth of the hour, at the same second of every hour of a device. */
export function measuredMs(hour: number, station: string, rules: Lengths): number {
  const share = 0.4 + 0.2 * chance(station, 'measured');
  return hourStartMs(hour, rules) + Math.floor(share * rules.hourSeconds) * 1000;
}

/** Up to a tenth of the hour after measuring, so that a fleet does not post in one moment. */
export function sendMs(hour: number, station: string, rules: Lengths): number {
  const delay = (0.01 + 0.09 * chance(station, 'send', hour)) * rules.hourSeconds * 1000;
  return measuredMs(hour, station, rules) + Math.round(delay);
}

/** First hour worth sending at `nowMs`. */
export function backfillStart(nowMs: number, rules: Lengths): number {
  return firstHourOf(Math.max(0, epochOf(nowMs, rules) - BACKFILL_EPOCHS), rules);
}

export type NextSend =
  | { readonly kind: 'send'; readonly from: number; readonly through: number }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** The oldest hours that are due, at most a batch of them, or the moment at which the next one is. */
export function nextSend(sentThrough: number | null, station: string, nowMs: number, rules: Lengths): NextSend {
  const oldest = backfillStart(nowMs, rules);
  const from = sentThrough === null ? oldest : Math.max(oldest, sentThrough + 1);
  const current = hourOf(nowMs, rules);
  const newest = sendMs(current, station, rules) <= nowMs ? current : current - 1;
  if (from > newest) return { kind: 'wait', untilMs: sendMs(from, station, rules) };
  return { kind: 'send', from, through: Math.min(newest, from + BATCH_HOURS - 1) };
}
