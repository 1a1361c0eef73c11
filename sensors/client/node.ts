/** What the client needs of Node and Deno: a file for the queue, a file for the key. */
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { err, type Result } from '../../core/result.ts';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import { NODE_STEPS } from './file-storage.ts';
import { type BadKey, generateKeyPem, loadDeviceKey, type SigningKey } from './key.ts';

export { FileStorage } from './file-storage.ts';
export { FolderInUse } from './lock.ts';

export async function readKeyFile(path: string): Promise<Result<SigningKey, BadKey>> {
  try {
    return await loadDeviceKey(await readFile(path, 'utf8'));
  } catch (error) {
    return err({ reason: 'bad-key', detail: error instanceof Error ? error.message : String(error) });
  }
}

/** Refuses a file that is there: a key overwritten by mistake would be a device lost. */
export async function makeKeyFile(path: string, algorithm: KeyAlgorithm = 'ed25519'): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(await generateKeyPem(algorithm));
    // A device that is claimed with a key that a loss of power takes away is lost, too.
    await file.sync();
  } finally {
    await file.close();
  }
  await NODE_STEPS.syncDirectory(dirname(path));
}
