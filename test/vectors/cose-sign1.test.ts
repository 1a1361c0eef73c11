/** The COSE working group's examples of COSE_Sign1, read and verified with what reads and verifies batches. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hexToBytes, bytesToHex } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { openSign1, signedBytes } from '../../core/cose/sign1.ts';
import { toDidKey, type DeviceKey } from '../../core/signature/did-key.ts';
import { createWebcryptoVerifier } from '../../worker/adapters/webcrypto-verifier.ts';

type Vector = {
  readonly name: string;
  readonly fails: boolean;
  readonly curve: 'P-256' | 'Ed25519';
  readonly x: string;
  readonly y?: string;
  readonly external: string;
  readonly toBeSigned: string;
  readonly cbor: string;
};

const file = JSON.parse(readFileSync(join(import.meta.dirname, 'cose-sign1.json'), 'utf8')) as {
  readonly vectors: readonly Vector[];
};
const verifier = createWebcryptoVerifier();

/** SEC 1 section 2.3.3: the parity of y, then x. */
function keyOf({ curve, x, y }: Vector): DeviceKey {
  if (curve === 'Ed25519') return { algorithm: 'ed25519', publicKey: hexToBytes(x) };
  const parity = Number.parseInt(y?.at(-1) ?? '0', 16) % 2;
  return { algorithm: 'ecdsa-p256-sha256', publicKey: hexToBytes(`0${2 + parity}${x}`) };
}

async function verify(vector: Vector): Promise<boolean> {
  const opened = openSign1(hexToBytes(vector.cbor));
  if (!opened.ok) return false;
  const algorithm = opened.value.protected.get(1) ?? opened.value.unprotected.get(1);
  if (algorithm !== (vector.curve === 'Ed25519' ? -8 : -7)) return false;
  const signed = signedBytes(opened.value, hexToBytes(vector.external));
  const holds = await verifier.verify(toDidKey(keyOf(vector)), signed, opened.value.signature);
  return holds.ok && holds.value;
}

test.each(file.vectors.filter(({ fails }) => !fails))('$name holds, and its Sig_structure is the published one', async (vector) => {
  const opened = openSign1(hexToBytes(vector.cbor));
  if (!opened.ok) throw new Error(opened.error.detail);
  expect(bytesToHex(signedBytes(opened.value, hexToBytes(vector.external)))).toBe(vector.toBeSigned.toLowerCase());
  expect(await verify(vector)).toBe(true);
});

test.each(file.vectors.filter(({ fails }) => fails))('$name does not hold', async (vector) => {
  expect(await verify(vector)).toBe(false);
});
