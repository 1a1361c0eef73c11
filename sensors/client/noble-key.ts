/** Keys without WebCrypto: browsers that lack Ed25519, and pages that are not a secure context. Loaded only there. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';

/** What stands around the 32 secret bytes: RFC 8410 section 7; RFC 5915 in RFC 5958. */
const ED25519_DER = '302e020100300506032b657004220420';
const P256_DER = '308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420';
const P256_PUBLIC_DER = 'a144034200';
/** Right before the secret bytes, in whatever order and length the rest is written. */
const MARK: Readonly<Record<KeyAlgorithm, string>> = { ed25519: '04220420', 'ecdsa-p256-sha256': '0201010420' };

export type NobleKey = {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
};

/** Undefined: no whole PKCS#8 key. */
export function nobleKey(algorithm: KeyAlgorithm, der: Uint8Array): NobleKey | undefined {
  const hex = bytesToHex(der);
  const at = hex.indexOf(MARK[algorithm]);
  const secretHex = hex.slice(at + MARK[algorithm].length, at + MARK[algorithm].length + 64);
  if (at < 0 || secretHex.length < 64) return undefined;
  const secret = hexToBytes(secretHex);
  if (algorithm === 'ed25519')
    return { publicKey: ed25519.getPublicKey(secret), sign: (message) => ed25519.sign(message, secret) };
  if (!p256.utils.isValidSecretKey(secret)) return undefined;
  return { publicKey: p256.getPublicKey(secret, true), sign: (message) => p256.sign(message, secret) };
}

export function generateDer(algorithm: KeyAlgorithm): Uint8Array {
  if (algorithm === 'ed25519') return hexToBytes(ED25519_DER + bytesToHex(ed25519.utils.randomSecretKey()));
  const secret = p256.utils.randomSecretKey();
  const publicKey = bytesToHex(p256.getPublicKey(secret, false));
  return hexToBytes(P256_DER + bytesToHex(secret) + P256_PUBLIC_DER + publicKey);
}
