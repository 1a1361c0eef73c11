/** Puts the gateway together: keys, one station a device, the server, a line of health now and then. */
import { mkdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { err, ok, type Result } from '../../core/result.ts';
import { loadDeviceKey, type SigningKey } from '../client/key.ts';
import { lockFolder } from '../client/lock.ts';
import { REAL_WORLD } from '../client/world.ts';
import { askClock } from './check.ts';
import { type DeviceConfig, type GatewayConfig, parseConfig } from './config.ts';
import type { ConfigMistake } from './config-checker.ts';
import { createDeviceServer } from './server.ts';
import { lineOfClock, Station, type StationWorld } from './station.ts';

const HEALTH_MS = 60_000;
/** For the network's answer about the clock. */
const CLOCK_MS = 20_000;

export type KeyedDevice = { readonly config: DeviceConfig; readonly key: SigningKey };
export type LoadedConfig = { readonly config: GatewayConfig; readonly devices: readonly KeyedDevice[] };

/** Configuration and keys; paths in it count from `folder`. */
export async function loadGateway(
  text: string,
  folder: string,
): Promise<Result<LoadedConfig, readonly ConfigMistake[]>> {
  const config = parseConfig(text);
  if (!config.ok) return config;
  const devices: KeyedDevice[] = [];
  const mistakes: ConfigMistake[] = [];
  for (const [at, device] of config.value.devices.entries()) {
    const key = await readKey(resolve(folder, device.keyFile));
    const twin = key.ok ? devices.findIndex((other) => other.key.did === key.value.did) : -1;
    if (!key.ok) mistakes.push({ pointer: `/devices/${at}/key`, expected: `a key: ${key.error}` });
    else if (twin >= 0) mistakes.push({ pointer: `/devices/${at}/key`, expected: `another key than /devices/${twin}` });
    else devices.push({ config: device, key: key.value });
  }
  return mistakes.length === 0
    ? ok({ config: { ...config.value, state: resolve(folder, config.value.state) }, devices })
    : err(mistakes);
}

async function readKey(path: string): Promise<Result<SigningKey, string>> {
  try {
    const key = await loadDeviceKey(await readFile(path, 'utf8'));
    return key.ok ? key : err(`${path}: ${key.error.detail}`);
  } catch (error) {
    return err(
      `${error instanceof Error ? error.message : String(error)}; npm run device -- init --key FILE makes one`,
    );
  }
}

/** Runs until `stopping` is aborted, and then ends with everything on disk. */
export async function runGateway(
  { config, devices }: LoadedConfig,
  stopping: AbortSignal,
  log: (line: string) => void,
  onListening: (address: string) => void = () => {},
): Promise<void> {
  await mkdir(config.state, { recursive: true });
  const unlock = await lockFolder(config.state, 'gateway');
  try {
    const around: StationWorld = { world: REAL_WORLD, stopping, mostWaitMs: config.retrySeconds * 1000, log };
    const served = await Promise.all(
      devices.map(async ({ config: device, key }) => {
        const { name, ingestUrl } = device;
        return { config: device, station: await Station.open({ name, key, ingestUrl }, config.state, around) };
      }),
    );
    const server = createDeviceServer(served, { nowMs: REAL_WORLD.nowMs, log });
    await new Promise<void>((listening, failed) => {
      server.once('error', failed);
      server.listen(config.listen.port, config.listen.host, listening);
    });
    void tellClock(devices, stopping, log);
    onListening(`http://${config.listen.host}:${portOf(server.address())}`);
    const health = setInterval(() => {
      for (const { station } of served) log(station.health);
    }, HEALTH_MS);
    stopping.addEventListener('abort', () => server.close());
    const closed = new Promise<void>((resolve) => server.once('close', resolve));
    // Reports that are being kept while the stop comes are still answered; then the stations close their files.
    await Promise.all([closed, ...served.map(({ station }) => station.run(closed))]);
    clearInterval(health);
  } finally {
    await unlock();
  }
}

/** Before the first report: what arrives until the first batch is answered is stamped by this machine's clock alone. */
async function tellClock(
  [device]: readonly KeyedDevice[],
  stopping: AbortSignal,
  log: (line: string) => void,
): Promise<void> {
  if (device === undefined) return;
  const offsetMs = await askClock(device, AbortSignal.any([stopping, AbortSignal.timeout(CLOCK_MS)]));
  if (offsetMs !== 0) log(`WARNING: ${lineOfClock(offsetMs)}: set it right, or the first readings have wrong times`);
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server listens on a port');
  return address.port;
}
