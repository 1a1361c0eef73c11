/**
 * The demonstration network: two regions, the fleet's stations shared out among a few owners, and two spare devices for
 * people to try. A second call finds everything there and changes nothing, not even what an operator changed since.
 */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { KeyAlgorithm } from '../core/signature/did-key.ts';
import { generateKeyPem, type SigningKey } from '../sensors/client/key.ts';
import { stationsFor } from '../sensors/simulator/extend.ts';
import { loadStations } from '../sensors/simulator/slice.ts';
import { type AdminClient, createAdminClient, type DeviceRecord, orRefuse } from './admin-client.ts';
import { readKeyFile } from './key-file.ts';
import { publicElevation, publicPlaceOf, regionBoundary } from './place.ts';

export type DemoDevice = {
  readonly did: string;
  readonly ingestUrl: string;
  /** PKCS#8 PEM, absolute path. */
  readonly keyFile: string;
  /** Claimed, and not used by the fleet. */
  readonly spare: boolean;
  readonly algorithm: KeyAlgorithm;
  /** Station of data/slices that the fleet replays; a name of its own for a spare one. */
  readonly station: string;
  /** Region, H3 resolution 3. */
  readonly region: string;
};

export type RegisterDemoOptions = {
  readonly api: string;
  readonly adminToken: string;
  /** Data folder; keys are kept in `dir/devices`. */
  readonly dir: string;
  /** Stations that report: those of data/slices, then any number that stand between them; Infinity: the former. */
  readonly fleetSize: number;
  /** 0x addresses that the stations are shared out among, in turn. */
  readonly owners: readonly string[];
  /** Of all regions, from the first call on. */
  readonly operator?: string;
};

type Site = {
  readonly station: string;
  readonly region: string;
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly elevationM: number | null;
  readonly algorithm: KeyAlgorithm;
  readonly spare: boolean;
};

/** Places without a station of the fleet. */
const SPARES: readonly Site[] = [
  spare('spare-ed25519', 'Madrid', 'Retiro (yours to try)', 40.41444, -3.6825, 662, 'ed25519'),
  spare('spare-p256', 'Beijing', 'Guanyuan (yours to try)', 39.929, 116.339, null, 'ecdsa-p256-sha256'),
];

export async function registerDemo(options: RegisterDemoOptions): Promise<readonly DemoDevice[]> {
  const { api, adminToken, owners } = options;
  if (owners.length === 0) throw new Error('a device needs an owner');
  const client = createAdminClient(api, adminToken);
  const folder = resolve(options.dir, 'devices');
  await mkdir(folder, { recursive: true });
  const sites = [...(await fleetSites(options.fleetSize)), ...SPARES];
  const known = await readAddresses(folder);
  await registerRegions(client, sites, known.size === 0 ? options.operator : undefined);

  const devices: DemoDevice[] = [];
  for (const [position, site] of sites.entries()) {
    const keyFile = join(folder, `${site.station}.pem`);
    const key = await loadOrMakeKey(keyFile, site.algorithm);
    const place = publicPlaceOf(site);
    const path = await register(client, key.did, known.get(key.did), {
      version: 0,
      ...place,
      status: site.spare ? 'claimed' : 'active',
      owner: owners[position % owners.length] ?? '',
      displayName: site.name,
      elevationM: publicElevation(site.elevationM),
      // P-256 stands for the devices with a secure element; on this network nobody checks a certificate.
      tier: site.algorithm === 'ecdsa-p256-sha256' ? 1 : 0,
    });
    known.set(key.did, path);
    devices.push({
      did: key.did,
      ingestUrl: new URL(path, api).href,
      keyFile,
      spare: site.spare,
      algorithm: key.algorithm,
      station: site.station,
      region: place.cell,
    });
  }
  await writeAddresses(folder, known);
  return devices;
}

async function registerRegions(
  client: AdminClient,
  sites: readonly Site[],
  operator: string | undefined,
): Promise<void> {
  const names = new Map(sites.map((site) => [publicPlaceOf(site).cell, site.region]));
  for (const [cell, name] of names) {
    orRefuse(await client.putRegion(cell, { name, boundary: regionBoundary(cell) }));
    if (operator !== undefined) orRefuse(await client.putOperator(cell, operator));
  }
}

/** Ingest path of the device. One that an operator has changed since keeps what it has. */
async function register(
  client: AdminClient,
  did: string,
  knownPath: string | undefined,
  record: DeviceRecord,
): Promise<string> {
  const put = await client.putDevice(did, record);
  if (!put.ok && put.error.code === 'version-conflict' && knownPath !== undefined) return knownPath;
  return orRefuse(put).ingestPath;
}

async function fleetSites(size: number): Promise<readonly Site[]> {
  const stations = stationsFor(await loadStations(), size);
  return stations.map((station, position) => ({
    station: station.id,
    region: station.region,
    name: station.name,
    latitude: station.latitude,
    longitude: station.longitude,
    elevationM: station.elevationM,
    // By twos, because the regions take turns: both algorithms in both regions.
    algorithm: Math.floor(position / 2) % 2 === 0 ? 'ed25519' : 'ecdsa-p256-sha256',
    spare: false,
  }));
}

function spare(
  station: string,
  region: string,
  name: string,
  latitude: number,
  longitude: number,
  elevationM: number | null,
  algorithm: KeyAlgorithm,
): Site {
  return { station, region, name, latitude, longitude, elevationM, algorithm, spare: true };
}

async function loadOrMakeKey(path: string, algorithm: KeyAlgorithm): Promise<SigningKey> {
  const found = await readKeyFile(path);
  if (found) return found;
  await writeAside(path, await generateKeyPem(algorithm));
  const made = await readKeyFile(path);
  if (!made) throw new Error(`${path} vanished`);
  return made;
}

async function readAddresses(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, 'addresses.json'), 'utf8').catch(() => '{}'); // none yet
  return new Map(Object.entries(JSON.parse(text) as Record<string, string>));
}

async function writeAddresses(folder: string, addresses: ReadonlyMap<string, string>): Promise<void> {
  await writeAside(join(folder, 'addresses.json'), `${JSON.stringify(Object.fromEntries(addresses), null, 2)}\n`);
}

/** A key cut short by a kill would lock its device out for ever. */
async function writeAside(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}
