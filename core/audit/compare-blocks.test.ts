import { expect, test } from 'vitest';
import { closeTogether, EAST, WEST } from '../../test/support/border.ts';
import { DAY0_MS, HOUR_MS, memberOf, reading, TestLog } from '../../test/support/region-log.ts';
import type { RegionCell } from '../ids.ts';
import type { LogEntry, NeighbourCellsBody } from '../region/entry.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { compareBlocks } from './compare-blocks.ts';
import { blockRecord, replayEntry, startReplay } from './replay-region.ts';

const HOURS = 6;

function logs(): readonly (readonly [RegionCell, readonly LogEntry[]])[] {
  const regions = [WEST, EAST].map((cell, side) => {
    const region = new TestLog(0, MAIN_RULES, DAY0_MS, cell);
    for (const device of [0, 1]) region.add(memberOf(2 * device + side), DAY0_MS);
    return [cell, region] as const;
  });
  for (let hour = 0; hour < HOURS; hour += 1) {
    const startMs = DAY0_MS + hour * HOUR_MS;
    for (const [, region] of regions)
      for (const slot of [0, 1])
        region.post(slot, startMs + 601_000, [reading('temp', startMs + 600_000, 12 + slot + hour)]);
    const together = regions.map(([, region]) => region);
    closeTogether(together, DAY0_MS / HOUR_MS + hour, startMs + HOUR_MS + 300_000);
  }
  return regions.map(([cell, { entries }]) => [cell, entries]);
}

type Change = (entry: LogEntry & NeighbourCellsBody) => LogEntry;

/** With the last exchange of the western log altered. */
function compared(change: Change = (entry) => entry, cells: readonly RegionCell[] = [WEST, EAST]) {
  const records = logs()
    .filter(([cell]) => cells.includes(cell))
    .map(([cell, entries]) => {
      const replay = startReplay(cell, MAIN_RULES);
      for (const entry of entries) {
        const isAltered = cell === WEST && entry === entries.at(-1) && entry.kind === 'neighbour-cells';
        const one = replayEntry(replay, isAltered ? change(entry) : entry);
        if (!one.ok) throw new Error(one.error.reason);
      }
      return blockRecord(replay);
    });
  return compareBlocks(records);
}

test('with both logs every block is the one that its own region makes', () => {
  const both = compared();
  // A week of backfill and six hours, in both directions.
  expect(both).toEqual({ ok: true, value: 2 * (7 * 24 + HOURS) });
});

test('without the other log nothing can be said of its blocks', () => {
  expect(compared(undefined, [WEST])).toEqual({ ok: true, value: 0 });
});

test('a block that was never told is found, under its hash or with an altered line', () => {
  const withBlock = (change: object): Change => {
    return (entry) => ({ ...entry, blocks: entry.blocks.map((block) => ({ ...block, ...change })) });
  };
  expect(compared(withBlock({ hash: 'f'.repeat(64) }))).toMatchObject({
    ok: false,
    error: { reason: 'block', at: { region: WEST }, published: 'f'.repeat(64) },
  });
  const altered: Change = (entry) => ({
    ...entry,
    blocks: entry.blocks.map((block) => ({
      ...block,
      devices: block.devices.map(([device, latitude, longitude, , series]) => [device, latitude, longitude, 1, series]),
    })),
  });
  expect(compared(altered)).toMatchObject({ ok: false, error: { reason: 'block', recomputed: 'no such line' } });
  expect(compared(withBlock({ hash: null }))).toMatchObject({ ok: false, error: { published: '2 devices' } });
  expect(compared(withBlock({ hash: null, devices: [] }))).toMatchObject({ ok: true });
});
