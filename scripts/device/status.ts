import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue } from '../../sensors/client/queue.ts';
import { behaviourOf } from '../../sensors/simulator/behaviour.ts';
import { readArguments } from '../command-line.ts';
import { bold, dim, Refusal } from '../lib/say.ts';
import { DEFAULT_DIR, readLocalNetwork } from '../local-network.ts';
import type { DemoDevice } from '../register-demo.ts';
import { readStatus } from './network-rules.ts';

export async function showStatus(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: ['dir', 'api'] });
  const dir = flags['dir'] ?? DEFAULT_DIR;
  const local = await readLocalNetwork(dir);
  const api = flags['api'] ?? local?.api;
  if (!api) throw new Refusal('which network? Start one with npm start, or give --api URL');
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
