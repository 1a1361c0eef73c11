/** When to close: the object asks, appends the entry, and only then does the fold know. Clock and state in, hour out. */
import type { RuleSet } from '../rules/rule-set.ts';
import { hourOf, hourStartMs } from '../time.ts';
import { closeLimit } from './close.ts';
import type { RegionState } from './state.ts';

/** The hour to close now, at most to the end of its epoch so that one step stays bounded; null: nothing is due. */
export function dueHour(state: RegionState, nowMs: number, rules: RuleSet): number | null {
  if (state.firstHour === null || state.firstBatchMs === null) return null;
  const next = nextHour(state);
  const latest = lastEndedHour(horizonMs(state, nowMs, rules), rules);
  const limit = closeLimit(state, rules);
  return limit === null || latest < next ? null : Math.min(latest, limit);
}

/** The hour that has closed and waits for its verdict; null: none. */
export function openHour(state: RegionState): number | null {
  const { frozenThrough, closedThrough } = state;
  return frozenThrough !== null && (closedThrough === null || closedThrough < frozenThrough) ? frozenThrough : null;
}

/**
 * Until when it waits for blocks of other regions. Backfilled hours are long past; they wait as for a slow device, so that
 * regions that start together come along together.
 */
export function blockDeadlineMs(state: RegionState, hour: number, rules: RuleSet): number {
  const { backfillWaitSeconds, blockWaitSeconds, graceSeconds } = rules.time;
  const dueMs = hourStartMs(hour + 1, rules.time) + graceSeconds * 1000;
  const backfilledMs = (state.firstBatchMs ?? 0) + backfillWaitSeconds * 1000;
  return Math.max(dueMs, backfilledMs) + blockWaitSeconds * 1000;
}

/** What a region without a block for `hour` can say: that it comes, that this region has not begun, that it never comes. */
export type NoBlock = 'not-yet' | 'not-begun' | 'never';

export function whyNoBlock(state: RegionState, hour: number): NoBlock {
  if (state.firstHour === null) {
    return state.devices.some((device) => device.membership.status === 'active') ? 'not-begun' : 'never';
  }
  return hour >= state.firstHour && hour > (state.frozenThrough ?? -Infinity) ? 'not-yet' : 'never';
}

/** A region that has not begun is waited for as long as this one may be beginning together with it. */
export function isWorthWaiting(state: RegionState, reason: NoBlock, nowMs: number, rules: RuleSet): boolean {
  if (reason === 'never') return false;
  const begunMs = (state.firstBatchMs ?? nowMs) + rules.time.backfillWaitSeconds * 1000;
  return reason === 'not-yet' || nowMs < begunMs;
}

/** The first hour without a verdict. */
export function nextHour({ firstHour, closedThrough }: RegionState): number {
  return closedThrough === null ? (firstHour ?? 0) : closedThrough + 1;
}

/** When to look again. */
export function nextDueMs(state: RegionState, nowMs: number, rules: RuleSet): number | null {
  if (state.firstHour === null) return null;
  const open = openHour(state);
  // An answer that comes earlier brings the verdict with it; the deadline is for those that never come.
  if (open !== null) return Math.max(nowMs, blockDeadlineMs(state, open, rules));
  const endMs = hourStartMs(nextHour(state) + 1, rules.time) + rules.time.graceSeconds * 1000;
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
