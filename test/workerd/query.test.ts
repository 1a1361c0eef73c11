/** Paid queries over a real region object and D1: across the border of closed and open hours, and what they read. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, expect, test } from 'vitest';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { parseAnomaliesRequest } from '../../core/query/anomalies.ts';
import { parseObservationsRequest } from '../../core/query/observations.ts';
import { packReadings } from '../../core/reading/pack.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { firstHourOf, rfc3339 } from '../../core/time.ts';
import type { ObservationQuery } from '../../durable-objects/region/api.ts';
import { RegionKeeper } from '../../durable-objects/region/keeper.ts';
import type { Region } from '../../durable-objects/region/region.ts';
import type { ObservationsAnswer } from '../../schema/api/observations.ts';
import { anomalyEvents } from '../../schema/d1/anomaly-events.ts';
import { bulkUpsert } from '../../schema/d1/bulk-upsert.ts';
import { NO_PAST } from '../../durable-objects/region/api.ts';
import { readAnomalies } from '../../worker/adapters/d1/anomalies.ts';
import { replaceDevice } from '../../worker/adapters/d1/devices.ts';
import { checkEdgeConfig } from '../../worker/env.ts';
import { findObservations } from '../../worker/queries/observations.ts';
import type { PricedPage, Shop } from '../../worker/queries/priced-page.ts';
import { charterOf, DAY0_MS, HOUR_MS, memberOf, reading } from '../support/region-log.ts';
import { counted } from './support/counted.ts';
import { countedDatabase } from './support/counted-database.ts';

const CELL = '833900fffffffff' as RegionCell;
const CROWD = '833901fffffffff' as RegionCell;
const MEDIUM = '833902fffffffff' as RegionCell;
const HOURS = 30;
const NOW = DAY0_MS + HOURS * HOUR_MS + 600_000;
const ALONE = memberOf(500).device;

const checked = checkEdgeConfig(env);
if (!checked.ok) throw new Error(checked.error.variable);
const config = { ...checked.value, rules: MAIN_RULES };

/** The object under test, reached as the edge reaches it; its keeper has times passed in. */
let region: RegionKeeper;
const namespace = {
  getByName: () => ({
    observations: (query: ObservationQuery) =>
      runInDurableObject(env.REGION.getByName('query'), () => region.observations(query)),
  }),
} as unknown as DurableObjectNamespace<Region>;
const shopWith = (DB: D1Database, nowMs: number): Shop => ({
  stores: { DB, REGION: namespace },
  config,
  nowMs,
  asker: null,
});

async function find(query: string, willAnswer: boolean, DB: D1Database = env.DB, nowMs = NOW): Promise<PricedPage> {
  const request = parseObservationsRequest(new URLSearchParams(query), undefined, nowMs, MAIN_RULES.time);
  if (!request.ok) throw new Error(JSON.stringify(request.error));
  const found = await findObservations(shopWith(DB, nowMs), request.value, 'https://api.test', willAnswer);
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  return found.value;
}

async function answerOf(page: PricedPage) {
  const answer = await page.answer();
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return { ...(JSON.parse(String(answer.value.body)) as ObservationsAnswer), served: answer.value.served };
}

const span = `from=${rfc3339(DAY0_MS)}&until=${rfc3339(DAY0_MS + 48 * HOUR_MS)}`;

