/**
 * Who counts as a neighbor: a device that is not retired and has measured, on the open day or the one before it, something that
 * can be compared. Otherwise keys that were claimed beside a device and never measure would leave it without neighbors.
 *
 * By whole days, so that hours which close together have the same neighbors as hours which close one by one. A night without
 * sun or a day without a connection happens to honest stations, and must not cost what was learned of copies beside them
 * (neighbors.ts). Whoever is silent for the whole of a day gives the place to whoever stands next.
 */
import { traitsOf } from '../qc/traits.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { epochOfHour, firstHourOf } from '../time.ts';
import { updateNeighbors } from './neighbors.ts';
import type { Cell, DeviceState, RegionState } from './state.ts';

/**
 * At the freeze of `hour`, and only there: blocks are made right after it, so that all regions know the same of a device.
 * Lists change where a device begins or ceases to count, which is rare.
 */
export function updateMeasuring(state: RegionState, hour: number, rules: RuleSet): void {
  const sinceHour = firstHourOf(epochOfHour(hour, rules.time) - 1, rules.time);
  const changed: number[] = [];
  for (const [slot, device] of state.devices.entries()) {
    const measuring = device.membership.status !== 'retired' && hasMeasured(device, sinceHour);
    if (measuring === device.measuring) continue;
    device.measuring = measuring;
    changed.push(slot);
  }
  if (changed.length > 0) updateNeighbors(state, changed);
}

/** In hours that have their verdicts, or wait for them: what came late has no verdict and is no neighbor's word. */
function hasMeasured({ quantities, open }: DeviceState, sinceHour: number): boolean {
  return quantities.some(({ model }) => model !== null && model.at >= sinceHour) || open.some(isComparable);
}

function isComparable({ quantity, unevaluated }: Cell): boolean {
  return unevaluated === 0 && traitsOf(quantity) !== null;
}
