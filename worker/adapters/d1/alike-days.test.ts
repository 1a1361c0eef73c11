import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALIKE_EPOCHS } from '../../../core/reward/alike.ts';
import type { DeviceDay } from '../../../core/reward/weight.ts';
import { MAIN_RULES } from '../../../core/rules/main.ts';
import { CELL, edgeStores, OTHER_CELL } from '../../../test/support/edge-env.ts';
import { readEpochDays } from './epoch-inputs.ts';

const EPOCH = 20_000;
const { time } = MAIN_RULES;
let stores: Awaited<ReturnType<typeof edgeStores>>;

beforeAll(async () => {
  stores = await edgeStores();
}, 60_000);
afterAll(() => stores.stop());

type Seed = { readonly device: string; readonly cell?: string; readonly density?: string; readonly course: number };

/** A week of hourly temperature; devices of one course measure the same. */
async function seed(devices: readonly Seed[]): Promise<void> {
  const insert = stores.DB.prepare(
    `INSERT INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
       weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5)
     VALUES (?, ?, ?, '', 'active', 0, ?, ?, 9000, 9000, 9000, 1, '{}', ?, 0, '[]', 0, 0)`,
  );
  const rows = devices.flatMap(({ device, cell = CELL, density = 'here', course }, claimed) =>
    Array.from({ length: ALIKE_EPOCHS }, (_, back) => {
      const hours = Array.from({ length: 24 }, (_cell, hour) => {
        const steps = 1500 + ((hour * 37 + back * 11 + course * 101) % 997);
        return [4, 4 * steps, 1, 0];
      });
      const series = JSON.stringify([{ quantity: 3, hours }]);
      return insert.bind(device, EPOCH - back, cell, density, claimed, series);
    }),
  );
  await stores.DB.batch(rows);
}

const alikeOf = (days: readonly DeviceDay[]) =>
  Object.fromEntries(days.flatMap(({ device, alike }) => (alike === undefined ? [] : [[device, alike]])));

test('devices of one region and density cell with the same week are marked when an epoch is read', async () => {
  await seed([
    { device: 'a', course: 1 },
    { device: 'b', course: 2 },
    { device: 'again-a', course: 1 },
    { device: 'elsewhere', course: 1, density: 'there' },
    { device: 'abroad', course: 1, cell: OTHER_CELL },
    { device: 'again-abroad', course: 1, cell: OTHER_CELL },
  ]);
  const days = await readEpochDays(stores.DB, EPOCH, [CELL, OTHER_CELL], time);
  expect(days).toHaveLength(6);
  expect(alikeOf(days)).toEqual({ 'again-a': 'a', 'again-abroad': 'abroad' });
  // Four days later only three of the week's days are there: too few to tell.
  const later = await readEpochDays(stores.DB, EPOCH - 4, [CELL], time);
  expect(alikeOf(later)).toEqual({});
});
