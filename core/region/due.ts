/** When to close: the object asks, appends the entry, and only then does the fold know. Clock and state in, hour out. */
import type { RuleSet } from '../rules/rule-set.ts';
import { hourOf, hourStartMs } from '../time.ts';
import { closeLimit } from './close.ts';
import type { RegionState } from './state.ts';

/** The hour to close now, at most to the end of its epoch so that one step stays bounded; null: nothing is due. */
export function dueHour(state: RegionState, nowMs: number, rules: RuleSet): number | null {
  if (state.firstHour === null || state.firstBatchMs === null) return null;
  const next = state.closedThrough === null ? state.firstHour : state.closedThrough + 1;
  const latest = lastEndedHour(horizonMs(state, nowMs, rules), rules);
  const limit = closeLimit(state, rules);
  return limit === null || latest < next ? null : Math.min(latest, limit);
}

/** When to look again. */
export function nextDueMs(state: RegionState, nowMs: number, rules: RuleSet): number | null {
  if (state.firstHour === null) return null;
  const next = state.closedThrough === null ? state.firstHour : state.closedThrough + 1;
  const endMs = hourStartMs(next + 1, rules.time) + rules.time.graceSeconds * 1000;
  // While a backfill runs only the devices' progress matters; look a few times an hour.
  return endMs > nowMs ? endMs : nowMs + Math.ceil((rules.time.hourSeconds * 1000) / 20);
}

function lastEndedHour(ms: number, rules: RuleSet): number {
  return hourOf(ms - rules.time.graceSeconds * 1000, rules.time) - 1;
}

/**
 * Until the backfill is over, time is the slowest active device's newest reading; after `backfillWaitSeconds`, or once
 * all have passed the region's first batch, it is the clock.
 */
function horizonMs(state: RegionState, nowMs: number, rules: RuleSet): number {
  const opened = state.firstBatchMs ?? nowMs;
  if (nowMs >= opened + rules.time.backfillWaitSeconds * 1000) return nowMs;
  let watermark = Infinity;
  for (const device of state.devices) {
    if (device.membership.status === 'active') watermark = Math.min(watermark, device.newestMs);
  }
  const isPast = watermark >= opened - rules.time.hourSeconds * 1000;
  return isPast ? nowMs : Math.min(nowMs, watermark);
}
