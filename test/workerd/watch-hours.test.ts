/** What thresholds are told of, over a real object's storage and D1. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { RegionCell } from '../../core/ids.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { hourOf, hourStartMs } from '../../core/time.ts';
import { NotifierStore } from '../../durable-objects/notifier/store.ts';
import { noteStart, watchHours } from '../../durable-objects/notifier/watch-hours.ts';
import { bulkUpsert } from '../../schema/d1/bulk-upsert.ts';
import { regionHours } from '../../schema/d1/region-hours.ts';
import { DAY0_MS, memberOf } from '../support/region-log.ts';
import { storeRegions } from '../support/stored-days.ts';

const CELL = '8339c0fffffffff' as RegionCell;
const PM25 = quantityByCode('pm25');

test('of a region that had not begun when somebody asked, the first hours are told with the first look at them', async () => {
  if (PM25 === undefined) throw new Error('a quantity of the catalogue');
  const { index } = PM25;
  await storeRegions(env.DB, [CELL], 0);
  await env.DB.prepare('UPDATE region SET first_hour = NULL, closed_through = NULL WHERE cell = ?').bind(CELL).run();
  const firstHour = hourOf(DAY0_MS, LOCAL_RULES.time);
  const nowMs = hourStartMs(firstHour + 4, LOCAL_RULES.time);
  const topic = {
    kind: 'threshold',
    quantity: 'pm25',
    direction: 'above',
    limit: 50,
    scope: { kind: 'cell', cell: CELL },
  } as const;
  const base = { id: 'hook', owner: '0xaa', url: 'https://receiver.test/', createdMs: nowMs };
  await runInDurableObject(env.REGION.getByName('watch hours'), async (_, { storage }) => {
    const store = new NotifierStore(storage);
    const hook = { ...base, topic, state: 'active' } as const;
    store.addHook(hook, 'whsec_');
    await noteStart(store, env.DB, LOCAL_RULES, hook, nowMs);
    expect(await watchHours(store, env.DB, LOCAL_RULES, nowMs)).toBe(false);

    await env.DB.prepare('UPDATE region SET first_hour = ?1, closed_through = ?1 + 1, slots = ?2 WHERE cell = ?3')
      .bind(firstHour, JSON.stringify([memberOf(0).device]), CELL)
      .run();
    const hours = [20, 60].map((value, at) => ({
      cell: CELL,
      hour: firstHour + at,
      cells: [[0, index, 1, value * PM25.stepsPerUnit, 0, 0, 1, 0] as const],
      stateHash: null,
      segmentKey: null,
      segmentRoot: null,
      spans: null,
      fromSeq: null,
      toSeq: null,
    }));
    await env.DB.batch(bulkUpsert(env.DB, regionHours, hours, { replace: ['cells'] }));
    // One look: nothing is left for another.
    expect(await watchHours(store, env.DB, LOCAL_RULES, nowMs)).toBe(false);
    expect(store.deliveries('hook')).toHaveLength(1);
  });
});
