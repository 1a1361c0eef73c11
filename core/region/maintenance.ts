/**
 * Announced maintenance within its budget costs nothing: its hours count as good whether readings came or not. Beyond the
 * budget they count as missing; the rules stay suspended either way, because what is measured then means nothing.
 */
import type { ScoreRules, TimeRules } from '../rules/rule-set.ts';
import { firstHourOf, hoursPerEpoch, hourStartMs } from '../time.ts';
import type { DeviceState } from './state.ts';

export type MaintenanceDay = {
  /** Within the budget. */
  readonly excused: ReadonlySet<number>;
  /** Beyond it. */
  readonly unexcused: ReadonlySet<number>;
};

/** Spends the day's share of the budget. Called once a day, in order of days. */
export function spendMaintenance(
  device: DeviceState,
  epoch: number,
  score: ScoreRules,
  time: TimeRules,
): MaintenanceDay {
  const excused = new Set<number>();
  const unexcused = new Set<number>();
  let left = score.maintenanceHours - device.maintained.reduce((sum, hours) => sum + hours, 0);
  for (const hour of maintainedHours(device, epoch, time)) {
    (left > 0 ? excused : unexcused).add(hour);
    left -= 1;
  }
  if (excused.size > 0 || device.maintained.length > 0)
    device.maintained = [excused.size, ...device.maintained].slice(0, score.maintenanceDays - 1);
  if (device.maintained.every((hours) => hours === 0)) device.maintained = [];
  forget(device, epoch, time);
  return { excused, unexcused };
}

/** Hours of the day that a window touches. */
function maintainedHours({ maintenance }: DeviceState, epoch: number, time: TimeRules): number[] {
  if (maintenance.length === 0) return [];
  const first = firstHourOf(epoch, time);
  return Array.from({ length: hoursPerEpoch(time) }, (_, at) => first + at).filter((hour) =>
    maintenance.some(([fromMs, untilMs]) => fromMs < hourStartMs(hour + 1, time) && untilMs > hourStartMs(hour, time)),
  );
}

/** Windows that no reading can fall into any more. */
function forget(device: DeviceState, epoch: number, time: TimeRules): void {
  const oldestMs = hourStartMs(firstHourOf(epoch + 1, time), time) - time.maxAgeSeconds * 1000;
  if (device.maintenance.some(([, untilMs]) => untilMs <= oldestMs))
    device.maintenance = device.maintenance.filter(([, untilMs]) => untilMs > oldestMs);
}
