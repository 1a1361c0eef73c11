/**
 * What a region took over with a device, against what follows from the log of the region that the device left. Needs both
 * logs; that a region asked nobody is not seen here.
 */
import { canonicalJson } from '../canonical-json.ts';
import type { DeviceId, RegionCell } from '../ids.ts';
import type { ArrivalBody, Reputation } from '../region/entry.ts';
import { ok, type Result } from '../result.ts';
import { differs, type Difference } from './difference.ts';

export type Arrival = ArrivalBody & { readonly seq: number };

/** One region's side of it. */
export type HandOverRecord = {
  readonly cell: RegionCell;
  readonly departures: ReadonlyMap<string, Reputation>;
  readonly arrivals: readonly Arrival[];
  /** Last entry of its log, as far as it was read. */
  readonly throughSeq: number;
};

export function departureKey(device: DeviceId, seq: number): string {
  return `${device} ${seq}`;
}

/** @return hand-overs that were compared */
export function compareHandOvers(records: readonly HandOverRecord[]): Result<number, Difference> {
  const byCell = new Map(records.map((record) => [record.cell, record]));
  let compared = 0;
  for (const { cell: region, arrivals } of records) {
    for (const { seq, device, from, leftSeq, reputation } of arrivals) {
      const left = byCell.get(from);
      // Its log is not at hand, or does not reach so far yet.
      if (left === undefined || leftSeq > left.throughSeq) continue;
      const told = left.departures.get(departureKey(device, leftSeq));
      const at = { region, seq, device, field: `entry ${leftSeq} of ${from}` };
      if (told === undefined) return differs('hand-over', at, canonicalJson(reputation), 'it did not leave there');
      if (canonicalJson(told) !== canonicalJson(reputation))
        return differs('hand-over', at, canonicalJson(reputation), canonicalJson(told));
      compared += 1;
    }
  }
  return ok(compared);
}
