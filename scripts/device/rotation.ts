/**
 * The files of a change of key, in steps of which each may be the last before a loss of power. The successor's key is on disk
 * before the network hears of it, and what the network answered is on disk before the old key leaves its place; the
 * one rename of the successor to that place is the change. The old key is kept under another name.
 */
import { rename } from 'node:fs/promises';
import type { DeviceId } from '../../core/ids.ts';
import { readKeyFile, requireKeyFile } from '../key-file.ts';
import { linkFile, makeFile, moveFile } from '../lib/keep-file.ts';
import { Refusal } from '../lib/say.ts';
import { queueFileOf, readState, stemOf, writeState } from './state.ts';

/** So that a test can cut the power between any two. */
export type RotationSteps = {
  readonly makeFile: typeof makeFile;
  readonly linkFile: typeof linkFile;
  readonly moveFile: typeof moveFile;
  readonly writeState: typeof writeState;
};

export const FILE_STEPS: RotationSteps = { makeFile, linkFile, moveFile, writeState };

export function successorFileOf(keyFile: string): string {
  return `${stemOf(keyFile)}.next.pem`;
}

export function retiredFileOf(keyFile: string, device: DeviceId): string {
  return `${stemOf(keyFile)}.${device.slice(-8)}.old.pem`;
}

/** Brings a change that the network has confirmed to its end; what is already done is left out. */
export async function finishRotation(keyFile: string, steps: RotationSteps = FILE_STEPS): Promise<void> {
  const state = await readState(keyFile);
  if (!state?.rotation?.address) return;
  const { successor, address } = state.rotation;
  const current = await readKeyFile(keyFile);
  if (current?.did !== successor) {
    const next = await requireKeyFile(successorFileOf(keyFile));
    if (next.did !== successor)
      throw new Refusal(`${successorFileOf(keyFile)} is ${next.did}, and the network took ${successor} as the new key`);
    if (current !== null) await steps.linkFile(keyFile, retiredFileOf(keyFile, state.device));
    await steps.moveFile(successorFileOf(keyFile), keyFile);
  }
  await setQueueAside(keyFile, state.device);
  await steps.writeState(keyFile, { ...state, device: successor, address, rotation: null });
}

/** A batch that names the old key in its body cannot be signed by the new one. */
async function setQueueAside(keyFile: string, device: DeviceId): Promise<void> {
  await rename(queueFileOf(keyFile), queueFileOf(retiredFileOf(keyFile, device))).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    },
  );
}
