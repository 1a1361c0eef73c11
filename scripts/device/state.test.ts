import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { commitPosition } from '../../core/lifecycle/position.ts';
import { generateKeyPem, loadDeviceKey } from '../../sensors/client/key.ts';
import { isPositionKept } from './device-status.ts';
import { type DeviceState, newState, readState, stateFileOf, withPosition, writeState } from './state.ts';

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

const POSITION = {
  latitudeE7: 404_168_300,
  longitudeE7: -37_037_900,
  elevationCm: 65_700,
  heightCm: null,
  salt: '0f'.repeat(16),
};

test('positions are kept with their salts; a file of before they were has none', async () => {
  const { keyFile, state } = await place();
  const moved = { ...POSITION, heightCm: 250, salt: '1e'.repeat(16) };
  await writeState(keyFile, withPosition(withPosition(state, POSITION), moved));
  expect((await readState(keyFile))?.positions).toEqual([POSITION, moved]);
  const { positions: _positions, ...before } = JSON.parse(await readFile(stateFileOf(keyFile), 'utf8'));
  await writeFile(stateFileOf(keyFile), JSON.stringify(before));
  expect((await readState(keyFile))?.positions).toEqual([]);
});

test('only a position that opens the newest digest counts as kept', () => {
  const claim = { kind: 'claim' as const, act: { position: commitPosition(POSITION) } };
  const relocate = { kind: 'relocate' as const, act: { position: `0x${'00'.repeat(32)}` } };
  const kept = { positions: [POSITION] };
  expect(isPositionKept(kept, [{ kind: 'maintenance', act: {} }, claim])).toBe(true);
  expect(isPositionKept(kept, [relocate, claim])).toBe(false);
  expect(isPositionKept(kept, [])).toBeNull();
});

test.each([
  ['cut short', (text: string) => text.slice(0, 50)],
  ['of another kind', (text: string) => text.replace('isobar-device', 'isobar-fleet')],
  ['with another key', (text: string) => text.replace('did:key:z6Mk', 'did:key:z6M0')],
  ['with a position without its salt', (text: string) => text.replace('"0f0f', '"0f')],
  ['with an address that is none', (text: string) => text.replace('https://api', 'file:///api')],
])('a file %s is refused by its name and not guessed at', async (_, spoil) => {
  const { keyFile, state } = await place();
  await writeState(keyFile, withPosition(state, POSITION));
  const path = stateFileOf(keyFile);
  await writeFile(path, spoil(await readFile(path, 'utf8')));
  await expect(readState(keyFile)).rejects.toThrow(path);
});
