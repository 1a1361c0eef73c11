/** Pages over more devices than one statement reads, on real D1. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCAL_RULES } from '../../../core/rules/local.ts';
import type { DevicesAnswer, LatestAnswer } from '../../../schema/api/places.ts';
import { edgeEnv, edgeStores } from '../../../test/support/edge-env.ts';
import { app } from '../../app.ts';

const REGIONS = ['8331aafffffffff', '83390cfffffffff', '831f1dfffffffff'];
const PER_REGION = 700;
/** Of each region, the last of these alone measure ozone. */
const OZONE = 5;
const [PM25, O3] = [1, 7];
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

const didOf = (index: number): string =>
  `did:key:z6Mk${String(1_000_000 + index).replaceAll('0', 'z')}${ALPHABET.slice(0, 37)}`;

let stores: Awaited<ReturnType<typeof edgeStores>>;

beforeAll(async () => {
  stores = await edgeStores();
  const { hourSeconds, publicationDelaySeconds } = LOCAL_RULES.time;
  const hour = Math.floor((Date.now() / 1000 - publicationDelaySeconds) / hourSeconds) - 2;
  for (const [region, cell] of REGIONS.entries()) {
    const dids = Array.from({ length: PER_REGION }, (_, index) => didOf(region * PER_REGION + index));
    const cells = dids.flatMap((_, slot) => [
      [slot, PM25, 1, 80 + slot, 80, 80, 1, 0],
      ...(slot >= PER_REGION - OZONE ? [[slot, O3, 1, 200, 200, 200, 1, 0]] : []),
    ]);
    const devices = dids.map((did) => [did, cell]);
    await stores.DB.batch([
      stores.DB.prepare(
        `INSERT INTO device (device, version, cell, status, owner, display_name, place, latitude_e5, longitude_e5, elevation_m, tier, density, claimed_ms) SELECT json_extract(value, '$[0]'), 1, json_extract(value, '$[1]'), 'active', '0x${'a'.repeat(40)}', 'x', '87390cb1affffff', 4000000, -300000, NULL, 0, '87390cb1affffff', 0 FROM json_each(?)`,
      ).bind(JSON.stringify(devices)),
      stores.DB.prepare(
        `INSERT INTO region (cell, name, rules, rule_set_hash, boundary, batches, readings, state_hash, slots) VALUES (?, 'R', 'local', '00', '[[0,0],[1,0],[1,1]]', 1, 1, '00', ?)`,
      ).bind(cell, JSON.stringify(dids)),
      stores.DB.prepare('INSERT INTO region_hour (cell, hour, cells) VALUES (?, ?, ?)').bind(
        cell,
        hour,
        JSON.stringify(cells),
      ),
    ]);
  }
}, 60_000);
afterAll(() => stores.stop());

async function pages<T extends { readonly next: string | null }>(address: string): Promise<readonly T[]> {
  const found: T[] = [];
  for (let next: string | null = `http://x.example${address}`; next !== null; next = found.at(-1)?.next ?? null) {
    const response: Response = await app.request(next, {}, edgeEnv(stores).env);
    expect(response.status).toBe(200);
    found.push(await response.json<T>());
  }
  return found;
}

test('every device comes once, in order of region and id, whatever the size of a page', async () => {
  for (const limit of [1000, 333]) {
    const all = await pages<DevicesAnswer>(`/v1/devices?limit=${limit}`);
    const found = all.flatMap(({ devices }) => devices.map(({ region, device }) => `${region} ${device}`));
    expect(found).toEqual([...found].toSorted());
    expect(new Set(found).size).toBe(REGIONS.length * PER_REGION);
    expect(all.length).toBe(Math.ceil((REGIONS.length * PER_REGION) / limit));
  }
}, 30_000);

test('the few that measure something are found among the many that do not', async () => {
  const [page, ...more] = await pages<DevicesAnswer>('/v1/devices?quantity=o3');
  expect([page?.devices.length, more.length]).toEqual([OZONE * REGIONS.length, 0]);
  const values = await pages<LatestAnswer>('/v1/latest?quantity=o3&limit=4');
  const found = values.flatMap(({ latest }) => latest);
  expect(found.every(({ quantity, value }) => quantity === 'o3' && value === 20)).toBe(true);
  expect(new Set(found.map(({ device }) => device)).size).toBe(OZONE * REGIONS.length);
}, 30_000);

test('a page in the middle of a device’s quantities goes on with the next one', async () => {
  const all = await pages<LatestAnswer>('/v1/latest?limit=701');
  const found = all.flatMap(({ latest }) => latest.map(({ device, quantity }) => `${device} ${quantity}`));
  expect(found.length).toBe(REGIONS.length * (PER_REGION + OZONE));
  expect(new Set(found).size).toBe(found.length);
}, 30_000);

test('a page is found through an index, not by reading all devices', async () => {
  const plan = await stores.DB.prepare(
    `EXPLAIN QUERY PLAN SELECT device FROM device WHERE status IN ('active') AND (cell, device) >= ('83390cfffffffff', 'x') ORDER BY cell, device LIMIT 20`,
  ).all<{ detail: string }>();
  expect(plan.results.map(({ detail }) => detail)).toEqual([
    'SEARCH device USING INDEX device_cell ((cell,device)>(?,?))',
  ]);
});
