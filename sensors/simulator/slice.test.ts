import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSlices, SLICE_DIR, SLICE_HOURS } from './slice.ts';

const NAMES = ['beijing-2013-12.csv.gz', 'madrid-2020-02.csv.gz', 'stations.csv'];

test('the shipped data are the files whose sums the README states', async () => {
  const readme = await readFile(join(SLICE_DIR, 'README.md'), 'utf8');
  const sums = await Promise.all(
    NAMES.map(async (name) => {
      const hash = createHash('sha256').update(await readFile(join(SLICE_DIR, name)));
      return `${hash.digest('hex')}  ${name}`;
    }),
  );
  const stated = readme.match(/^[0-9a-f]{64} {2}\S+$/gm) ?? [];
  expect(stated.toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))).toEqual(sums);
});

test('nothing ships beside them', async () => {
  const names = await readdir(SLICE_DIR);
  expect(names.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['README.md', ...NAMES]);
});

test('every station has 28 days of hours and a place, and no station stands twice', async () => {
  const { stations, series } = await loadSlices();
  expect(stations).toHaveLength(22);
  expect(new Set(stations.map(({ latitude, longitude }) => `${latitude} ${longitude}`)).size).toBe(22);
  for (const { id } of stations) {
    const values = [...(series.get(id)?.values() ?? [])];
    expect(values.length, id).toBeGreaterThanOrEqual(4);
    for (const ofQuantity of values) expect(ofQuantity, id).toHaveLength(SLICE_HOURS);
  }
});

test('hours that the operator marked invalid are left out', async () => {
  const { series } = await loadSlices();
  const missing = series
    .get('28079024')
    ?.get('co')
    ?.filter((value) => value === null).length;
  // labels.csv of the source: 29 hours of carbon monoxide at Casa de Campo in the 28 days.
  expect(missing).toBe(29);
});
