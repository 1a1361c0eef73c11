/** Which keys are one device's, and whose it has been, as the folded logs have it. */
import { firstKeyOf, type Predecessors } from '../reward/key-holder.ts';
import type { RegionReplay } from './replay-region.ts';

/** Only what the fold took: an entry that names a key it knows changes nothing. */
export function predecessorsIn(replays: readonly Pick<RegionReplay, 'state'>[]): Predecessors {
  const devices = replays.flatMap(({ state }) => state.devices);
  return new Map(
    devices.flatMap(({ former, membership }) => {
      const keys = [...former.map(({ device }) => device), membership.device];
      return keys.slice(1).map((device, n): [string, string] => [device, keys[n] ?? device]);
    }),
  );
}

/** By key: everybody to whom its device has ever belonged, under any key and in any region. */
export function ownersIn(replays: readonly Pick<RegionReplay, 'state' | 'owners'>[]): ReadonlyMap<string, Set<string>> {
  const predecessors = predecessorsIn(replays);
  const byFirst = new Map<string, Set<string>>();
  const owners = new Map<string, Set<string>>();
  for (const [key, own] of replays.flatMap((replay) => [...replay.owners])) {
    const first = firstKeyOf(key, predecessors);
    const known = byFirst.get(first) ?? new Set();
    for (const owner of own) known.add(owner);
    byFirst.set(first, known);
    owners.set(key, known);
  }
  return owners;
}
