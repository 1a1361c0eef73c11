/** Regions side by side in tests of the fold: they close each hour together and tell each other their blocks. */
import type { RegionCell } from '../../core/ids.ts';
import { makeBlock } from '../../core/region/block.ts';
import { nextHour } from '../../core/region/due.ts';
import { chooseBlocks } from '../../core/region/foreign.ts';
import type { Outputs } from '../../core/region/outputs.ts';
import type { RegionState } from '../../core/region/state.ts';
import type { FoldLog } from '../../scripts/lib/fold-log.ts';

export const WEST = '83390cfffffffff' as RegionCell;
export const EAST = '833901fffffffff' as RegionCell;

/** Up to and including `hour`. Who is `absent` tells nothing and is told nothing. */
export function closeTogether(
  logs: readonly FoldLog[],
  hour: number,
  receivedMs: number,
  absent: ReadonlySet<string> = new Set(),
): void {
  for (let at = Math.min(...logs.map(({ state }) => nextHour(state))); at <= hour; at += 1) {
    for (const log of logs) log.add({ kind: 'hour-close', hour: at }, receivedMs);
    const told = logs.map(({ state }) => ({ cell: cellOf(state), block: makeBlock(state, at) }));
    for (const log of logs) {
      const own = cellOf(log.state);
      const asked = told
        .filter(({ cell }) => cell !== own)
        .map(({ cell, block }) => ({ cell, block: absent.has(cell) || absent.has(own) ? null : block }));
      const blocks = chooseBlocks(log.state, asked);
      log.add({ kind: 'neighbour-cells', hour: at, blocks }, receivedMs);
    }
  }
}

function cellOf({ charter }: RegionState): RegionCell {
  if (charter === null) throw new Error('a region without a charter');
  return charter.cell;
}

export type Told = { readonly state: RegionState; readonly outputs: Outputs };

/** Every final verdict, sum, score and event of some regions, by device: in the same order however a border runs. */
export function verdictsOf(regions: readonly Told[]): string[] {
  return regions
    .flatMap(({ state, outputs }) => {
      const nameOf = (slot: number): string => state.devices[slot]?.membership.device ?? '';
      const cells = outputs.hours.flatMap(({ hour, cells: judged }) =>
        judged.map(([slot, ...cell]) => ['cell', nameOf(slot), hour, ...cell]),
      );
      const days = outputs.days.map(({ member, epoch, scoreBps, parts }) => [
        'day',
        member.device,
        epoch,
        scoreBps,
        parts,
      ]);
      const events = outputs.events.map(({ slot, ...event }) => ['event', nameOf(slot), event]);
      return [...cells, ...days, ...events].map((row) => JSON.stringify(row));
    })
    .sort();
}
