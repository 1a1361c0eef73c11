/** An export job on real workerd: bounded steps by alarm, evictions anywhere, storage that fails, expiry. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, expect, test } from 'vitest';
import { exportKey, exportPrefix, type ExportManifest } from '../../core/export/manifest.ts';
import type { ExportOrder } from '../../core/export/order.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import { quantityByCode } from '../../core/reading/quantity.ts';
import { LOCAL_RULES } from '../../core/rules/local.ts';
import { epochOf, epochStartMs } from '../../core/time.ts';
import { Clerk } from '../../durable-objects/export-job/clerk.ts';
import type { ExportJob } from '../../durable-objects/export-job/export-job.ts';
import { memberOf } from '../support/region-log.ts';
import { storeDays } from '../support/stored-days.ts';

const RULES = LOCAL_RULES.time;
const CELL = '83390cfffffffff' as RegionCell;
const DEVICE: DeviceId = memberOf(0).device;
/** 45 dates, of which three have data. */
const FROM = epochOf(Date.UTC(2026, 5, 1), RULES);
const UNTIL = FROM + 45 * 180;
const WITH_DATA = [FROM, FROM + 2500, UNTIL - 1];
/** Two cells a day: 1.5 good, 2.5 suspect. */
const SERIES = [{ quantity: 1, hours: [[2, 30, 1, 0], null, [1, 25, 3, 2]] as const }];

let serial = 0;
function orderOf(format: ExportOrder['format']): ExportOrder {
  serial += 1;
  return {
    id: String(serial).padStart(32, '0'),
    createdMs: 0,
    format,
    resolution: 'hour',
    quantities: [quantityByCode('pm25')].flatMap((quantity) => quantity ?? []),
    series: ['raw'],
    indices: [],
    fields: null,
    fromMs: epochStartMs(FROM, RULES),
    untilMs: epochStartMs(UNTIL, RULES),
    devices: [{ device: DEVICE, cell: CELL, name: 'One', latitude: 40.4, longitude: -3.7, closedThrough: UNTIL * 24 }],
    goodHours: 3,
    license: 'CC-BY-4.0',
    attribution: ['test'],
  };
}

beforeAll(async () => {
  await storeDays(
    env.DB,
    WITH_DATA.map((epoch) => ({ device: DEVICE, cell: CELL, epoch, series: SERIES })),
  );
});

async function manifestOf(id: string): Promise<ExportManifest> {
  const object = await env.ARCHIVE.get(exportKey(id, 'manifest.json'));
  if (object === null) throw new Error('no manifest');
  return object.json<ExportManifest>();
}

/** Runs alarms until the job is over; evicted before each. Gives back how far it was before every step. */
async function runWithEvictions(job: DurableObjectStub<ExportJob>): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    await evictDurableObject(job);
    const status = await job.begin();
    if (status === null) throw new Error('the job is gone');
    if (status.status === 'done' || status.status === 'failed') return seen;
    seen.push(status.partsDone);
    await evictDurableObject(job);
    await runDurableObjectAlarm(job);
  }
}

test('a job that is evicted before every step ends with a file for each date that has data', async () => {
  const order = orderOf('parquet');
  const job = env.EXPORT_JOB.getByName(order.id);
  await job.prepare(order);
  const seen = await runWithEvictions(job);
  // 45 parts, at most 20 a step.
  expect(seen.length).toBeGreaterThanOrEqual(3);
  const manifest = await manifestOf(order.id);
  expect(manifest.rows).toBe(6);
  expect(manifest.files.map(({ path, rows }) => [path, rows])).toEqual([
    [`cell=${CELL}/date=2026-06-01/part-0.parquet`, 2],
    [`cell=${CELL}/date=2026-06-14/part-0.parquet`, 2],
    [`cell=${CELL}/date=2026-07-15/part-0.parquet`, 2],
  ]);
  for (const file of manifest.files) {
    const stored = await env.ARCHIVE.get(exportKey(order.id, file.path));
    const bytes = new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer());
    expect([bytes.length, bytesToHex(sha256(bytes))]).toEqual([file.bytes, file.sha256]);
  }
});

test('killed between an object and the note of it, the part is made again with the same bytes', async () => {
  const order = orderOf('csv');
  const job = env.EXPORT_JOB.getByName(order.id);
  await job.prepare(order);
  await runWithEvictions(job);
  const before = await manifestOf(order.id);
  await runInDurableObject(job, (_, state) => {
    state.storage.sql.exec('DELETE FROM part WHERE number >= 2');
    state.storage.sql.exec(`UPDATE job SET phase = 'running'`);
  });
  await runWithEvictions(job);
  const after = await manifestOf(order.id);
  expect(after).toEqual({ ...before, finished: after.finished });
});

