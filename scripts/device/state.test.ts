import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { generateKeyPem, loadDeviceKey } from '../../sensors/client/key.ts';
import { type DeviceState, newState, readState, stateFileOf, writeState } from './state.ts';

async function place(): Promise<{ readonly keyFile: string; readonly state: DeviceState }> {
  const folder = await mkdtemp(join(tmpdir(), 'isobar-state-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const key = await loadDeviceKey(await generateKeyPem('ed25519'));
  if (!key.ok) throw new Error(key.error.detail);
  return { keyFile: join(folder, 'roof.pem'), state: newState(key.value.did, 'https://api.isobar.example') };
}

test('what is written is read back, and only its owner can read it', async () => {
  const { keyFile, state } = await place();
  expect(await readState(keyFile)).toBeNull();
  await writeState(keyFile, state);
  expect(await readState(keyFile)).toEqual(state);
  expect((await stat(stateFileOf(keyFile))).mode & 0o777).toBe(0o600);
});

test('a file left open to others is closed by the next write', async () => {
  const { keyFile, state } = await place();
  await writeFile(stateFileOf(keyFile), '{}', { mode: 0o644 });
  await writeFile(`${stateFileOf(keyFile)}.new`, 'cut short', { mode: 0o644 });
  await writeState(keyFile, state);
  expect((await stat(stateFileOf(keyFile))).mode & 0o777).toBe(0o600);
  expect(await readState(keyFile)).toEqual(state);
});

test('no two devices get the same code', async () => {
  const { state } = await place();
  expect(state.code).toMatch(/^[0-9a-f]{32}$/);
  expect(newState(state.device, null).code).not.toBe(state.code);
});

test.each([
  ['cut short', (text: string) => text.slice(0, 50)],
  ['of another kind', (text: string) => text.replace('isobar-device', 'isobar-fleet')],
  ['with another key', (text: string) => text.replace('did:key:z6Mk', 'did:key:z6M0')],
  ['with an address that is none', (text: string) => text.replace('https://api', 'file:///api')],
])('a file %s is refused by its name and not guessed at', async (_, spoil) => {
  const { keyFile, state } = await place();
  await writeState(keyFile, state);
  const path = stateFileOf(keyFile);
  await writeFile(path, spoil(await readFile(path, 'utf8')));
  await expect(readState(keyFile)).rejects.toThrow(path);
});
