/**
 * What was measured under a key is sold under that key for ever, whatever key the device has since. Keys of one device have
 * the same first key: by what succeeded what, and by the first key that a device-day names. A key that has a day of the
 * epoch holds its device itself; of any other the device's day in the epoch tells who does.
 */
import { compareText, type DeviceDay } from './weight.ts';

/** By key, the one that it succeeded. */
export type Predecessors = ReadonlyMap<string, string>;

export const NO_PREDECESSORS: Predecessors = new Map();

export function firstKeyOf(key: string, predecessors: Predecessors): string {
  // Of logs that nobody has checked, two regions may name each other's keys.
  const passed = new Set<string>();
  let first = key;
  for (let before: string | undefined = key; before !== undefined && !passed.has(before);) {
    passed.add(before);
    first = before;
    before = predecessors.get(before);
  }
  return first;
}

/**
 * The day under which a served key's device stands in the epoch of `days`; undefined: it has none. A device that moved has
 * a day in two regions: the first by cell counts.
 */
export function holders(
  days: readonly DeviceDay[],
  predecessors: Predecessors,
): (served: string) => DeviceDay | undefined {
  const byCell = [...days].sort((a, b) => compareText(b.cell, a.cell));
  const origins = byCell.flatMap(({ device, origin }) => (origin ? [[device, origin] as const] : []));
  const before = new Map([...origins, ...predecessors]);
  const own = new Map(byCell.map((day) => [day.device, day]));
  const byFirst = new Map(byCell.map((day) => [firstKeyOf(day.device, before), day]));
  return (served) => own.get(served) ?? byFirst.get(firstKeyOf(served, before));
}
