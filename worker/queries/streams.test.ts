import type { Context } from 'hono';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs } from '../../core/time.ts';
import type { Hour } from '../../test/e2e/support/seed-devices.ts';
import { CELL, edgeEnv, edgeStores } from '../../test/support/edge-env.ts';
import { memberOf } from '../../test/support/region-log.ts';
import { storeDays, storeDevices, storeRegions } from '../../test/support/stored-days.ts';
import type { AppEnv } from '../context.ts';
import { checkEdgeConfig } from '../env.ts';
import { toStreamArticle } from './streams.ts';

const TIME = LOCAL_RULES.time;
const DAY = epochOf(Date.UTC(2026, 5, 1), TIME);
const PM25 = quantityByCode('pm25');
const [LATE, EARLY, BAD] = [0, 1, 2].map((slot) => memberOf(slot).device);
let stores: Awaited<ReturnType<typeof edgeStores>>;

const at = (hour: number, flag: number): readonly Hour[] =>
  Array.from({ length: 24 }, (_, of) => (of === hour ? ([1, 20, flag, 0] as const) : null));

beforeAll(async () => {
  stores = await edgeStores();
});
afterAll(() => stores.stop());

test('right after a day has closed, who was good in its last hours is sold and credited, and nobody else', async () => {
  const { DB } = stores;
  if (!LATE || !EARLY || !BAD || !PM25) throw new Error('three devices and a quantity');
  await storeRegions(DB, [CELL], DAY + 1);
  const days = [
    { device: LATE, hours: at(22, 1) },
    { device: EARLY, hours: at(20, 1) },
    { device: BAD, hours: at(23, 4) },
  ];
  await storeDevices(
    DB,
    days.map(({ device }) => ({ device, cell: CELL })),
  );
  await storeDays(
    DB,
    days.map(({ device, hours }) => ({ device, cell: CELL, epoch: DAY, series: [{ quantity: PM25.index, hours }] })),
  );
  // The region's object has begun a new day, and holds nothing of the one before.
  const { env } = edgeEnv({ DB });
  const config = checkEdgeConfig({ ...env, RULES: 'local' });
  if (!config.ok) throw new Error(config.error.detail);
  const context = { env, var: { config: config.value, requestId: 'r' }, req: { url: 'https://isobar.test/v1/stream' } };
  const request = {
    scope: { kind: 'devices', devices: [LATE, EARLY, BAD] },
    quantities: [PM25],
    minutes: 1,
    isDryRun: false,
  } as const;
  vi.useFakeTimers({ toFake: ['Date'], now: epochStartMs(DAY + 1, TIME) + 7_000 });
  try {
    const article = await toStreamArticle(context as unknown as Context<AppEnv>, 'id', request, null);
    const answer = article.ok ? await article.value.answer() : article;
    // A minute is three of these hours.
    expect(answer).toMatchObject({ ok: true, value: { served: [{ device: LATE, units: 3 }] } });
  } finally {
    vi.useRealTimers();
  }
});
