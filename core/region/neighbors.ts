/** The devices near each device, of this region and across its border: a fixed list, changed only when one joins, moves or leaves. */
import { distanceMeters, METERS_PER_E5_DEGREE, type Place } from '../geo.ts';
import type { DeviceId } from '../ids.ts';
import type { RegionState } from './state.ts';
import { firstKey } from './succession.ts';

/** More than are asked, because not every one measures every quantity. */
export const NEAREST = 24;
export const RADIUS_METERS = 60_000;

export type Standing = Place & { readonly device: DeviceId };

/** Who stands in a slot. Slots of this region's devices count up from 0; those of devices across the border down from -1. */
export function standingAt(state: RegionState, slot: number): Standing | null {
  return (slot >= 0 ? state.devices[slot]?.membership : state.foreign[-1 - slot]) ?? null;
}

/** Brings all lists up to date after the device in `slot` joined, moved or left. */
export function updateNeighbors(state: RegionState, slot: number): void {
  for (const [of, { near }] of state.devices.entries()) {
    // A list that named it must be made anew: whoever it kept out may now belong there.
    if (of === slot || near.includes(slot)) replaceList(state, of, nearestTo(state, of));
    else if (meters(state, of, slot) <= reach(state, of)) replaceList(state, of, [...near, slot]);
  }
}

/** Whether a device at this place would come into any list; the lists must not lose anybody while it is asked. */
export function placesNear(state: RegionState): (place: Place) => boolean {
  const reaches = state.devices.map(({ membership }, slot) => ({ membership, meters: reach(state, slot) }));
  return (place) =>
    reaches.some(({ membership, meters: most }) => {
      // Most of a thousand devices are too far north or south already.
      const north = Math.abs(membership.latitudeE5 - place.latitudeE5) * METERS_PER_E5_DEGREE;
      return north <= most && distanceMeters(membership, place) <= most;
    });
}

/** Farther away nobody gets into the list. */
function reach(state: RegionState, of: number): number {
  const last = state.devices[of]?.near[NEAREST - 1];
  return last === undefined ? RADIUS_METERS : meters(state, of, last);
}

function replaceList(state: RegionState, of: number, slots: readonly number[]): void {
  const device = state.devices[of];
  if (device === undefined) return;
  device.near = slots
    .map((slot) => ({ slot, meters: meters(state, of, slot), device: nameOf(state, slot) }))
    .sort((a, b) => a.meters - b.meters || compare(a.device, b.device) || b.slot - a.slot)
    .slice(0, NEAREST)
    .map(({ slot }) => slot);
  // Evidence against who is no longer near would never change again.
  if (device.copies.some(({ slot }) => !device.near.includes(slot)))
    device.copies = device.copies.filter(({ slot }) => device.near.includes(slot));
}

function nearestTo(state: RegionState, of: number): number[] {
  const slots = [...state.devices.keys(), ...state.foreign.map((_, index) => -1 - index)];
  return slots.filter((slot) => slot !== of && meters(state, of, slot) <= RADIUS_METERS);
}

/** A device across the border goes by its first key as well (block.ts). */
function nameOf(state: RegionState, slot: number): string {
  const device = state.devices[slot];
  return device === undefined ? (standingAt(state, slot)?.device ?? '') : firstKey(device);
}

/** By device and not by slot, so that both sides of a border order their lists alike. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function meters(state: RegionState, a: number, b: number): number {
  const [one, two] = [standingAt(state, a), standingAt(state, b)];
  return one === null || two === null ? Infinity : distanceMeters(one, two);
}
