/**
 * With ISOBAR_QC_DATA=FOLDER, whole development sets cut into two artificial regions. Weeks of the shipped data are cut in
 * scripts/qc/replay.test.ts, always.
 */
import { gridDisk, latLngToCell } from 'h3-js';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { replayDataSet } from '../../scripts/qc-replay.ts';
import type { Station } from '../../scripts/qc/data-set.ts';
import { firstDifference } from '../support/slice-replay.ts';

vi.setConfig({ testTimeout: 600_000 });

const folder = process.env['ISOBAR_QC_DATA'];

const trueCell = ({ latitude, longitude }: Station) => latLngToCell(latitude ?? 0, longitude ?? 0, 3) as RegionCell;
const cellBeyond = (station: Station) =>
  gridDisk(trueCell(station), 1).find((cell) => cell !== trueCell(station)) as RegionCell;

/** West of the meridian beyond the border; both sets have about half of their stations on either side. */
const SETS = [
  ['injected-madrid-city-2020', -3.69],
  ['injected-beijing-2013', 116.4],
] as const;

test.skipIf(folder === undefined).each(SETS)(
  'every flag and score of %s is that of the whole when the set is cut in two (needs ISOBAR_QC_DATA)',
  async (set, meridian) => {
    const paths = {
      readings: join(folder ?? '', set, 'readings.csv.gz'),
      stations: join(folder ?? '', set, 'stations.csv'),
    };
    const cells = new Set<RegionCell>();
    const whole = await replayDataSet(paths, () => {});
    const cut = await replayDataSet(paths, () => {}, {
      regionOf: (station) => {
        const cell = (station.longitude ?? 0) < meridian ? cellBeyond(station) : trueCell(station);
        cells.add(cell);
        return cell;
      },
    });
    console.log(`${set}: ${whole.flags.length - 1} flags, ${whole.scores.length - 1} scores, ${cells.size} regions`);
    expect(cells.size).toBe(2);
    expect(firstDifference(cut.flags.toSorted(), whole.flags.toSorted())).toBeNull();
    expect(firstDifference(cut.scores.toSorted(), whole.scores.toSorted())).toBeNull();
  },
);
