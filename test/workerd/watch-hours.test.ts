/** What thresholds are told of, over a real object's storage and D1. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { hourOf, hourStartMs } from '../../core/time.ts';
import type { Hook } from '../../durable-objects/notifier/api.ts';
import { NotifierStore } from '../../durable-objects/notifier/store.ts';
import { noteStart, watchHours } from '../../durable-objects/notifier/watch-hours.ts';
import { bulkUpsert } from '../../schema/d1/bulk-upsert.ts';
import { regionHours } from '../../schema/d1/region-hours.ts';
import { DAY0_MS, memberOf } from '../support/region-log.ts';
import { storeRegions } from '../support/stored-days.ts';

const QUANTITY = quantityByCode('pm25');

const FIRST_HOUR = hourOf(DAY0_MS, LOCAL_RULES.time);
const NOW = hourStartMs(FIRST_HOUR + 4, LOCAL_RULES.time);
const TOPIC = { kind: 'threshold', quantity: 'pm25', direction: 'above', limit: 50 } as const;

const hookOf = (cell: RegionCell): Hook => ({
  id: 'hook',
  owner: '0xaa',
  url: 'https://receiver.test/',
  topic: { ...TOPIC, scope: { kind: 'cell', cell } },
  state: 'active',
  createdMs: NOW,
});

async function opened(cell: RegionCell): Promise<void> {
  await storeRegions(env.DB, [cell], 0);
  await env.DB.prepare('UPDATE region SET first_hour = NULL, closed_through = NULL WHERE cell = ?').bind(cell).run();
}

/** Closes two hours, the second beyond the limit. */
async function begin(cell: RegionCell): Promise<void> {
  await env.DB.prepare('UPDATE region SET first_hour = ?1, closed_through = ?1 + 1, slots = ?2 WHERE cell = ?3')
    .bind(FIRST_HOUR, JSON.stringify([memberOf(0).device]), cell)
    .run();
  if (QUANTITY === undefined) throw new Error('a quantity of the catalogue');
  const { index, stepsPerUnit } = QUANTITY;
  const sealed = { stateHash: null, segmentKey: null, segmentRoot: null, spans: null, fromSeq: null, toSeq: null };
  const hours = [20, 60].map((value, at) => ({
    ...sealed,
    cell,
    hour: FIRST_HOUR + at,
    cells: [[0, index, 1, value * stepsPerUnit, 0, 0, 1, 0] as const],
  }));
  await env.DB.batch(bulkUpsert(env.DB, regionHours, hours, { replace: ['cells'] }));
}

test('of a region that had not begun when somebody asked, the first hours are told with the first look at them', async () => {
  const cell = '8339c0fffffffff' as RegionCell;
  await opened(cell);
  await runInDurableObject(env.REGION.getByName('watch hours'), async (_, { storage }) => {
    const store = new NotifierStore(storage);
    store.addHook(hookOf(cell), 'whsec_');
    await noteStart(store, env.DB, LOCAL_RULES, hookOf(cell), NOW);
    expect(await watchHours(store, env.DB, LOCAL_RULES, NOW)).toBe(false);
    await begin(cell);
    // One look: nothing is left for another.
    expect(await watchHours(store, env.DB, LOCAL_RULES, NOW)).toBe(false);
    expect(store.deliveries('hook')).toHaveLength(1);
  });
});

test('a webhook that is removed while hours are looked at leaves no message, which nobody could ever send', async () => {
  const cell = '8339c1fffffffff' as RegionCell;
  await opened(cell);
  await runInDurableObject(env.REGION.getByName('removed hook'), async (_, { storage }) => {
    const store = new NotifierStore(storage);
    store.addHook(hookOf(cell), 'whsec_');
    await noteStart(store, env.DB, LOCAL_RULES, hookOf(cell), NOW);
    await begin(cell);
    const watching = watchHours(store, env.DB, LOCAL_RULES, NOW);
    store.removeHook('hook');
    await watching;
    expect(store.due(NOW, 10)).toEqual([]);
    // Else the alarm would come again at once, for ever.
    expect(store.nextDueMs()).toBeNull();
  });
});
