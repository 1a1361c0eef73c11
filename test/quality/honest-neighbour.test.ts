/**
 * A new honest neighbor changes what its neighbors are compared with, but never makes an honest device a bad one. The
 * bounds stand in docs/quality.md; on clean months every day of every station counts.
 */
import { beforeAll, expect, test, vi } from 'vitest';
import { loadSlice, replayOf, scoresOf, type Slice, type SliceName } from '../support/slice-replay.ts';

/** Replays of weeks, on machines that do other things as well. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Basis points that one device-day may lose. */
const DAY_BOUND = 3000;
/** ... and the mean of a device's month. */
const MONTH_BOUND = 400;
/** ... and the mean of all devices' days. */
const ALL_BOUND = 100;

/** Those that cost most when all were tried, and some others. */
const ADDED: Readonly<Record<SliceName, readonly number[]>> = {
  'beijing-2013-12': [1, 3, 4, 7],
  'madrid-2020-02': [0, 4],
};

const slices = new Map<SliceName, Slice>();

beforeAll(async () => {
  for (const name of ['beijing-2013-12', 'madrid-2020-02'] as const) slices.set(name, await loadSlice(name));
});

test.each(['beijing-2013-12', 'madrid-2020-02'] as const)(
  'an honest neighbor added to %s takes no more than the stated points from anyone',
  (name) => {
    const slice = slices.get(name) ?? { stations: [], rows: [] };
    const together = scoresOf(replayOf(slice));
    for (const at of ADDED[name]) {
      const added = slice.stations[at]?.id ?? '';
      const alone = scoresOf(
        replayOf({
          stations: slice.stations.filter(({ id }) => id !== added),
          rows: slice.rows.filter(({ device }) => device !== added),
        }),
      );
      const losses = [...alone].map(([day, score]) => ({
        device: day.slice(0, day.indexOf(' ')),
        loss: score - (together.get(day) ?? 0),
      }));
      expect(losses.length).toBeGreaterThan(150);
      expect(Math.max(...losses.map(({ loss }) => loss))).toBeLessThanOrEqual(DAY_BOUND);
      for (const ofDevice of Map.groupBy(losses, ({ device }) => device).values())
        expect(meanLoss(ofDevice)).toBeLessThanOrEqual(MONTH_BOUND);
      expect(meanLoss(losses)).toBeLessThanOrEqual(ALL_BOUND);
    }
  },
);

function meanLoss(losses: readonly { readonly loss: number }[]): number {
  return losses.reduce((sum, { loss }) => sum + loss, 0) / losses.length;
}
