/** The keys of the test vectors: everyone knows them, so no network may register them. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import type { DeviceId } from '../../core/ids.ts';
import { type KeyAlgorithm, toDidKey } from '../../core/signature/did-key.ts';

export type VectorKey = {
  readonly algorithm: KeyAlgorithm;
  readonly did: DeviceId;
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Deterministic for both: RFC 8032, and RFC 6979 without choosing the lower of the two values of s. */
  sign(message: Uint8Array): Uint8Array;
};

export function vectorKey(algorithm: KeyAlgorithm, name: string): VectorKey {
  return keyOf(algorithm, sha256(utf8ToBytes(`isobar test vectors, ${algorithm}, ${name}`)));
}

function keyOf(algorithm: KeyAlgorithm, secret: Uint8Array): VectorKey {
  const isEd25519 = algorithm === 'ed25519';
  const publicKey = isEd25519 ? ed25519.getPublicKey(secret) : p256.getPublicKey(secret, true);
  const sign = (message: Uint8Array) =>
    isEd25519 ? ed25519.sign(message, secret) : p256.sign(message, secret, { lowS: false });
  return { algorithm, did: toDidKey({ algorithm, publicKey }), secret, publicKey, sign };
}

/** Around the secret bytes: PKCS#8 of RFC 8410, and of RFC 5915 without the optional public key. */
const FRAME: Readonly<Record<KeyAlgorithm, string>> = {
  ed25519: '302e020100300506032b657004220420',
  'ecdsa-p256-sha256': '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420',
};

export function pemOf({ algorithm, secret }: VectorKey): string {
  const text = base64.encode(concatBytes(hexToBytes(FRAME[algorithm]), secret));
  return `-----BEGIN PRIVATE KEY-----\n${(text.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}