beforeAll(async () => {
  // One device in a region that has closed a day, and one day in which it goes on.
  await runInDurableObject(env.REGION.getByName('query'), async (_, state) => {
    region = new RegionKeeper(counted(state.storage).storage, env, CELL);
    region.charter(charterOf(MAIN_RULES, CELL), DAY0_MS);
    for (const slot of [0, 1]) {
      region.applyMembership(memberOf(slot), DAY0_MS);
      await replaceDevice(env.DB, { cell: CELL, membership: memberOf(slot) }, 0, NO_PAST);
    }
    for (let hour = 0; hour < HOURS; hour += 1) {
      for (const slot of [0, 1]) {
        const startMs = DAY0_MS + hour * HOUR_MS;
        const readings = [0, 30].map((minute) => reading('temp', startMs + minute * 60_000, 10 + hour / 10 + slot));
        const nonce = (hour + 1).toString(16).padStart(16, '0');
        const digest = sha256(utf8ToBytes(`${slot}/${hour}`));
        const { device } = memberOf(slot);
        const posted = { device, nonce, digest, readings: packReadings(readings), evidence: new Uint8Array(0) };
        await region.ingest(posted, startMs + 3_000_000 + slot);
      }
      // The last two hours stay open.
      if (hour < HOURS - 2) await region.advance(DAY0_MS + (hour + 1) * HOUR_MS + 900_000);
    }
  });
});

test('an answer goes across the border of closed days and open hours, each hour once', async () => {
  const { device } = memberOf(0);
  const answer = await answerOf(await find(`device=${device}&quantity=temp&${span}`, true));
  expect(answer.observations.map(({ start }) => (Date.parse(start) - DAY0_MS) / HOUR_MS)).toEqual(
    Array.from({ length: HOURS }, (_, hour) => hour),
  );
  expect(answer.observations.map(({ final }) => final).lastIndexOf(true)).toBe(HOURS - 3);
  expect(answer.served).toEqual([{ device, units: HOURS }]);
});

test('after a move the days before it keep their place, and what is open has the new one', async () => {
  const slot = 1;
  const moved = memberOf(slot, { version: 2, latitudeE5: 4_048_000, longitudeE5: -368_000 });
  await runInDurableObject(env.REGION.getByName('query'), () => region.applyMembership(moved, NOW));
  await replaceDevice(env.DB, { cell: CELL, membership: moved }, 1, NO_PAST);
  const query = `device=${moved.device}&quantity=temp&fields=start,cell,latitude,longitude&${span}`;
  const { observations } = await answerOf(await find(query, true));
  const old = memberOf(slot);
  expect(observations).toEqual(
    Array.from({ length: HOURS }, (_, hour) => {
      const { latitudeE5, longitudeE5 } = hour < 24 ? old : moved;
      const start = rfc3339(DAY0_MS + hour * HOUR_MS);
      return { start, cell: CELL, latitude: latitudeE5 / 1e5, longitude: longitudeE5 / 1e5 };
    }),
  );
});

test('an anomaly is shown where its device stood on the day when it began', async () => {
  const { device } = memberOf(1);
  const firstHour = DAY0_MS / HOUR_MS;
  const row = { device, quantity: 'temp', test: 'flat', cell: CELL, flag: 3, severity: 2 };
  const evidence = { measured: 1, expected: [null, null], against: [] } as const;
  const starts = [firstHour + 3, firstHour + 25];
  const events = starts.map((startHour) => ({ ...row, startHour, endHour: startHour + 1, evidence }));
  await env.DB.batch(bulkUpsert(env.DB, anomalyEvents, events, { replace: ['flag'] }));
  const parameters = new URLSearchParams(`device=${device}&test=flat&${span}`);
  const request = parseAnomaliesRequest(parameters, undefined, NOW, MAIN_RULES.time);
  if (!request.ok) throw new Error(JSON.stringify(request.error));
  const slice = { device: { device }, fromHour: firstHour, untilHour: firstHour + 48, isOpening: true };
  const rows = await readAnomalies(env.DB, [slice], request.value, MAIN_RULES.time);
  const { latitudeE5, longitudeE5 } = memberOf(1);
  const site = { cell: CELL, latitude: latitudeE5 / 1e5, longitude: longitudeE5 / 1e5 };
  expect(rows.map(({ startMs, site: at }) => [startMs, at])).toEqual([
    [DAY0_MS + 3 * HOUR_MS, site],
    [DAY0_MS + 25 * HOUR_MS, null],
  ]);
});

