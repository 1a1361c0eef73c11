import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue } from '../../sensors/client/queue.ts';
import { behaviourOf } from '../../sensors/simulator/behaviour.ts';
import { type Flags, readArguments } from '../command-line.ts';
import { readKeyFile } from '../key-file.ts';
import { bold, dim, Refusal } from '../lib/say.ts';
import { DEFAULT_DIR } from '../local-network.ts';
import type { DemoDevice } from '../register-demo.ts';
import { readDeviceStatus } from './device-status.ts';
import { readStatus } from './network-rules.ts';
import { apiOf, DEFAULT_KEY_FILE, localNetwork } from './open.ts';
import { linesOf } from './print-status.ts';
import { readState } from './state.ts';

export async function showStatus(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, { values: ['dir', 'api', 'key', 'did'], switches: ['json'] });
  const keyFile = flags['key'] ?? DEFAULT_KEY_FILE;
  const isHere = flags['did'] === undefined && (await readKeyFile(keyFile)) !== null;
  if (flags['key'] !== undefined && !isHere) throw new Refusal(`${keyFile} does not exist`);
  if (!isHere && flags['did'] === undefined) return showNetwork(flags);
  const state = isHere ? await readState(keyFile) : null;
  const did = flags['did'] ?? (await readKeyFile(keyFile))?.did ?? '';
  const status = await readDeviceStatus(await apiOf(flags, state), did, isHere ? keyFile : null, state);
  if (has('json')) console.log(JSON.stringify(status, null, 2));
  else for (const line of linesOf(status)) console.log(line);
}

async function showNetwork(flags: Flags): Promise<void> {
  const dir = flags['dir'] ?? DEFAULT_DIR;
  const local = await localNetwork(flags);
  const api = await apiOf(flags, null);
  const { network, time, epoch, regions, devices, batches, readings } = await readStatus(api);
  console.log(`${bold(api)}  rules ${network.rules}, epoch ${epoch}, ${time}`);
  console.log(`  ${regions} regions, ${devices} devices, ${batches} batches, ${readings} readings`);
  for (const device of local?.devices ?? []) console.log(`  ${await lineOf(device, dir, network.hourSeconds)}`);
}

async function lineOf(device: DemoDevice, dir: string, hourSeconds: number): Promise<string> {
  const { station, algorithm, did, spare } = device;
  if (spare) return `${station.padEnd(14)} ${algorithm.padEnd(17)} spare${' '.repeat(20)} ${dim(did)}`;
  const bytes = await readFile(join(dir, 'fleet', `${station}.queue`)).catch(() => new Uint8Array());
  const { sentThrough, pending } = Queue.peek(bytes);
  const sent =
    sentThrough === null
      ? 'nothing sent'
      : `sent to ${new Date(sentThrough * hourSeconds * 1000).toISOString().slice(5, 19)}`;
  const { kind } = behaviourOf(station);
  const notes = [pending ? 'one batch waiting' : '', kind === 'honest' ? '' : kind]
    .filter((note) => note !== '')
    .join(', ');
  return `${station.padEnd(14)} ${algorithm.padEnd(17)} ${sent.padEnd(25)} ${dim(did)} ${notes}`;
}
