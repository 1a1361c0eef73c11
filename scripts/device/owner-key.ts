/** The wallet of a device's owner, as far as a command may use it. */
import { readFile } from 'node:fs/promises';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { type Flags, UsageError } from '../command-line.ts';
import { Refusal } from '../lib/say.ts';
import { localNetwork } from './open.ts';

/** `--owner-key FILE`, else OWNER_PRIVATE_KEY, else the local network's own owner, but only for that network. */
export async function findOwner(flags: Flags, api: string): Promise<PrivateKeyAccount | null> {
  const path = flags['owner-key'];
  if (path !== undefined) return accountOf(await readText(path), path);
  const fromEnvironment = process.env['OWNER_PRIVATE_KEY'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return accountOf(fromEnvironment, 'OWNER_PRIVATE_KEY');
  const local = await localNetwork(flags);
  if (local?.ownerKey && new URL(local.api).origin === api) return accountOf(local.ownerKey, 'the local owner');
  return null;
}

export async function requireOwner(flags: Flags, api: string): Promise<PrivateKeyAccount> {
  const owner = await findOwner(flags, api);
  if (owner === null)
    throw new UsageError("the owner's key is missing: give --owner-key FILE, or set OWNER_PRIVATE_KEY");
  return owner;
}

function accountOf(text: string, where: string): PrivateKeyAccount {
  const digits = text.trim().replace(/^0x/, '');
  // The text itself is never shown: it may be a key with one digit too many.
  if (!/^[0-9a-fA-F]{64}$/.test(digits))
    throw new Refusal(`${where} is no private key: 64 hex digits, with or without 0x`);
  return privateKeyToAccount(`0x${digits.toLowerCase()}`);
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new Refusal(`${path} cannot be read: ${error.message}`);
  });
}
