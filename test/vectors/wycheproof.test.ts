/** Project Wycheproof's signatures, good and crooked, through the check that every batch goes through. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { hexToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { toDidKey, type DeviceKey } from '../../core/signature/did-key.ts';
import { createWebcryptoVerifier } from '../../worker/adapters/webcrypto-verifier.ts';

type Case = readonly [id: number, message: string, signature: string, result: 'valid' | 'invalid', comment: string];
type File = { readonly groups: readonly { readonly key: string; readonly tests: readonly Case[] }[] };

const SIGNATURE_BYTES = 64;
const verifier = createWebcryptoVerifier();

function read(name: string): File {
  return JSON.parse(gunzipSync(readFileSync(join(import.meta.dirname, `${name}.json.gz`))).toString('utf8')) as File;
}

/** Uncompressed points begin with 04. */
function keyOf(hex: string): DeviceKey {
  if (hex.length === 64) return { algorithm: 'ed25519', publicKey: hexToBytes(hex) };
  const parity = Number.parseInt(hex.at(-1) ?? '0', 16) % 2;
  return { algorithm: 'ecdsa-p256-sha256', publicKey: hexToBytes(`0${2 + parity}${hex.slice(2, 66)}`) };
}

test.each([
  ['wycheproof-ed25519', 151],
  ['wycheproof-p256', 262],
])('%s: every one of %i verdicts is the published one', async (name, count) => {
  const wrong: unknown[] = [];
  let seen = 0;
  for (const { key, tests } of read(name).groups) {
    const device = toDidKey(keyOf(key));
    for (const [id, message, signature, result, comment] of tests) {
      const bytes = hexToBytes(signature);
      const holds = await verifier.verify(device, hexToBytes(message), bytes);
      // The wire takes 64 bytes only (core/signature/fields.ts); here the check itself is asked whatever the length.
      const isValid = bytes.length === SIGNATURE_BYTES && holds.ok && holds.value;
      if (isValid !== (result === 'valid')) wrong.push([id, comment, result]);
      seen += 1;
    }
  }
  expect([seen, wrong]).toEqual([count, []]);
});
