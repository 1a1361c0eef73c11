/** Paid answers at the moment of a close or a move, when data are between a region's object and the database. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { parseObservationsRequest } from '../../core/query/observations.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import type { MembershipBody } from '../../core/region/entry.ts';
import { MAIN_RULES } from '../../core/rules/main.ts';
import { rfc3339 } from '../../core/time.ts';
import { NO_PAST, type DevicePast, type ObservationQuery } from '../../durable-objects/region/api.ts';
import { RegionKeeper } from '../../durable-objects/region/keeper.ts';
import type { Region } from '../../durable-objects/region/region.ts';
import type { ObservationsAnswer } from '../../schema/api/observations.ts';
import { readSelection } from '../../worker/adapters/d1/observations.ts';
import { verdictsOf } from '../../worker/adapters/proof/verdicts.ts';
import { replaceDevice } from '../../worker/adapters/d1/devices.ts';
import { registerDevice } from '../../worker/adapters/register-device.ts';
import { checkEdgeConfig } from '../../worker/env.ts';
import { findObservations } from '../../worker/queries/observations.ts';
import { charterOf, DAY0_MS, HOUR_MS, memberOf, reading } from '../support/region-log.ts';
import { counted } from './support/counted.ts';

const DAY_MS = 24 * HOUR_MS;
/** After its end and the grace. */
const CLOSED_MS = 900_000;

const checked = checkEdgeConfig(env);
if (!checked.ok) throw new Error(checked.error.variable);
const config = { ...checked.value, rules: MAIN_RULES };

/** Objects as the edge and the registry reach them; times are passed in. */
let clockMs = DAY0_MS;
const keepers = new Map<string, RegionKeeper>();
const inside = <T>(cell: string, act: (keeper: RegionKeeper) => Promise<T> | T): Promise<T> =>
  runInDurableObject(env.REGION.getByName(`closing ${cell}`), () => {
    const keeper = keepers.get(cell);
    if (keeper === undefined) throw new Error(`${cell} is not open`);
    return act(keeper);
  });
const namespace = {
  getByName: (cell: string) => ({
    observations: (query: ObservationQuery) => inside(cell, (keeper) => keeper.observations(query)),
    departure: (device: DeviceId) => inside(cell, (keeper) => keeper.departure(device)),
    applyMembership: (membership: MembershipBody, past: DevicePast) =>
      inside(cell, (keeper) => keeper.join(membership, past, clockMs)),
  }),
} as unknown as DurableObjectNamespace<Region>;
const stores = { DB: env.DB, REGION: namespace };

/** A bucket that can go away. */
let isArchiveAway = false;
const ARCHIVE = new Proxy(env.ARCHIVE, {
  get: (target, key) => {
    if (isArchiveAway) return () => Promise.reject(new Error('R2 is away'));
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === 'function' ? value.bind(target) : value;
  },
});

/** A keeper over the same storage is what a wake after an eviction is. */
async function wake(cell: RegionCell): Promise<void> {
  await runInDurableObject(env.REGION.getByName(`closing ${cell}`), (_, { storage }) => {
    const bindings = { ...env, ARCHIVE, REGION: namespace };
    keepers.set(cell, new RegionKeeper(counted(storage).storage, bindings, cell));
  });
}

let opened = 0;
/** Far from all others, with one device or none. */
async function open(slot: number | null): Promise<RegionCell> {
  opened += 1;
  const cell = `8339b${opened.toString(16)}fffffffff` as RegionCell;
  await wake(cell);
  await inside(cell, (keeper) => keeper.charter(charterOf(MAIN_RULES, cell, opened * 5), DAY0_MS));
  if (slot === null) return cell;
  const membership = memberOf(slot);
  await inside(cell, (keeper) => keeper.applyMembership(membership, DAY0_MS));
  await replaceDevice(env.DB, { cell, membership }, 0, NO_PAST);
  return cell;
}

const valueAt = (hour: number): number => 10 + ((hour * 7) % 11) / 10;