test('pages cut across that border hold the same rows, and what is owed is the same', async () => {
  const scope = `cell=${CELL}&quantity=temp&${span}`;
  const whole = await answerOf(await find(scope, true));
  const rows: ObservationsAnswer['observations'][number][] = [];
  const units = new Map<string, number>();
  let next: string | null = `https://api.test/?${scope}&limit=7`;
  while (next !== null) {
    const page = await answerOf(await find(new URL(next).search, true));
    rows.push(...page.observations);
    for (const { device, units: more } of page.served) units.set(device, (units.get(device) ?? 0) + more);
    next = page.next;
  }
  expect(rows).toEqual(whole.observations);
  expect([...units].map(([device, total]) => ({ device, units: total }))).toEqual(whole.served);
});

test('raw readings keep to their half-open times', async () => {
  const from = DAY0_MS + 27.5 * HOUR_MS;
  const query = `device=${memberOf(1).device}&quantity=temp&resolution=raw&from=${rfc3339(from)}&until=${rfc3339(from + HOUR_MS)}`;
  const page = await find(query, true);
  const { observations } = await answerOf(page);
  expect(observations.map(({ start }) => (Date.parse(start) - from) / 60_000)).toEqual([0, 30]);
  // Two hours are touched.
  expect(page.amount).toBe(10_000n);
  expect(page.quote).toMatchObject({ deviceQuantityHours: 2, rowsAtMost: null });
});

test('the price takes one statement, a whole answer one more or none, a page one more', async () => {
  const { device } = memberOf(0);
  const statements = async (query: string, willAnswer: boolean) => {
    const database = countedDatabase(env.DB);
    const page = await find(query, willAnswer, database.db);
    const forPrice = database.statements();
    await page.answer();
    return [forPrice, database.statements()];
  };
  const one = `device=${device}&quantity=temp&${span}`;
  const area = `cell=${CELL}&quantity=temp&${span}`;
  expect(await statements(one, false)).toEqual([1, 2]);
  expect(await statements(one, true)).toEqual([1, 1]);
  expect(await statements(area, true)).toEqual([1, 1]);
  expect(await statements(`${area}&limit=10`, true)).toEqual([1, 2]);
});

const FIRST_EPOCH = Math.floor(DAY0_MS / 86_400_000) - 30;
const month = `from=${rfc3339(FIRST_EPOCH * 86_400_000)}&until=${rfc3339((FIRST_EPOCH + 30) * 86_400_000)}`;

