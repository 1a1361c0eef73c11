/**
 * Announced maintenance within its budget costs nothing: its hours count as good whether readings came or not. Beyond the
 * budget they count as missing; the rules stay suspended either way, because what is measured then means nothing.
 */
import type { MaintenanceRefusal } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import type { RuleSet, ScoreRules, TimeRules } from '../rules/rule-set.ts';
import { firstHourOf, hoursPerEpoch, hourOf, hourStartMs } from '../time.ts';
import type { MaintenanceBody, MaintenanceWindow } from './entry.ts';
import { noteDisorder } from './own-order.ts';
import type { DeviceState, RegionState } from './state.ts';

/** Kept of a device, those that late readings may still fall into included. */
export const MOST_WINDOWS = 16;

type Announced = Pick<MaintenanceBody, 'fromMs' | 'untilMs'>;

/**
 * May these words be logged? Answers whether they change anything. Announced, not excused: a window starts no earlier than its
 * receipt, and a window is cut short, or goes on, from its receipt.
 */
export function admitMaintenance(
  device: DeviceState,
  { fromMs, untilMs }: Announced,
  receivedMs: number,
  rules: RuleSet,
): Result<boolean, MaintenanceRefusal> {
  const latestMs = receivedMs + rules.score.maintenanceAheadDays * rules.time.epochSeconds * 1000;
  if (untilMs > latestMs) return err({ reason: 'maintenance-too-far', untilMs, latestMs });
  const known = device.maintenance[openWindow(device, fromMs, receivedMs)];
  if (known !== undefined) return ok(known.untilMs !== Math.max(untilMs, receivedMs));
  if (untilMs <= receivedMs || untilMs <= fromMs) return err({ reason: 'maintenance-over', untilMs, receivedMs });
  return device.maintenance.length < MOST_WINDOWS ? ok(true) : err({ reason: 'too-many-windows', limit: MOST_WINDOWS });
}

/** The window that was announced from `fromMs` and is not over; -1: none. */
function openWindow({ maintenance }: DeviceState, fromMs: number, receivedMs: number): number {
  return maintenance.findIndex(({ untilMs, announcedMs }) => announcedMs === fromMs && untilMs > receivedMs);
}

export function announce(
  state: RegionState,
  { device: id, fromMs, untilMs, receivedMs }: MaintenanceBody & { readonly receivedMs: number },
  rules: RuleSet,
): void {
  const device = state.devices.find(({ membership }) => membership.device === id);
  if (device === undefined || !admitMaintenance(device, { fromMs, untilMs }, receivedMs, rules).ok) return;
  const at = openWindow(device, fromMs, receivedMs);
  const known = device.maintenance[at];
  const startMs = known?.fromMs ?? Math.max(fromMs, receivedMs);
  const endMs = Math.max(untilMs, receivedMs);
  if (known !== undefined) device.maintenance.splice(at, 1);
  if (startMs < endMs) device.maintenance.push({ fromMs: startMs, untilMs: endMs, announcedMs: fromMs });
  // A clock that is ahead has sent readings of the window already, or of what is no longer in it.
  const changedMs = known === undefined ? startMs : Math.min(known.untilMs, endMs);
  const hour = Math.max(hourOf(changedMs, rules.time), (state.frozenThrough ?? -1) + 1);
  for (const series of device.quantities) if (series.lastMs >= changedMs) noteDisorder(series, hour);
}

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
  let left = budgetLeft(device, score);
  for (const hour of hoursMaintained(device.maintenance, epoch, time)) {
    (left > 0 ? excused : unexcused).add(hour);
    left -= 1;
  }
  if (excused.size > 0 || device.maintained.length > 0)
    device.maintained = [excused.size, ...device.maintained].slice(0, score.maintenanceDays - 1);
  if (device.maintained.every((hours) => hours === 0)) device.maintained = [];
  forget(device, epoch, time);
  return { excused, unexcused };
}

export function budgetLeft({ maintained }: DeviceState, score: ScoreRules): number {
  return score.maintenanceHours - maintained.reduce((sum, hours) => sum + hours, 0);
}

/** Hours of the day that a window touches. */
export function hoursMaintained(windows: readonly MaintenanceWindow[], epoch: number, time: TimeRules): number[] {
  if (windows.length === 0) return [];
  const first = firstHourOf(epoch, time);
  return Array.from({ length: hoursPerEpoch(time) }, (_, at) => first + at).filter((hour) =>
    windows.some(({ fromMs, untilMs }) => fromMs < hourStartMs(hour + 1, time) && untilMs > hourStartMs(hour, time)),
  );
}

/** Windows that no reading can fall into any more. */
function forget(device: DeviceState, epoch: number, time: TimeRules): void {
  const oldestMs = hourStartMs(firstHourOf(epoch + 1, time), time) - time.maxAgeSeconds * 1000;
  if (device.maintenance.some(({ untilMs }) => untilMs <= oldestMs))
    device.maintenance = device.maintenance.filter(({ untilMs }) => untilMs > oldestMs);
}