/** Hours [from, until) since the first day's beginning, two readings each, each hour closed in its time. */
async function measure(
  cell: RegionCell,
  slot: number,
  from: number,
  until: number,
  of: (hour: number) => number = valueAt,
): Promise<void> {
  for (let hour = from; hour < until; hour += 1) {
    const startMs = DAY0_MS + hour * HOUR_MS;
    const readings: Reading[] = [0, 30].map((minute) => reading('temp', startMs + minute * 60_000, of(hour)));
    const nonce = (hour + 1).toString(16).padStart(16, '0');
    const digest = sha256(utf8ToBytes(`${cell}/${slot}/${hour}`));
    const { device } = memberOf(slot);
    const posted = { device, nonce, digest, readings: packReadings(readings), evidence: new Uint8Array(0) };
    await inside(cell, async (keeper) => {
      await keeper.advance(startMs + CLOSED_MS);
      expect(await keeper.ingest(posted, startMs + 3_000_000)).toMatchObject({ ok: true });
    });
  }
}

async function ask(slot: number, fromHour: number, untilHour: number, nowMs: number, more = '') {
  const [from, until] = [fromHour, untilHour].map((hour) => rfc3339(DAY0_MS + hour * HOUR_MS));
  const query = `device=${memberOf(slot).device}&quantity=temp&from=${from}&until=${until}${more}`;
  const request = parseObservationsRequest(new URLSearchParams(query), undefined, nowMs, MAIN_RULES.time);
  if (!request.ok) throw new Error(JSON.stringify(request.error));
  const shop = { stores, config, nowMs, asker: null };
  const found = await findObservations(shop, request.value, 'https://api.test', true);
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  const answer = await found.value.answer();
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  const { observations } = JSON.parse(String(answer.value.body)) as ObservationsAnswer;
  return {
    hours: [...new Set(observations.map(({ start }) => Math.floor((Date.parse(start) - DAY0_MS) / HOUR_MS)))],
    observations,
    served: answer.value.served,
  };
}

const hoursFrom = (from: number, until: number): readonly number[] =>
  Array.from({ length: until - from }, (_, at) => from + at);

test.each(['stays', 'is evicted'])(
  'a day that closed while the archive was away is in no answer by halves, and in the next one whole, if the object %s',
  async (fate) => {
    const slot = fate === 'stays' ? 800 : 801;
    const cell = await open(slot);
    await measure(cell, slot, 0, 24);
    const { device } = memberOf(slot);
    isArchiveAway = true;
    await expect(inside(cell, (keeper) => keeper.advance(DAY0_MS + DAY_MS + CLOSED_MS))).rejects.toThrow('R2 is away');
    if (fate === 'is evicted') await wake(cell);
    const nowMs = DAY0_MS + DAY_MS + CLOSED_MS + 1000;
    // Whoever pays is answered nothing, and charged nothing.
    await expect(ask(slot, 0, 25, nowMs)).rejects.toThrow('R2 is away');
    isArchiveAway = false;
    // Nobody has looked at the region since: its alarm comes later.
    const { hours, served } = await ask(slot, 0, 25, nowMs);
    expect(hours).toEqual(hoursFrom(0, 24));
    expect(served).toEqual([{ device, units: 24 }]);
  },
);

test('a reading keeps the verdict of its hour when the day has closed, and who measured badly earns nothing by it', async () => {
  const slot = 802;
  const cell = await open(slot);
  const { device } = memberOf(slot);
  // From the twelfth hour on it says the same for hours.
  await measure(cell, slot, 0, 24, (hour) => (hour < 12 ? valueAt(hour) : 17));
  const verdicts = async (nowMs: number) => {
    const { observations, served } = await ask(slot, 0, 24, nowMs, '&resolution=raw');
    return { verdicts: observations.map(({ start, flag, tests }) => ({ start, flag, tests })), served };
  };
  const endMs = DAY0_MS + DAY_MS;
  const before = await verdicts(endMs - 60_000);
  const good = new Set(before.verdicts.filter(({ flag }) => flag === 1).map(({ start }) => start.slice(0, 13)));
  expect(good.size).toBeGreaterThan(0);
  expect(good.size).toBeLessThan(23);
  await inside(cell, (keeper) => keeper.advance(endMs + CLOSED_MS));
  const { verdicts: after, served } = await verdicts(endMs + CLOSED_MS + 1000);
  const last = rfc3339(endMs - HOUR_MS);
  expect(after.filter(({ start }) => start < last)).toEqual(before.verdicts.filter(({ start }) => start < last));
  const hourly = await ask(slot, 0, 24, endMs + CLOSED_MS + 1000);
  expect(served).toEqual(hourly.served);
  expect(served[0]?.device).toBe(device);
});

