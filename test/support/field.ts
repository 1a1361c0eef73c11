/** Devices of a test, as their makers build them: keys, packs, nonces and uploads of sensors/client over real HTTP. */
import type { RegionCell } from '../../core/ids.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import type { RegionSummary } from '../../durable-objects/region/api.ts';
import { createAdminClient, type DeviceRecord, orRefuse } from '../../scripts/admin-client.ts';
import { commandTransport } from '../../scripts/device/transport.ts';
import { publicPlaceOf, regionBoundary } from '../../scripts/place.ts';
import { generateKeyPem, loadDeviceKey, type SigningKey } from '../../sensors/client/key.ts';
import { type Measurement, writePack } from '../../sensors/client/senml.ts';
import { SENML_JSON } from '../../sensors/client/sign.ts';
import { type Batch, DEFAULT_RETRY, type Transport, type Uploaded, uploadBatch } from '../../sensors/client/upload.ts';

/** Two regions whose centers are 1,700 km apart. */
export const MADRID = { latitude: 40.4168, longitude: -3.7038 } as const;
export const BERLIN = { latitude: 52.52, longitude: 13.405 } as const;

export type Site = {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly latitude: number;
  readonly longitude: number;
  readonly owner: string;
  readonly tier: 0 | 1 | 2;
};

export type FieldDevice = {
  readonly key: SigningKey;
  /** The same key, PKCS#8, for programs that sign by themselves. */
  readonly pem: string;
  readonly cell: RegionCell;
  readonly ingestUrl: string;
  /** As registered, with the version that an operator's next change is based on. */
  readonly record: DeviceRecord;
};

/** Opens the regions and registers the devices with new keys, active, each in a density cell of its own. */
export async function registerField(
  api: string,
  adminToken: string,
  sites: readonly Site[],
): Promise<readonly FieldDevice[]> {
  const client = createAdminClient(api, adminToken);
  const opened = new Set<string>();
  const devices: FieldDevice[] = [];
  for (const { name, algorithm, owner, tier, ...position } of sites) {
    const place = publicPlaceOf(position);
    if (!opened.has(place.cell)) {
      orRefuse(await client.putRegion(place.cell, { name: place.cell, boundary: regionBoundary(place.cell) }));
      opened.add(place.cell);
    }
    const pem = await generateKeyPem(algorithm);
    const loaded = await loadDeviceKey(pem);
    if (!loaded.ok) throw new Error(loaded.error.detail);
    const record: DeviceRecord = {
      version: 0,
      ...place,
      status: 'active',
      owner,
      displayName: name,
      elevationM: null,
      tier,
    };
    const { ingestPath, version } = orRefuse(await client.putDevice(loaded.value.did, record));
    devices.push({
      key: loaded.value,
      pem,
      cell: place.cell,
      ingestUrl: `${api}${ingestPath}`,
      record: { ...record, version },
    });
  }
  return devices;
}

export function packBatch(
  device: Pick<FieldDevice, 'key'>,
  nonce: number,
  measurements: readonly Measurement[],
): Batch {
  const body = new TextEncoder().encode(writePack(device.key.did, measurements));
  return { nonce: nonce.toString(16).padStart(16, '0'), contentType: SENML_JSON, body };
}

/** Sends until the network has answered; a refusal is the test's failure. */
export async function sendBatch(
  device: Pick<FieldDevice, 'key' | 'ingestUrl'>,
  batch: Batch,
  transport: Transport = commandTransport,
): Promise<Exclude<Uploaded, { readonly status: 'expired' }>> {
  // As often as it takes: a test has its own time limit.
  const policy = { ...DEFAULT_RETRY, attempts: 1_000 };
  const sent = await uploadBatch(device.key, device.ingestUrl, batch, transport, { offsetMs: 0 }, policy);
  if (!sent.ok) throw new Error(`the batch was not taken: ${JSON.stringify(sent.error)}`);
  if (sent.value.status === 'expired') throw new Error(`the receipt ${sent.value.receipt} has expired`);
  return sent.value;
}

/** Has the region close and publish what is due, or everything anew; its own count of what it holds. */
export async function upkeep(
  { api, adminToken }: { readonly api: string; readonly adminToken: string },
  cell: RegionCell,
  command: 'advance' | 'refold' = 'advance',
): Promise<RegionSummary> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const response = await fetch(`${api}/v1/admin/regions/${cell}/${command}`, { method: 'POST', headers });
  if (!response.ok) throw new Error(`${command} answered ${response.status}: ${await response.text()}`);
  return await response.json<RegionSummary>();
}
