/** `device rotate`: a new key for the same device, whose history goes on under it. */
import type { DeviceId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { ActOf } from '../../core/lifecycle/act.ts';
import { actFields, parseAct } from '../../core/lifecycle/parse-act.ts';
import type { Result } from '../../core/result.ts';
import { generateKeyPem, type SigningKey } from '../../sensors/client/key.ts';
import type { NetworkProblem } from '../../sensors/client/problem.ts';
import { sentenceOf } from '../admin-client.ts';
import { type Flags, readArguments, UsageError } from '../command-line.ts';
import { readKeyFile, requireKeyFile } from '../key-file.ts';
import { dim, done, Refusal } from '../lib/say.ts';
import { issuedNow, readTerms, signAct } from '../registry/acts.ts';
import { postAct, type Registered } from '../registry/routes.ts';
import { withQueue } from './deliver.ts';
import { algorithmOf } from './init.ts';
import { apiOf, DEFAULT_KEY_FILE } from './open.ts';
import { requireOwner } from './owner-key.ts';
import { FILE_STEPS, finishRotation, retiredFileOf, type RotationSteps, successorFileOf } from './rotation.ts';
import { type DeviceState, newState, readState } from './state.ts';

export async function rotate(args: readonly string[]): Promise<void> {
  const { flags, has } = readArguments(args, {
    values: ['key', 'did', 'algorithm', 'owner-key', 'api', 'dir'],
    switches: ['lost'],
  });
  const keyFile = flags['key'] ?? DEFAULT_KEY_FILE;
  const isLost = has('lost');
  const begun = (await readState(keyFile))?.rotation;
  await finishRotation(keyFile);
  // The network had agreed; what was missing is done, and another change of key is another command.
  if (begun?.address) return done(`${keyFile} is now ${begun.successor}; its history goes on`);
  const old = isLost ? null : await requireKeyFile(keyFile);
  const state = await stateOf(keyFile, old, flags);
  const api = await apiOf(flags, state);
  if (old !== null && state.address !== null && state.rotation === null)
    await withQueue({ key: old, url: state.address.ingestUrl, keyFile }, 'The key was not changed.', async () => {});
  const owner = isLost ? await requireOwner(flags, api) : null;
  const terms = await readTerms(api);
  const after = await changeKey(keyFile, state, {
    steps: FILE_STEPS,
    newKeyPem: () => generateKeyPem(algorithmOf(flags['algorithm'] ?? old?.algorithm ?? 'ed25519')),
    issuedAt: () => issuedNow(terms),
    post: async (act, successor) =>
      owner === null
        ? postAct(api, act, {}, [{ label: 's', key: successor }, ...(old ? [{ label: 'old', key: old }] : [])])
        : postAct(api, act, { ownerSignature: await signAct(owner, act, terms) }, [{ label: 's', key: successor }]),
  });
  done(`${state.device} is now ${after.device}; its history goes on`);
  console.log(`  posts to ${after.address?.ingestUrl ?? ''}`);
  if (old !== null) console.log(dim(`  the old key is kept as ${retiredFileOf(keyFile, state.device)}`));
}

export type ChangeOfKey = {
  readonly steps: RotationSteps;
  readonly newKeyPem: () => Promise<string>;
  /** Unix seconds of the network's clock. */
  readonly issuedAt: () => number;
  readonly post: (act: ActOf<'rotate'>, successor: SigningKey) => Promise<Result<Registered, NetworkProblem>>;
};

/** May be cut short anywhere and called again: the same successor, and where nothing was answered the same act first. */
export async function changeKey(keyFile: string, state: DeviceState, change: ChangeOfKey): Promise<DeviceState> {
  const { steps, post } = change;
  const successor = await successorOf(keyFile, change);
  const begun = begunAct(state, successor.did);
  const repeated = begun === null ? null : await post(begun, successor);
  const rotation = { successor: successor.did, body: state.rotation?.body ?? null, address: null };
  let answer = repeated;
  // A network that is out of order may have taken it all the same: then only the same act is right.
  if (answer === null || (!answer.ok && answer.error.status < 500)) {
    const act = rotateAct(state.device, successor.did, change.issuedAt());
    rotation.body = actFields(act);
    await steps.writeState(keyFile, { ...state, rotation });
    answer = await post(act, successor);
  }
  if (!answer.ok) {
    if (answer.error.status < 500) await steps.writeState(keyFile, { ...state, rotation: null });
    throw new Refusal(sentenceOf(answer.error));
  }
  const { ingestUrl, region } = answer.value;
  await steps.writeState(keyFile, { ...state, rotation: { ...rotation, address: { ingestUrl, region } } });
  await finishRotation(keyFile, steps);
  const after = await readState(keyFile);
  if (after === null) throw new Error('the state was just written');
  return after;
}

/** On disk before the network hears of it; the one of an attempt that was cut short is used again. */
async function successorOf(keyFile: string, { steps, newKeyPem }: ChangeOfKey): Promise<SigningKey> {
  const file = successorFileOf(keyFile);
  if ((await readKeyFile(file)) === null) await steps.makeFile(file, await newKeyPem());
  return requireKeyFile(file);
}

function begunAct({ device, rotation }: DeviceState, successor: DeviceId): ActOf<'rotate'> | null {
  if (rotation === null || rotation.successor !== successor) return null;
  const act = parseAct('rotate', rotation.body);
  return act.ok && act.value.device === device ? act.value : null;
}

function rotateAct(device: DeviceId, successor: DeviceId, issuedAt: number): ActOf<'rotate'> {
  return { kind: 'rotate', device, successor, issuedAt };
}

/** With the old key lost, what is remembered beside it, or at least the device's id. */
async function stateOf(keyFile: string, old: SigningKey | null, flags: Flags): Promise<DeviceState> {
  const known = await readState(keyFile);
  if (old !== null && known !== null && known.device !== old.did)
    throw new Refusal(`what is kept beside ${keyFile} is about ${known.device}, not about this key`);
  if (known !== null) return known;
  if (old !== null) return newState(old.did, null);
  const did = parseDeviceId(flags['did']);
  if (!did.ok) throw new UsageError(`nothing is kept beside ${keyFile}: say with --did which device has lost its key`);
  return newState(did.value, null);
}
