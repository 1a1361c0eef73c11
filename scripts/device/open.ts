/** The device a command is about: its key, what it remembers, and the network it belongs to. */
import type { PrivateKeyAccount } from 'viem/accounts';
import { privateKeyToAccount } from 'viem/accounts';
import type { SigningKey } from '../../sensors/client/key.ts';
import { readFile } from 'node:fs/promises';
import { type Flags, UsageError } from '../command-line.ts';
import { requireKeyFile } from '../key-file.ts';
import { Refusal } from '../lib/say.ts';
import { DEFAULT_DIR, type LocalNetwork, readLocalNetwork } from '../local-network.ts';
import { finishRotation } from './rotation.ts';
import { type DeviceState, newState, readState, stateFileOf, writeState } from './state.ts';

export const DEFAULT_KEY_FILE = 'device.pem';

export type OpenDevice = { readonly keyFile: string; readonly key: SigningKey; readonly state: DeviceState };

/** A change of key that was cut short is brought to its end first. A key without a memory gets an empty one. */
export async function openDevice(flags: Flags): Promise<OpenDevice> {
  return openKeyFile(flags['key'] ?? DEFAULT_KEY_FILE);
}

export async function openKeyFile(keyFile: string): Promise<OpenDevice> {
  await finishRotation(keyFile);
  const key = await requireKeyFile(keyFile);
  const known = await readState(keyFile);
  if (known === null) {
    const state = newState(key.did, null);
    await writeState(keyFile, state);
    return { keyFile, key, state };
  }
  if (known.device !== key.did)
    throw new Refusal(
      `${stateFileOf(keyFile)} is about ${known.device}, and ${keyFile} is ${key.did}; put the right two together`,
    );
  return { keyFile, key, state: known };
}

/** `--api`, else the network that the device belongs to, else the one that npm start runs here. */
export async function apiOf(flags: Flags, state: DeviceState | null): Promise<string> {
  const api = flags['api'] ?? state?.api ?? (await localNetwork(flags))?.api;
  if (api === undefined) throw new Refusal('which network? Start one with npm start, or give --api URL');
  if (!URL.canParse(api)) throw new UsageError(`--api ${api} is no address; write https://...`);
  return new URL(api).origin;
}

export function localNetwork(flags: Flags): Promise<LocalNetwork | null> {
  return readLocalNetwork(flags['dir'] ?? DEFAULT_DIR);
}

/** Where owners sign: the network's own pages, unless they are served elsewhere. */
export function webOf(flags: Flags, api: string): string {
  const web = flags['web'] ?? api;
  if (!URL.canParse(web)) throw new UsageError(`--web ${web} is no address; write https://...`);
  return web.replace(/\/+$/, '');
}

/** What stands behind the # is never sent to a server. */
export function claimLink(web: string, { device, code }: DeviceState): string {
  return `${web}/claim#device=${device}&code=${code}`;
}

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