test('a single file is its pieces in a row, with one header and the hash of the whole', async () => {
  const order = orderOf('csv');
  const job = env.EXPORT_JOB.getByName(order.id);
  await job.prepare(order);
  await runWithEvictions(job);
  const manifest = await manifestOf(order.id);
  expect(manifest.pieces.length).toBeGreaterThan(1);
  const texts = await Promise.all(
    manifest.pieces.map(async ({ path }) => (await env.ARCHIVE.get(exportKey(order.id, path)))?.text() ?? ''),
  );
  const whole = texts.join('');
  const lines = whole.trimEnd().split('\r\n');
  expect(lines[0]).toBe('device,quantity,series,unit,start,value,count,flag,tests,final');
  expect(lines).toHaveLength(7);
  expect(lines[1]).toBe(`${DEVICE},pm25,raw,ug/m3,2026-06-01T00:00:00.000Z,1.5,2,1,,true`);
  expect(manifest.files).toEqual([
    {
      path: 'observations.csv',
      rows: 6,
      bytes: whole.length,
      sha256: bytesToHex(sha256(new TextEncoder().encode(whole))),
    },
  ]);
});

test('nothing is made before somebody comes who has paid, and what nobody fetches is forgotten', async () => {
  const order = orderOf('parquet');
  const job = env.EXPORT_JOB.getByName(order.id);
  await job.prepare(order);
  await runDurableObjectAlarm(job);
  expect((await env.ARCHIVE.list({ prefix: exportPrefix(order.id) })).objects).toEqual([]);
  await runInDurableObject(job, (_, state) => void state.storage.sql.exec('UPDATE job SET expires_ms = 1'));
  await runDurableObjectAlarm(job);
  expect(await job.begin()).toBeNull();
});

test('a second order under the same name changes nothing', async () => {
  const order = orderOf('parquet');
  const job = env.EXPORT_JOB.getByName(order.id);
  await job.prepare(order);
  await job.prepare({ ...order, format: 'csv' });
  expect(await job.begin()).toMatchObject({ format: 'parquet', partsTotal: 45 });
  await runWithEvictions(job);
});

test('while the database is away the job waits and says so; after a day it gives up, and starts again on request', async () => {
  const order = orderOf('ndjson');
  const job = env.EXPORT_JOB.getByName(order.id);
  await job.prepare(order);
  const broken = {
    prepare: () => {
      throw new Error('D1 is away');
    },
  } as unknown as D1Database;
  const [first, last, waits] = await runInDurableObject(job, async (_, state) => {
    const clerk = new Clerk(state.storage, { DB: broken, ARCHIVE: env.ARCHIVE, RULES: 'local' });
    await clerk.begin(Date.now());
    const pauses: number[] = [];
    await clerk.step();
    const before = await clerk.begin(Date.now());
    for (let step = 2; step <= 24; step += 1) {
      pauses.push(((await state.storage.getAlarm()) ?? 0) - Date.now());
      await clerk.step();
    }
    return [before, await clerk.begin(Date.now()), pauses] as const;
  });
  expect(first).toMatchObject({ status: 'queued', detail: 'The last step failed and is tried again.' });
  expect(Math.max(...waits)).toBeGreaterThan(3_500_000);
  expect(last).toMatchObject({ status: 'failed', detail: 'Gave up after 24 failed steps in a row.' });
  expect(last?.expiresMs).toBeGreaterThan(Date.now());
  expect(await job.restart()).toMatchObject({ status: 'queued', detail: null });
  await runWithEvictions(job);
  expect(await job.begin()).toMatchObject({ status: 'done', rows: 6 });
});

test('when its time is over, all of it is removed from the bucket and from the object', async () => {
  const order = orderOf('csv');
  const job = env.EXPORT_JOB.getByName(order.id);
  await job.prepare(order);
  await runWithEvictions(job);
  expect((await env.ARCHIVE.list({ prefix: exportPrefix(order.id) })).objects.length).toBeGreaterThan(2);
  await runInDurableObject(job, (_, state) => void state.storage.sql.exec('UPDATE job SET expires_ms = 1'));
  await runDurableObjectAlarm(job);
  expect((await env.ARCHIVE.list({ prefix: exportPrefix(order.id) })).objects).toEqual([]);
  expect(await job.begin()).toBeNull();
  expect(await job.restart()).toBeNull();
});
