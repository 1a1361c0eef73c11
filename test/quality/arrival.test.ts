import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import type { Row } from '../../scripts/qc/data-set.ts';
import {
  feed,
  finish,
  firstDifference,
  HOUR_MS,
  inOrder,
  loadSlice,
  replayOf,
  scoresOf,
  startOf,
  verdictsOf,
  type Slice,
} from '../support/slice-replay.ts';

/** Replays of weeks, on machines that do other things as well. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let slice: Slice;

beforeAll(async () => {
  slice = await loadSlice('beijing-2013-12', 9);
});

/** Verdicts and scores: nonces and sequence numbers do depend on the order. */
function judge(rows: readonly Row[]): readonly unknown[] {
  const replay = startOf(slice);
  feed(replay, rows);
  finish(replay, rows);
  return [...verdictsOf(replay), ...scoresOf(replay)];
}

function shuffled<T>(all: readonly T[], random: readonly number[]): T[] {
  return all
    .map((one, at) => [random[at % random.length] ?? 0, at, one] as const)
    .toSorted(([a, atA], [b, atB]) => a - b || atA - atB)
    .map(([, , one]) => one);
}

/** As many numbers as there are devices, times a prime: every hour is shuffled in its own way. */
const random = fc.array(fc.nat(1_000_000), { minLength: 89, maxLength: 89 });

test('devices that post in the same second may be received in any order', () => {
  const asSent = judge(slice.rows);
  fc.assert(
    fc.property(random, (numbers) => {
      const rows = shuffled(slice.rows, numbers).toSorted((a, b) => a.receivedMs - b.receivedMs);
      expect(firstDifference(judge(rows), asSent)).toBeNull();
    }),
    { numRuns: 3 },
  );
});

test('posts of different devices may overtake each other before their hour closes', () => {
  const asSent = judge(slice.rows);
  fc.assert(
    fc.property(random, (numbers) => {
      // Up to four minutes late: within the grace and within what the clock check takes for a slow network.
      const late = slice.rows.map((row, at) => ({
        ...row,
        receivedMs: row.receivedMs + ((numbers[at % numbers.length] ?? 0) % 240) * 1000,
      }));
      expect(firstDifference(judge(inOrder(late)), asSent)).toBeNull();
    }),
    { numRuns: 3 },
  );
});

test('a batch may hold its readings in any order', () => {
  // Each device saves up six hours and posts them together.
  const saved = slice.rows.map((row) => {
    const last = Math.ceil((row.measuredMs + 1) / (6 * HOUR_MS)) * 6 * HOUR_MS - HOUR_MS;
    return { ...row, receivedMs: last + 5000 };
  });
  const inTime = judge(inOrder(saved));
  expect(inTime.length).toBeGreaterThan(1000);
  fc.assert(
    fc.property(random, (numbers) => {
      const rows = shuffled(saved, numbers).toSorted((a, b) => a.receivedMs - b.receivedMs);
      expect(firstDifference(judge(rows), inTime)).toBeNull();
    }),
    { numRuns: 3 },
  );
});

test('the order of the stations file says nothing about a station', () => {
  const asListed = replayOf(slice);
  const listed = [...verdictsOf(asListed), ...scoresOf(asListed)];
  fc.assert(
    fc.property(random, (numbers) => {
      const other = replayOf({ ...slice, stations: shuffled(slice.stations, numbers) });
      expect(firstDifference([...verdictsOf(other), ...scoresOf(other)], listed)).toBeNull();
    }),
    { numRuns: 3 },
  );
});
