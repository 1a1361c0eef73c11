/** What a simulated device measures in an hour and when it says so: the values of its behaviour, dated by its own clock. Pure. */
import type { TimeRules } from '../../core/rules/rule-set.ts';
import type { Measurement } from '../client/senml.ts';
import { type Behaviour, clockBehindHours, valuesAt } from './behaviour.ts';
import { measuredMs } from './schedule.ts';
import { SENT_UNITS, type Slices } from './slice.ts';

export type Replay = {
  readonly slices: Slices;
  readonly rules: TimeRules;
  readonly seed: string;
  /** Hour of the rule set at which the slice begins. */
  readonly firstHour: number;
};

/** @param hour of the rule set */
export function measurementsAt(
  { slices, rules, seed, firstHour }: Replay,
  station: string,
  behaviour: Behaviour,
  hour: number,
): readonly Measurement[] {
  const behindHours = clockBehindHours(behaviour, station, seed, hour - firstHour);
  const datedMs = measuredMs(hour, station, rules) - Math.round(behindHours * rules.hourSeconds) * 1000;
  return valuesAt(slices, station, behaviour, seed, hour - firstHour).map(({ quantity, value }) => ({
    quantity,
    value,
    unit: SENT_UNITS[quantity] ?? '',
    measuredMs: datedMs,
  }));
}