/** A region that has closed thirty days. */
async function addRegion(cell: RegionCell): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, first_hour, closed_through, batches, readings, state_hash)
     VALUES (?, 'Crowd', 'main', '', '[]', ?, ?, 0, 0, '')`,
  )
    .bind(cell, firstHourOf(FIRST_EPOCH, MAIN_RULES.time), firstHourOf(FIRST_EPOCH + 30, MAIN_RULES.time) - 1)
    .run();
}

/** The days of all devices that are in it by now. */
async function addDays(cell: RegionCell): Promise<void> {
  const hours = JSON.stringify([{ quantity: 3, hours: Array.from({ length: 24 }, () => [1, 1000, 1, 0]) }]);
  await env.DB.prepare(
    `WITH RECURSIVE day(epoch) AS (SELECT ?1 UNION ALL SELECT epoch + 1 FROM day WHERE epoch < ?1 + 29)
     INSERT OR IGNORE INTO device_day (device, epoch, cell, owner, status, tier, density, claimed_ms, score_bps, score30_bps,
       weekly_bps, eligible, parts, series, late, late_series, latitude_e5, longitude_e5) SELECT device, epoch, cell, owner, status, tier, density, claimed_ms, 0, 0, 0, 1, '{}',
       ?2, 0, '[]', latitude_e5, longitude_e5 FROM device, day WHERE cell = ?3`,
  )
    .bind(FIRST_EPOCH, hours, cell)
    .run();
}

test('thirty days of one device read the same rows alone and beside a thousand', async () => {
  await replaceDevice(env.DB, { cell: CROWD, membership: memberOf(500) }, 0, NO_PAST);
  await addRegion(CROWD);
  const readBy = async (more = '') => {
    const database = countedDatabase(env.DB);
    const page = await find(`device=${ALONE}&quantity=temp&${month}${more}`, true, database.db);
    expect((await answerOf(page)).observations).toHaveLength(720);
    return { statements: database.statements(), rows: database.rowsRead() };
  };
  await addDays(CROWD);
  const alone = await readBy();
  await env.DB.prepare(
    `WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 999)
     INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5,
       longitude_e5, elevation_m, tier, density, claimed_ms) SELECT 'did:key:z6Mkcrowd' || n, version, cell, status, owner, display_name, place, latitude_e5,
       longitude_e5, elevation_m, tier, density, claimed_ms FROM device, many WHERE device = ?`,
  )
    .bind(ALONE satisfies DeviceId)
    .run();
  await addDays(CROWD);
  const crowded = await readBy();
  expect(alone.statements).toBe(1);
  expect(crowded.statements).toBe(1);
  expect(alone.rows).toBeGreaterThanOrEqual(30);
  expect(crowded.rows).toBeLessThanOrEqual(alone.rows * 1.5);
  const page = await readBy('&limit=720');
  expect(page.statements).toBe(2);
  expect(page.rows).toBeLessThanOrEqual(alone.rows * 1.5);
});

test('a page of a region reads its own days and at most seven rows a device of the region', async () => {
  const devices = 36;
  await addRegion(MEDIUM);
  for (let slot = 600; slot < 600 + devices; slot += 1)
    await replaceDevice(env.DB, { cell: MEDIUM, membership: memberOf(slot) }, 0, NO_PAST);
  await addDays(MEDIUM);
  let rows = 0;
  let pages = 0;
  for (let query: string | null = `cell=${MEDIUM}&quantity=temp&${month}&limit=5000`; query !== null; pages += 1) {
    const database = countedDatabase(env.DB);
    const { observations, next }: ObservationsAnswer = await answerOf(await find(query, true, database.db));
    // The first and the last day may be cut by the page.
    const days = Math.ceil(observations.length / 24) + 1;
    expect(database.rowsRead()).toBeLessThanOrEqual(days + 7 * devices);
    expect(database.statements()).toBe(2);
    rows += observations.length;
    query = next === null ? null : new URL(next).search;
  }
  expect([pages, rows]).toEqual([6, devices * 720]);
});

test.each([true, false])(
  'a day that closes between the price and the answer is whole in the answer (its days read with the price: %s)',
  async (willAnswer) => {
    const [slot, day] = [0, willAnswer ? 1 : 2];
    const { device } = memberOf(slot);
    const endMs = DAY0_MS + (day + 1) * 24 * HOUR_MS;
    const dayOf = `from=${rfc3339(endMs - 24 * HOUR_MS)}&until=${rfc3339(endMs)}`;
    const answer = await runInDurableObject(env.REGION.getByName('query'), async () => {
      for (let hour = day === 1 ? HOURS : day * 24; hour < (day + 1) * 24; hour += 1) {
        const startMs = DAY0_MS + hour * HOUR_MS;
        const nonce = (hour + 1).toString(16).padStart(16, '0');
        const readings = packReadings([reading('temp', startMs + 60_000, 10 + hour / 10)]);
        const digest = sha256(utf8ToBytes(`${slot}/${hour}`));
        await region.ingest({ device, nonce, digest, readings, evidence: new Uint8Array(0) }, startMs + 3_000_000);
      }
      await region.advance(endMs - 60_000);
      const page = await find(`device=${device}&quantity=temp&${dayOf}`, willAnswer, env.DB, endMs + 240_000);
      // Its verdict waits for no other region: closed after the grace, and gone from the object.
      await region.advance(endMs + 900_000);
      return answerOf(page);
    });
    expect(answer.observations.map(({ start }) => (endMs - Date.parse(start)) / HOUR_MS)).toEqual(
      Array.from({ length: 24 }, (_, hour) => 24 - hour),
    );
  },
);
