import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { DAY0_MS, HOUR_MS, MADRID, reading } from '../../test/support/region-log.ts';
import { inventedBatch, signedBatch, TOOLS, type SignedBatchOptions } from '../../test/support/signed-batch.ts';
import { gzip, newDevice, type TestDevice } from '../../test/support/signed-post.ts';
import type { RegionCell } from '../ids.ts';
import { packReadings } from '../reading/pack.ts';
import { decodeEvidence, encodeEvidence, type Evidence } from '../signature/evidence.ts';
import { checkBatch, type LoggedBatch } from './check-batch.ts';

const SENT_SECONDS = DAY0_MS / 1000 + 3600;
const BODY = JSON.stringify([
  { bt: DAY0_MS / 1000, bver: 26, n: 'temp', u: 'Cel', v: 21.4 },
  { n: 'rh', u: '%RH', t: 60, v: 54 },
]);

let device: TestDevice;
beforeAll(async () => {
  device = await newDevice();
});

const logged = async (options: Partial<SignedBatchOptions> = {}, of: TestDevice = device): Promise<LoggedBatch> => ({
  ...(await signedBatch(of, 0, { body: BODY, createdSeconds: SENT_SECONDS, ...options })),
  seq: 7,
  receivedMs: SENT_SECONDS * 1000 + 2500,
});
const check = (batch: LoggedBatch, of: TestDevice = device, cell: RegionCell = MADRID) =>
  checkBatch(batch, of.did, cell, TOOLS);

const withEvidence = (batch: LoggedBatch, change: Partial<Evidence>): LoggedBatch => {
  const evidence = decodeEvidence(batch.evidence);
  if (!evidence.ok) throw new Error(evidence.error.detail);
  return { ...batch, evidence: encodeEvidence({ ...evidence.value, ...change }) };
};

test.each(['ed25519', 'ecdsa-p256-sha256'] as const)('a batch that its %s device signed stands', async (algorithm) => {
  const own = await newDevice(algorithm);
  expect(await check(await logged({}, own), own)).toEqual({ ok: true, value: 2 });
});

test('a compressed body and times relative to the signature stand as well', async () => {
  const body = await gzip('[{"n":"temp","u":"Cel","v":21.4},{"n":"rh","u":"%RH","t":-60,"v":54}]');
  expect(await check(await logged({ body, headers: { 'content-encoding': 'gzip' } }))).toEqual({ ok: true, value: 2 });
});

test('an altered reading is found with its quantity and time', async () => {
  const readings = packReadings([reading('temp', DAY0_MS, 12.4), reading('rh', DAY0_MS + 60_000, 54)]);
  expect(await check({ ...(await logged()), readings })).toEqual({
    ok: false,
    error: {
      reason: 'readings',
      at: { region: MADRID, seq: 7, device: device.did, field: 'temp at 2026-06-01T00:00:00.000Z' },
      published: '12.4 Cel',
      recomputed: '21.4 Cel',
    },
  });
});

test('a reading that was left out, and one that was added, are found', async () => {
  const batch = await logged();
  const fewer = packReadings([reading('temp', DAY0_MS, 21.4)]);
  expect(await check({ ...batch, readings: fewer })).toMatchObject({
    error: {
      reason: 'readings',
      at: { field: 'rh at 2026-06-01T00:01:00.000Z' },
      published: 'nothing',
      recomputed: '54 %RH',
    },
  });
  const more = packReadings([
    reading('temp', DAY0_MS, 21.4),
    reading('temp', DAY0_MS + 1000, 21),
    reading('rh', DAY0_MS + 60_000, 54),
  ]);
  expect(await check({ ...batch, readings: more })).toMatchObject({
    error: { at: { field: 'temp at 2026-06-01T00:00:01.000Z' }, published: '21 Cel', recomputed: 'nothing' },
  });
});

test('no byte of the packed readings can be changed', async () => {
  const batch = await logged();
  await fc.assert(
    fc.asyncProperty(fc.nat(batch.readings.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const readings = batch.readings.map((byte, index) => (index === at ? byte ^ change : byte));
      expect(await check({ ...batch, readings })).toMatchObject({ ok: false, error: { reason: 'readings' } });
    }),
  );
});

test('another body needs another digest, and with that the signature fails', async () => {
  const other = await logged({ body: BODY.replace('21.4', '12.4') });
  const body = new TextEncoder().encode(BODY.replace('21.4', '12.4'));
  const altered = withEvidence(await logged(), { body });
  expect(await check(altered)).toMatchObject({ error: { reason: 'digest', at: { seq: 7 } } });
  expect(await check({ ...altered, digest: other.digest, readings: other.readings })).toMatchObject({
    error: { reason: 'signature' },
  });
});

test('a batch under the name of another device is not signed by it', async () => {
  const other = await newDevice();
  expect(await check(await logged(), other)).toMatchObject({
    error: { reason: 'signature', at: { device: other.did } },
  });
});

test('another nonce, region or time of receipt is found', async () => {
  const batch = await logged();
  expect(await check({ ...batch, nonce: '0000000000000002' })).toMatchObject({ error: { reason: 'nonce' } });
  expect(await check(batch, device, '831fa4fffffffff' as RegionCell)).toMatchObject({
    error: { reason: 'ingest-path' },
  });
  const late = { ...batch, receivedMs: batch.receivedMs + HOUR_MS };
  expect(await check(late)).toMatchObject({
    error: {
      reason: 'upload-time',
      published: 'logged 2026-06-01T02:00:02.500Z',
      recomputed: 'signed 2026-06-01T01:00:00.000Z',
    },
  });
  expect(await check({ ...batch, receivedMs: batch.receivedMs - HOUR_MS })).toMatchObject({
    error: { reason: 'upload-time' },
  });
  expect(await check({ ...batch, evidence: new Uint8Array([0xff]) })).toMatchObject({ error: { reason: 'evidence' } });
});

test('a signed body that is no SenML gives no readings, whatever was logged for it', async () => {
  const options = { body: '[{"n":"radon","u":"Bq","v":1}]', createdSeconds: SENT_SECONDS };
  const body = await inventedBatch(device, [reading('temp', DAY0_MS, 21.4)], options);
  expect(await check({ ...body, seq: 7, receivedMs: SENT_SECONDS * 1000 })).toMatchObject({
    error: { reason: 'readings', recomputed: 'the signed body is unknown-quantity' },
  });
});
