import { writeFile } from 'node:fs/promises';
import { generateKeyPem, KEY_ALGORITHMS } from '../../sensors/client/key.ts';
import { readArguments, UsageError } from '../command-line.ts';
import { requireKeyFile } from '../key-file.ts';
import { done, Refusal } from '../lib/say.ts';

export const DEFAULT_KEY_FILE = 'device.pem';

export async function init(args: readonly string[]): Promise<void> {
  const { flags } = readArguments(args, { values: ['key', 'algorithm', 'dir', 'api'] });
  const path = flags['key'] ?? DEFAULT_KEY_FILE;
  const named = flags['algorithm'] ?? 'ed25519';
  const algorithm = KEY_ALGORITHMS.find((known) => known === named);
  if (!algorithm) throw new UsageError(`--algorithm ${named}: one of ${KEY_ALGORITHMS.join(', ')}`);
  try {
    // wx: a key overwritten by mistake would be a device lost.
    await writeFile(path, await generateKeyPem(algorithm), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isThere = 'code' in error && error.code === 'EEXIST';
    throw new Refusal(isThere ? `${path} is there already and stays; choose another --key FILE` : error.message);
  }
  const key = await requireKeyFile(path);
  done(`${path} holds the device's key; keep it, it is the device`);
  console.log(key.did);
}
