import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ActOf } from '../../core/lifecycle/act.ts';
import { err, ok } from '../../core/result.ts';
import { generateKeyPem } from '../../sensors/client/key.ts';
import type { NetworkProblem } from '../../sensors/client/problem.ts';
import { requireKeyFile } from '../key-file.ts';
import { openKeyFile } from './open.ts';
import { changeKey, type ChangeOfKey } from './rotate.ts';
import { FILE_STEPS, type RotationSteps } from './rotation.ts';
import { readState, stateFileOf, writeState } from './state.ts';

const ADDRESS = { ingestUrl: 'https://api.isobar.example/old', region: '83390cfffffffff' };

async function claimedDevice(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isobar-rotate-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const keyFile = join(folder, 'roof.pem');
  await writeFile(keyFile, await generateKeyPem('ed25519'), { mode: 0o600 });
  const { state } = await openKeyFile(keyFile);
  await writeState(keyFile, { ...state, api: 'https://api.isobar.example', address: ADDRESS });
  return keyFile;
}

class PowerCut extends Error {}

/** The network's rule: one successor a device; the same act again is answered as before, another one is refused. */
class Network {
  taken: ActOf<'rotate'> | null = null;
  readonly #refusal: NetworkProblem = {
    status: 409,
    code: 'stale-act',
    detail: 'The device has another key.',
    remedy: null,
    serverMs: null,
    highest: null,
  };

  answer(act: ActOf<'rotate'>) {
    if (this.taken !== null && JSON.stringify(act) !== JSON.stringify(this.taken)) return err(this.#refusal);
    this.taken = act;
    return ok({ ingestUrl: `https://api.isobar.example/${act.successor}`, region: ADDRESS.region });
  }
}

/** The power goes before the `cut`-th step, files and network counted together; `after`: the step is done, its answer lost. */
function changeUntil(network: Network, cut: number, after: boolean): ChangeOfKey {
  let step = 0;
  let issuedAt = 1_795_000_000;
  const powered = async <T>(run: () => T): Promise<Awaited<T>> => {
    step += 1;
    if (step === cut && !after) throw new PowerCut();
    const result = await run();
    if (step === cut) throw new PowerCut();
    return result;
  };
  const steps: RotationSteps = {
    makeFile: (path, text) => powered(() => FILE_STEPS.makeFile(path, text)),
    linkFile: (from, to) => powered(() => FILE_STEPS.linkFile(from, to)),
    moveFile: (from, to) => powered(() => FILE_STEPS.moveFile(from, to)),
    writeState: (keyFile, state) => powered(() => FILE_STEPS.writeState(keyFile, state)),
  };
  return {
    steps,
    newKeyPem: () => generateKeyPem('ed25519'),
    issuedAt: () => (issuedAt += 1),
    post: (act) => powered(() => network.answer(act)),
  };
}

const STEPS = 7;
const cuts = Array.from({ length: STEPS }, (_, at) => [at + 1, false] as const).flatMap(([at]) => [
  [at, false] as const,
  [at, true] as const,
]);

test.each(cuts)(
  'a power cut at step %i (step done: %s) leaves a device that can post, and a second call ends it',
  async (cut, after) => {
    const keyFile = await claimedDevice();
    const old = await requireKeyFile(keyFile);
    const begun = await readState(keyFile);
    if (begun === null) throw new Error('written above');
    const network = new Network();
    await expect(changeKey(keyFile, begun, changeUntil(network, cut, after))).rejects.toThrow(PowerCut);

    // What the next command finds: key and address of one device, the old or the new one, never a mixture.
    const { key, state } = await openKeyFile(keyFile);
    expect(state.device).toBe(key.did);
    const isChanged = key.did !== old.did;
    expect(state.address?.ingestUrl).toBe(isChanged ? `https://api.isobar.example/${key.did}` : ADDRESS.ingestUrl);

    if (!isChanged) await changeKey(keyFile, state, changeUntil(network, 0, false));
    const ended = await openKeyFile(keyFile);
    expect(ended.key.did).toBe(network.taken?.successor);
    expect(ended.state).toMatchObject({ device: ended.key.did, rotation: null });
    const folder = join(keyFile, '..');
    const files = await readdir(folder);
    expect(files.filter((name) => !name.endsWith('.new')).toSorted()).toEqual(
      ['roof.device.json', 'roof.pem', `roof.${old.did.slice(-8)}.old.pem`].toSorted(),
    );
    expect((await requireKeyFile(join(folder, `roof.${old.did.slice(-8)}.old.pem`))).did).toBe(old.did);
  },
);

test('an uninterrupted change takes the steps that the cuts above go through', async () => {
  const keyFile = await claimedDevice();
  const state = await readState(keyFile);
  if (state === null) throw new Error('written above');
  await changeKey(keyFile, state, changeUntil(new Network(), STEPS + 1, false));
});

test('a refused change leaves the old key in its place and its successor for the next attempt', async () => {
  const keyFile = await claimedDevice();
  const old = await requireKeyFile(keyFile);
  const state = await readState(keyFile);
  if (state === null) throw new Error('written above');
  const network = new Network();
  network.taken = { kind: 'rotate', device: old.did, successor: old.did, issuedAt: 1 };
  await expect(changeKey(keyFile, state, changeUntil(network, 0, false))).rejects.toThrow('stale-act (HTTP 409)');
  expect((await requireKeyFile(keyFile)).did).toBe(old.did);
  expect(await readState(keyFile)).toEqual(state);
});

test('a lost successor file is named, and nothing is guessed', async () => {
  const keyFile = await claimedDevice();
  const state = await readState(keyFile);
  if (state === null) throw new Error('written above');
  const network = new Network();
  await expect(changeKey(keyFile, state, changeUntil(network, 5, false))).rejects.toThrow(PowerCut);
  await rm(join(keyFile, '..', 'roof.next.pem'));
  await expect(openKeyFile(keyFile)).rejects.toThrow(/roof\.next\.pem/);
  expect(stateFileOf(keyFile)).toContain('roof.device.json');
});