test('what a device measured today before it moved is in its answers at once, and still when that day has closed', async () => {
  const slot = 803;
  const [west, east] = [await open(slot), await open(null)];
  const { device } = memberOf(slot);
  await measure(west, slot, 0, 14);
  clockMs = DAY0_MS + 14.2 * HOUR_MS;
  const wanted = { cell: east, membership: memberOf(slot, { latitudeE5: 4_043_000 }) };
  expect(await registerDevice(stores, wanted, 1, clockMs)).toEqual({ ok: true, value: 3 });
  await measure(east, slot, 15, 20);
  const nowMs = DAY0_MS + 20 * HOUR_MS;
  const expected = [...hoursFrom(0, 14), ...hoursFrom(15, 20)];
  expect((await ask(slot, 0, 20, nowMs)).hours).toEqual(expected);
  expect((await ask(slot, 0, 20, nowMs, '&resolution=raw')).observations).toHaveLength(2 * expected.length);
  // The region that it left closes the day later than the one to which it came.
  for (const cell of [east, west]) {
    await inside(cell, (keeper) => keeper.advance(DAY0_MS + DAY_MS + CLOSED_MS));
    const { hours, served } = await ask(slot, 0, 20, DAY0_MS + DAY_MS + CLOSED_MS);
    expect(hours).toEqual(expected);
    expect(served).toEqual([{ device, units: expected.length }]);
  }
});

test('a proof is credited for hours of a day that has not closed, and tells their verdict once it is final', async () => {
  const slot = 804;
  const cell = await open(slot);
  const { device } = memberOf(slot);
  await measure(cell, slot, 0, 27);
  const [found] = (
    await readSelection(env.DB, { kind: 'devices', devices: [device] }, { fromEpoch: 0, untilEpoch: 0 }, false)
  ).devices;
  if (found === undefined) throw new Error('the device is in the registry');
  // A batch of the day's last hour that brings the next day's first, and one of the hour that is open.
  const revealed = [23, 24, 26].map((hour) => ({ quantity: 'temp', startMs: DAY0_MS + hour * HOUR_MS }));
  const nowMs = DAY0_MS + 27 * HOUR_MS;
  const rows = await verdictsOf(stores, found, revealed, MAIN_RULES.time, nowMs);
  expect(rows.map(({ startMs, flag, final }) => [(startMs - DAY0_MS) / HOUR_MS, flag, final])).toEqual([
    [23, 1, true],
    [24, 1, true],
    [26, 1, false],
  ]);
});

test('readings of days before a change of key are those of the key under which their days have closed, verdicts and all', async () => {
  const [old, heir] = [805, 806];
  const cell = await open(old);
  await measure(cell, old, 0, 25, (hour) => (hour < 12 || hour > 23 ? valueAt(hour) : 17));
  clockMs = DAY0_MS + 25 * HOUR_MS + 60_000;
  const retired = memberOf(old, { version: 2, status: 'retired' });
  await replaceDevice(env.DB, { cell, membership: retired }, 1, NO_PAST);
  await replaceDevice(env.DB, { cell, membership: memberOf(heir) }, 0, NO_PAST);
  await namespace.getByName(cell).applyMembership(memberOf(heir), { ...NO_PAST, predecessor: memberOf(old).device });
  await measure(cell, heir, 25, 27);
  const nowMs = DAY0_MS + 27 * HOUR_MS;
  for (const [slot, hours] of [
    [old, hoursFrom(0, 24)],
    [heir, hoursFrom(24, 27)],
  ] as const) {
    const [hourly, raw] = [await ask(slot, 0, 27, nowMs), await ask(slot, 0, 27, nowMs, '&resolution=raw')];
    expect([hourly.hours, raw.hours]).toEqual([hours, hours]);
    expect(raw.served).toEqual(hourly.served);
  }
});
