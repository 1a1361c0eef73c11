/**
 * The devices near each device, of this region and across its border: a fixed list, changed only when one begins to measure,
 * moves, or ceases to measure (measuring.ts).
 */
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

/** Brings all lists up to date after the devices in these slots joined, moved or left, began or ceased to measure. */
export function updateNeighbors(state: RegionState, slots: readonly number[]): void {
  const changed = new Set(slots);
  const listed = listedSlots(state);
  const come = slots.filter((slot) => isListed(state, slot));
  for (const [of, { near }] of state.devices.entries()) {
    // A list that named one of them must be made anew: whoever it kept out may now belong there.
    if (changed.has(of) || near.some((slot) => changed.has(slot))) {
      replaceList(state, of, listed);
      continue;
    }
    const most = reach(state, of);
    const closer = come.filter((slot) => meters(state, of, slot) <= most);
    if (closer.length > 0) replaceList(state, of, [...near, ...closer]);
  }
}

/** Another region tells only of devices that measure (block.ts). */
function isListed(state: RegionState, slot: number): boolean {
  return slot >= 0 ? state.devices[slot]?.measuring === true : standingAt(state, slot) !== null;
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
  device.near = nearestOf(state, of, slots);
  // Evidence against who is no longer near would never change again.
  if (device.copies.some(({ slot }) => !device.near.includes(slot)))
    device.copies = device.copies.filter(({ slot }) => device.near.includes(slot));
}

function listedSlots(state: RegionState): number[] {
  const slots = [...state.devices.keys(), ...state.foreign.map((_, index) => -1 - index)];
  return slots.filter((slot) => isListed(state, slot));
}

type Candidate = { readonly slot: number; readonly meters: number; readonly device: string };

/** By insertion: after an outage all lists of a region are made anew at once, and sorting a thousand for each took a second. */
function nearestOf(state: RegionState, of: number, slots: readonly number[]): number[] {
  const nearest: Candidate[] = [];
  for (const slot of slots) {
    const away = slot === of ? Infinity : meters(state, of, slot);
    if (away > (nearest[NEAREST - 1]?.meters ?? RADIUS_METERS)) continue;
    const candidate = { slot, meters: away, device: nameOf(state, slot) };
    const before = nearest.findLastIndex((other) => byDistance(other, candidate) <= 0);
    nearest.splice(before + 1, 0, candidate);
    if (nearest.length > NEAREST) nearest.pop();
  }
  return nearest.map(({ slot }) => slot);
}

function byDistance(a: Candidate, b: Candidate): number {
  return a.meters - b.meters || compare(a.device, b.device) || b.slot - a.slot;
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
