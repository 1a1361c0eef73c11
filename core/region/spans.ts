/**
 * Which hours the readings in a stretch of the log were measured in, by device: so that whoever looks for a reading, which
 * may have come weeks late, opens the one segment that can hold it and not all of a month.
 */
import { unpackReadings } from '../reading/pack.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf } from '../time.ts';
import type { LogEntry } from './entry.ts';

/** [slot, first hour, last hour] */
export type Span = readonly [number, number, number];

/** By slot. */
export function spansOf(entries: Iterable<LogEntry>, rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>): Span[] {
  const spans = new Map<number, [number, number]>();
  for (const entry of entries) {
    if (entry.kind !== 'batch') continue;
    const readings = unpackReadings(entry.readings);
    if (!readings.ok) continue;
    const span = spans.get(entry.slot) ?? [Infinity, -Infinity];
    for (const { measuredMs } of readings.value) {
      const hour = hourOf(measuredMs, rules);
      span[0] = Math.min(span[0], hour);
      span[1] = Math.max(span[1], hour);
    }
    if (span[0] <= span[1]) spans.set(entry.slot, span);
  }
  return [...spans].map(([slot, [first, last]]): Span => [slot, first, last]).toSorted(([a], [b]) => a - b);
}
