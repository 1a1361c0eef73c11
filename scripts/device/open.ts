/** The device a command is about: its key, what it remembers, and the network it belongs to. */
import type { SigningKey } from '../../sensors/client/key.ts';
import type { Flags } from '../command-line.ts';
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
  const api = await findApi(flags, state);
  if (api === null) throw new Refusal('which network? Start one with npm start, or give --api URL');
  return api;
}

/** Null: none is named, and none runs here. */
export async function findApi(flags: Flags, state: DeviceState | null): Promise<string | null> {
  const api = flags['api'] ?? state?.api ?? (await localNetwork(flags))?.api;
  return api === undefined ? null : new URL(api).origin;
}

export function localNetwork(flags: Flags): Promise<LocalNetwork | null> {
  return readLocalNetwork(flags['dir'] ?? DEFAULT_DIR);
}

/** Where owners sign: the network's own pages, unless they are served elsewhere. */
export function webOf(flags: Flags, api: string): string {
  return (flags['web'] ?? api).replace(/\/+$/, '');
}

/** What stands behind the # is never sent to a server. */
export function claimLink(web: string, { device, code }: DeviceState): string {
  return `${web}/claim#device=${device}&code=${code}`;
}
