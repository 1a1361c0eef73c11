/** The devices near each device: a fixed list, changed only when one joins or moves. */
import { distanceMeters } from '../geo.ts';
import type { RegionState } from './state.ts';

/** More than are asked, because not every one measures every quantity. */
const NEAREST = 24;
const RADIUS_METERS = 60_000;

/** Brings all lists up to date after the device in `slot` joined or moved. */
export function updateNeighbors(state: RegionState, slot: number): void {
  const device = state.devices[slot];
  if (device === undefined) return;
  for (const [other, { near }] of state.devices.entries()) {
    // A list that named it must be made anew: whoever it kept out may now belong there.
    if (other === slot || near.includes(slot))
      state.devices[other]?.near.splice(0, Infinity, ...nearestTo(state, other));
    else insert(state, other, slot);
  }
}

function insert(state: RegionState, of: number, slot: number): void {
  const near = state.devices[of]?.near;
  if (near === undefined || meters(state, of, slot) > RADIUS_METERS) return;
  near.push(slot);
  near.sort((a, b) => meters(state, of, a) - meters(state, of, b) || a - b);
  near.splice(NEAREST);
}

function nearestTo(state: RegionState, of: number): number[] {
  return state.devices
    .map((_, slot) => ({ slot, meters: meters(state, of, slot) }))
    .filter((other) => other.slot !== of && other.meters <= RADIUS_METERS)
    .sort((a, b) => a.meters - b.meters || a.slot - b.slot)
    .slice(0, NEAREST)
    .map((other) => other.slot);
}

function meters(state: RegionState, a: number, b: number): number {
  const [one, two] = [state.devices[a], state.devices[b]];
  return one === undefined || two === undefined ? Infinity : distanceMeters(one.membership, two.membership);
}
