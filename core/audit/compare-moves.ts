/**
 * What a device that comes from another region is there, against what it was in the region that it left. The owner who moves it
 * signs for place and owner only; all else it has to bring along. Needs both logs.
 */
import type { DeviceId, RegionCell } from '../ids.ts';
import { readSignedAct } from '../lifecycle/read-signed-act.ts';
import type { LogEntry, MembershipBody } from '../region/entry.ts';
import type { RegionState } from '../region/state.ts';
import { ok, type Result } from '../result.ts';
import { differs, type Difference } from './difference.ts';

const CARRIED = ['owner', 'displayName', 'tier', 'claimedMs', 'status'] as const;
type Carried = Pick<MembershipBody, (typeof CARRIED)[number]>;
type Came = { readonly seq: number; readonly membership: MembershipBody };

/** One region's side of it. */
export type MoveRecord = {
  readonly cell: RegionCell;
  /** As devices were before they left, by device and version of the entry that says so. */
  readonly left: Map<string, Carried>;
  readonly came: Came[];
};

export function noMoves(cell: RegionCell): MoveRecord {
  return { cell, left: new Map(), came: [] };
}

/** By its owner's act: whom the operator moves, it moves by its word. `state` is that before the entry. */
export function recordMove({ cell, left, came }: MoveRecord, state: RegionState, entry: LogEntry): void {
  if (entry.kind !== 'membership' || entry.act === undefined) return;
  const act = readSignedAct(entry.act)?.act;
  if (act?.kind !== 'relocate') return;
  const before = state.devices.find(({ membership }) => membership.device === entry.device)?.membership;
  if (act.region !== cell) {
    if (before !== undefined) left.set(keyOf(entry.device, entry.version), before);
  } else if (isFromElsewhere(before)) came.push({ seq: entry.seq, membership: entry });
}

/** Of a relocation to here: the device was not here, or not any more. */
export function isFromElsewhere(before: MembershipBody | undefined): boolean {
  return before === undefined || before.status === 'retired';
}

/** @return moves that were compared; what others brought is the operator's word */
export function compareMoves(records: readonly MoveRecord[]): Result<number, Difference> {
  const left = new Map(records.flatMap((record) => [...record.left]));
  let compared = 0;
  for (const { cell: region, came } of records) {
    for (const { seq, membership } of came) {
      const { device, version } = membership;
      // A move is two versions: the one that leaves, and the one that comes.
      const was = left.get(keyOf(device, version - 1));
      if (was === undefined) continue;
      const field = CARRIED.find((name) => membership[name] !== was[name]);
      if (field !== undefined)
        return differs('act', { region, seq, device, field }, String(membership[field]), String(was[field]));
      compared += 1;
    }
  }
  return ok(compared);
}

function keyOf(device: DeviceId, version: number): string {
  return `${device} ${version}`;
}
