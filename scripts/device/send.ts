import { SENML_JSON } from '../../sensors/client/sign.ts';
import { type Flags, readArguments } from '../command-line.ts';
import { requireKeyFile } from '../key-file.ts';
import { Refusal } from '../lib/say.ts';
import { DEFAULT_DIR } from '../local-network.ts';
import { deliver, type Target, withQueue } from './deliver.ts';
import { DEFAULT_KEY_FILE, localNetwork, openKeyFile } from './open.ts';
import { READING_FLAGS, readBatchBody } from './readings.ts';
import { readState } from './state.ts';

export async function send(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: [...READING_FLAGS, 'device', 'key', 'url', 'dir', 'api'] });
  const target = await targetOf(flags);
  const body = await readBatchBody(flags, target.key, Date.now());
  await withQueue(target, 'The new reading was not taken: send it again.', async (queue) => {
    await queue.put({ contentType: SENML_JSON, body }, null, Date.now());
    await deliver(queue, target);
  });
}

/** A key that is named, a device of the local network that is named, the device claimed in this folder, a spare one. */
async function targetOf(flags: Flags): Promise<Target> {
  const named = flags['key'];
  if (named !== undefined) return claimedTarget(named, flags['url']);
  const isOtherNamed = flags['device'] !== undefined || flags['dir'] !== undefined;
  if (!isOtherNamed && (await readState(DEFAULT_KEY_FILE))?.address)
    return claimedTarget(DEFAULT_KEY_FILE, flags['url']);
  return localTarget(flags);
}

async function claimedTarget(keyFile: string, given: string | undefined): Promise<Target> {
  if (given !== undefined) return { key: await requireKeyFile(keyFile), url: given, keyFile };
  // Begun and cut short: the network may know the new key already.
  if ((await readState(keyFile))?.rotation) await (await import('./rotate.ts')).rotate(['--key', keyFile]);
  const { key, state } = await openKeyFile(keyFile);
  if (state.address === null)
    throw new Refusal(
      `${keyFile} is not claimed yet: npm run device -- claim --key ${keyFile} --lat N --lon N; or give --url ADDRESS`,
    );
  return { key, url: state.address.ingestUrl, keyFile };
}

async function localTarget(flags: Flags): Promise<Target> {
  const dir = flags['dir'] ?? DEFAULT_DIR;
  const local = await localNetwork(flags);
  if (!local)
    throw new Refusal(`no network in ${dir}: start one with npm start, or give --key FILE of a claimed device`);
  const wanted = flags['device'];
  const device = local.devices.find(({ did, station, spare }) =>
    wanted === undefined ? spare : did === wanted || station === wanted,
  );
  if (!device)
    throw new Refusal(
      wanted === undefined ? 'the network has no spare device' : `${wanted} is no device of ${dir}/local.json`,
    );
  return { key: await requireKeyFile(device.keyFile), url: device.ingestUrl, keyFile: device.keyFile };
}
