import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import type { Outputs } from '../../core/region/outputs.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import type { Row } from '../../scripts/qc/data-set.ts';
import { DataSetReplay, type Tables } from '../../scripts/qc/data-set-replay.ts';
import type { Replay } from '../../scripts/qc/replay.ts';
import {
  acrossBorder,
  DAY_MS,
  feed,
  firstDifference,
  hashOf,
  HOUR_MS,
  loadSlice,
  replayOf,
  startOf,
  type Slice,
} from '../support/slice-replay.ts';

/** Replays of weeks, on machines that do other things as well. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KINDS = ['hours', 'days', 'events', 'revisions', 'seals'] as const;

let slice: Slice;

beforeAll(async () => {
  slice = acrossBorder(await loadSlice('beijing-2013-12', 12));
});

test('the same log gives the same bytes', () => {
  expect(hashOf(replayOf(slice))).toBe(hashOf(replayOf(slice)));
});

type Continuation = (row: Row) => Row | null;
const CONTINUATIONS: readonly Continuation[] = [
  () => null,
  (row) => ({ ...row, values: row.values.map((value) => ({ ...value, value: value.value * 3 })) }),
  (row) => ({ ...row, values: row.values.map((value) => ({ ...value, value: 7 })) }),
  (row) => (row.device === 'Dongsi' ? null : row),
];

test('what is closed before a row stays as it is, whatever comes after: no verdict is from the future', () => {
  const whole = replayOf(slice);
  const cut = fc.integer({ min: 200, max: slice.rows.length - 200 });
  fc.assert(
    fc.property(cut, fc.constantFrom(...CONTINUATIONS), (after, continuation) => {
      const replay = startOf(slice);
      feed(replay, slice.rows.slice(0, after));
      const told = replay.regions.map(({ outputs }) => KINDS.map((kind) => outputs[kind].length));
      expect(told.flat().some((count) => count > 0)).toBe(true);
      feed(
        replay,
        slice.rows.slice(after).flatMap((row) => continuation(row) ?? []),
      );
      for (const [at, counts] of told.entries()) {
        for (const [index, kind] of KINDS.entries())
          expect(firstDifference(first(replay, at, kind, counts[index]), first(whole, at, kind, counts[index]))).toBe(
            null,
          );
      }
    }),
    { numRuns: 5 },
  );
});

function first(replay: Replay, region: number, kind: keyof Outputs, count = 0): readonly unknown[] {
  return replay.regions[region]?.outputs[kind].slice(0, count) ?? [];
}

test('the tables of qc:replay agree before the cut, too', () => {
  const cutMs = (slice.rows[0]?.measuredMs ?? 0) + 8 * DAY_MS + 13 * HOUR_MS;
  const tablesOf = (rows: readonly Row[]): Tables => {
    const replay = new DataSetReplay(slice.stations, rows[0]?.receivedMs ?? 0);
    for (const row of rows) replay.take(row);
    return replay.finish();
  };
  const whole = tablesOf(slice.rows);
  const cut = tablesOf(slice.rows.filter((row) => row.receivedMs <= cutMs));
  // An hour is closed five minutes after its end; a silence is told when it ends, which may be after the cut.
  const isClosed = (line: string): boolean => {
    const [, seconds, , , , tests] = line.split(',');
    const endMs = Number(seconds) * 1000 - ((Number(seconds) * 1000) % HOUR_MS) + HOUR_MS;
    return endMs + MAIN_RULES.time.graceSeconds * 1000 <= cutMs && tests !== 'missing';
  };
  const flagsOf = ({ flags }: Tables) => flags.slice(1).filter(isClosed).toSorted();
  expect(flagsOf(cut).length).toBeGreaterThan(10);
  expect(firstDifference(flagsOf(cut), flagsOf(whole))).toBeNull();
  const closedDay = Math.floor(cutMs / DAY_MS) * (DAY_MS / 1000);
  const scoresOf = ({ scores }: Tables) => scores.filter((line) => Number(line.split(',')[1]) < closedDay).toSorted();
  expect(scoresOf(cut).length).toBeGreaterThan(50);
  expect(firstDifference(scoresOf(cut), scoresOf(whole))).toBeNull();
});
