/** What a packed batch says of which quantity and time. */
import { unpackReadings } from '../reading/pack.ts';

/** Steps by quantity and time; a time of which the batch itself says two things is left out. */
export function packedTimes(packed: Uint8Array): ReadonlyMap<string, number> {
  const unpacked = unpackReadings(packed);
  const times = new Map<string, number>();
  const unclear = new Set<string>();
  for (const { quantity, measuredMs, steps } of unpacked.ok ? unpacked.value : []) {
    const at = `${quantity} ${measuredMs}`;
    if ((times.get(at) ?? steps) !== steps) unclear.add(at);
    times.set(at, steps);
  }
  for (const at of unclear) times.delete(at);
  return times;
}

/** The first time of which both speak, and say different things; null: there is none. */
export function conflictOf(one: Uint8Array, other: Uint8Array): string | null {
  const said = packedTimes(other);
  for (const [at, steps] of packedTimes(one)) if ((said.get(at) ?? steps) !== steps) return at;
  return null;
}
