import { readFile } from 'node:fs/promises';
import { loadDeviceKey, type SigningKey } from '../sensors/client/key.ts';
import { Refusal } from './lib/say.ts';

/** Null: there is no such file. A file that is no key is refused by name. */
export async function readKeyFile(path: string): Promise<SigningKey | null> {
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new Refusal(`${path} cannot be read: ${error.message}`);
  });
  if (pem === null) return null;
  const key = await loadDeviceKey(pem);
  if (!key.ok) throw new Refusal(`${path}: ${key.error.detail}`);
  return key.value;
}

export async function requireKeyFile(path: string): Promise<SigningKey> {
  const key = await readKeyFile(path);
  if (!key) throw new Refusal(`${path} does not exist; make a key with: npm run device -- init --key ${path}`);
  return key;
}
