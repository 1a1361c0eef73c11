/**
 * Devices across the border. Which of another region's devices count is decided before the entry exists
 * (`chooseBlocks`); the fold takes those that the entry names (`meetForeign`). Both keep the near lists by the same code.
 */
import type { RegionCell } from '../ids.ts';
import type { Foreign } from '../qc/judge-hour.ts';
import { unpackOutlook } from '../qc/outlook.ts';
import type { Block, BlockDevice } from './block.ts';
import type { NeighbourBlock } from './entry.ts';
import { NEAREST, placesNear, standingAt, updateNeighbors } from './neighbors.ts';
import type { ForeignDevice, RegionState } from './state.ts';

/** An entry is one row of at most 2 MB; a device with every quantity takes about 700 bytes of it. */
const MOST_DEVICES = 2500;

/** Of each region that was asked: its devices that are among the nearest of a device here. Null: it did not answer. */
export function chooseBlocks(
  state: RegionState,
  asked: readonly { readonly cell: RegionCell; readonly block: Block | null }[],
): NeighbourBlock[] {
  const whole = asked.map(({ cell, block }) => ({ cell, hash: block?.hash ?? null, devices: block?.devices ?? [] }));
  if (whole.every(({ devices }) => devices.length === 0)) return whole;
  const trial: RegionState = {
    ...state,
    foreign: [...state.foreign],
    devices: state.devices.map((device) => ({ ...device })),
  };
  meetForeign(trial, whole);
  const nearest = nearestForeign(trial);
  return whole.map((block) => ({
    ...block,
    devices: block.devices.filter(([device]) => nearest.has(keyOf(block.cell, device))),
  }));
}

function nearestForeign(state: RegionState): ReadonlySet<string> {
  const ranks = new Map<number, number>();
  for (const { near } of state.devices) {
    for (const [rank, slot] of near.entries())
      if (slot < 0) ranks.set(slot, Math.min(rank, ranks.get(slot) ?? NEAREST));
  }
  const keys = [...ranks]
    .map(([slot, rank]) => ({ rank, foreign: state.foreign[-1 - slot] }))
    .flatMap(({ rank, foreign }) => (foreign ? [{ rank, key: keyOf(foreign.cell, foreign.device) }] : []));
  if (keys.length > MOST_DEVICES) keys.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  return new Set(keys.slice(0, MOST_DEVICES).map(({ key }) => key));
}

/**
 * Takes the devices that the blocks name and forgets those that they no longer name; of a region that did not answer all
 * stay, without a voice in this hour. Returns what the blocks say of their series.
 */
export function meetForeign(state: RegionState, blocks: readonly NeighbourBlock[]): Foreign[] {
  const named = new Map<string, BlockDevice>();
  for (const { cell, devices } of blocks) for (const device of devices) named.set(keyOf(cell, device[0]), device);
  const silent = new Set(blocks.filter(({ hash }) => hash === null).map(({ cell }) => cell));
  const slots = new Map<string, number>();
  for (const [index, known] of state.foreign.entries()) {
    if (known === null) continue;
    const key = keyOf(known.cell, known.device);
    const now = named.get(key);
    const stays = now === undefined ? silent.has(known.cell) : stands(known, now);
    if (stays) slots.set(key, -1 - index);
    else leave(state, -1 - index);
  }
  const foreign: Foreign[] = [];
  const isNear = placesNear(state);
  for (const { cell, devices } of blocks) {
    for (const device of devices) {
      const [, latitudeE5, longitudeE5, elevationM, series] = device;
      const known = slots.get(keyOf(cell, device[0]));
      if (known === undefined && !isNear({ latitudeE5, longitudeE5 })) continue;
      const slot = known ?? join(state, cell, device);
      for (const packed of series)
        foreign.push({ slot, quantity: packed[0], outlook: unpackOutlook(packed, elevationM) });
    }
  }
  return foreign;
}

/** A device that moved between regions may for a while be known to both. */
function keyOf(cell: string, device: string): string {
  return `${cell}/${device}`;
}

function stands(known: ForeignDevice, [, latitudeE5, longitudeE5]: BlockDevice): boolean {
  return known.latitudeE5 === latitudeE5 && known.longitudeE5 === longitudeE5;
}

function join(state: RegionState, cell: RegionCell, [device, latitudeE5, longitudeE5]: BlockDevice): number {
  const free = state.foreign.indexOf(null);
  const index = free < 0 ? state.foreign.length : free;
  state.foreign[index] = { cell, device, latitudeE5, longitudeE5 };
  updateNeighbors(state, [-1 - index]);
  return -1 - index;
}

function leave(state: RegionState, slot: number): void {
  state.foreign[-1 - slot] = null;
  updateNeighbors(state, [slot]);
  while (state.foreign.length > 0 && standingAt(state, -state.foreign.length) === null) state.foreign.pop();
}
