import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { memberOf, TestLog } from '../../test/support/region-log.ts';
import { admit, rememberBatch } from './decide.ts';
import type { DeviceState } from './state.ts';

const hex = (nonce: bigint) => nonce.toString(16).padStart(16, '0');
const digest = (text: string) => sha256(utf8ToBytes(text));

function deviceThatSent(...nonces: bigint[]): DeviceState {
  const device = new TestLog(1).state.devices[0];
  if (device === undefined) throw new Error('no device');
  for (const [at, nonce] of nonces.entries()) rememberBatch(device, hex(nonce), digest(String(nonce)), at + 1);
  return device;
}

test('the same nonce and bytes is a repeat of its entry, with other bytes it is refused', () => {
  const device = deviceThatSent(5n, 6n, 9n);
  expect(admit(device, hex(6n), digest('6'))).toEqual({ ok: true, value: { kind: 'repeat', seq: 2 } });
  expect(admit(device, hex(6n), digest('other'))).toEqual({
    ok: false,
    error: { reason: 'nonce-reused', nonce: hex(6n) },
  });
});

test('a nonce that was overtaken is new inside the window and refused below it, naming the highest', () => {
  const device = deviceThatSent(1n, 100n);
  expect(admit(device, hex(37n), digest('x'))).toEqual({ ok: true, value: { kind: 'new' } });
  expect(admit(device, hex(36n), digest('x'))).toEqual({
    ok: false,
    error: { reason: 'nonce-too-old', nonce: hex(36n), highest: hex(100n) },
  });
});

test('the window reaches the end of 64 bits', () => {
  const device = deviceThatSent(2n ** 64n - 1n);
  expect(admit(device, hex(2n ** 64n - 2n), digest('x')).ok).toBe(true);
  expect(device.recent).toHaveLength(1);
});

test('a retired device may hear its old receipts but posts nothing new', () => {
  const device = deviceThatSent(1n);
  device.membership = memberOf(0, { version: 2, status: 'retired' });
  expect(admit(device, hex(1n), digest('1')).ok).toBe(true);
  expect(admit(device, hex(2n), digest('2'))).toMatchObject({ ok: false, error: { reason: 'retired-device' } });
});
