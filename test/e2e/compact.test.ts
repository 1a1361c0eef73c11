/** The compact form over real HTTP to the real runtime: the same receipts, the same refusals, the same repetition. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COSE_CONTENT_TYPE, signCose } from '../../sensors/client/cose.ts';
import { type FieldDevice, MADRID, packBatch, registerField, sendBatch } from '../support/field.ts';
import { type LocalRuntime, startLocalRuntime } from '../support/local-runtime.ts';

let network: LocalRuntime;
let devices: readonly FieldDevice[];
const OWNER = `0x${'ab'.repeat(20)}`;

beforeAll(async () => {
  network = await startLocalRuntime();
  devices = await registerField(network.api, network.adminToken, [
    { ...MADRID, name: 'Roof', algorithm: 'ed25519', owner: OWNER, tier: 0 },
    { ...MADRID, name: 'Yard', algorithm: 'ecdsa-p256-sha256', owner: OWNER, tier: 0 },
  ]);
});
afterAll(() => network?.stop());

const nowSeconds = () => Math.floor(Date.now() / 1000);

type Change = {
  readonly url?: string;
  readonly createdSeconds?: number;
  readonly nonce?: string;
  readonly value?: number;
};

async function message(device: FieldDevice, measuredMs: number, change: Change = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { value = 21.4, ...upload } = change;
  const measurements = [{ quantity: 'temp', unit: 'Cel', value, measuredMs }] as const;
  const signed = { url: device.ingestUrl, createdSeconds: nowSeconds(), nonce: '0000000000000001', ...upload };
  return Uint8Array.from(await signCose(device.key, { ...signed, measurements }));
}

const post = (url: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': COSE_CONTENT_TYPE, ...headers } });

test.each([0, 1])('a batch of device %i is accepted once, however often it is signed anew', async (index) => {
  const device = devices[index];
  if (!device) throw new Error('two devices were registered');
  const measuredMs = (nowSeconds() - 5) * 1000;
  const first = await post(device.ingestUrl, await message(device, measuredMs));
  const receipt = await first.json();
  expect([first.status, receipt]).toMatchObject([201, { device: device.key.did, readings: { accepted: 1 } }]);
  const again = await post(device.ingestUrl, await message(device, measuredMs, { createdSeconds: nowSeconds() - 3 }));
  expect([again.status, await again.json()]).toEqual([200, receipt]);
  const other = await post(device.ingestUrl, await message(device, measuredMs, { value: 3 }));
  expect([other.status, await other.json()]).toMatchObject([409, { code: 'nonce-reused' }]);
  // Both forms share the device's counter and its history.
  const json = await sendBatch(
    device,
    packBatch(device, 2, [{ quantity: 'temp', unit: 'Cel', value: 21.4, measuredMs }]),
  );
  expect(json.receipt.readings).toMatchObject({ accepted: 0, duplicate: 1 });
});

test('each wrong message is refused with its code', async () => {
  const [device] = devices;
  if (!device) throw new Error('two devices were registered');
  const at = (nowSeconds() - 5) * 1000;
  const good = await message(device, at, { nonce: '0000000000000100' });
  const tampered = Uint8Array.from(good);
  tampered[tampered.length - 1] = (tampered.at(-1) ?? 0) ^ 1;
  const elsewhere = await message(device, at, { url: `${device.ingestUrl}x` });
  const refusals: readonly (readonly [Response, number, string])[] = [
    [await post(device.ingestUrl, tampered), 401, 'signature-invalid'],
    [await post(device.ingestUrl, elsewhere), 401, 'signature-invalid'],
    [
      await post(device.ingestUrl, await message(device, at, { createdSeconds: nowSeconds() - 1000 })),
      401,
      'clock-skew',
    ],
    [await post(device.ingestUrl, good, { 'content-encoding': 'gzip' }), 415, 'unsupported-encoding'],
    [await post(device.ingestUrl, Uint8Array.from([0x80])), 400, 'malformed-signature'],
    [await post(`${device.ingestUrl}x`, elsewhere), 404, 'unknown-ingest-address'],
    [await post(`${network.api}/v1/check`, await message(device, at, { url: `${network.api}/v1/check` })), 200, ''],
  ];
  for (const [response, status, code] of refusals) {
    const body = await response.json<{ code?: string }>();
    expect([response.status, body.code ?? '']).toEqual([status, code]);
  }
});
