/**
 * A device's key, which is also its name, since a device id is its public key as did:key. Made once and kept as PKCS#8 PEM
 * (RFC 5958, so that openssl can sign with the same file), in a browser's own store, or in a secure element. WebCrypto
 * signs; where it cannot, noble-key.ts does.
 */
import { base64, base64urlnopad } from '@scure/base';
import type { DeviceId } from '../../core/ids.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type KeyAlgorithm, toDidKey } from '../../core/signature/did-key.ts';

export const KEY_ALGORITHMS: readonly KeyAlgorithm[] = ['ed25519', 'ecdsa-p256-sha256'];

export type SigningKey = {
  readonly algorithm: KeyAlgorithm;
  readonly did: DeviceId;
  /** 64 bytes: Ed25519, or ECDSA R || S (never DER). */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
};

export type BadKey = { readonly reason: 'bad-key'; readonly detail: string };

const GENERATE = { ed25519: { name: 'Ed25519' }, 'ecdsa-p256-sha256': { name: 'ECDSA', namedCurve: 'P-256' } } as const;
const SIGN = { ed25519: { name: 'Ed25519' }, 'ecdsa-p256-sha256': { name: 'ECDSA', hash: 'SHA-256' } } as const;

/** Object identifiers as they stand in the DER of a PKCS#8 file: id-Ed25519 (RFC 8410) and prime256v1 (RFC 5480). */
const OID_ED25519 = '06032b6570';
const OID_P256 = '06082a8648ce3d030107';

/** Null in pages that are not a secure context. */
const SUBTLE: SubtleCrypto | null = crypto.subtle ?? null;

/** A new private key as PKCS#8 PEM. */
export async function generateKeyPem(algorithm: KeyAlgorithm, subtle = SUBTLE): Promise<string> {
  const der = (await generateInWebCrypto(algorithm, subtle)) ?? (await import('./noble-key.ts')).generateDer(algorithm);
  return `-----BEGIN PRIVATE KEY-----\n${wrap(base64.encode(der))}\n-----END PRIVATE KEY-----\n`;
}

async function generateInWebCrypto(algorithm: KeyAlgorithm, subtle: SubtleCrypto | null): Promise<Uint8Array | null> {
  if (subtle === null) return null;
  try {
    const pair = await subtle.generateKey(GENERATE[algorithm], true, ['sign', 'verify']);
    if (!('privateKey' in pair)) throw new Error('a signature algorithm yields a key pair');
    return new Uint8Array(await exportDer(subtle, pair.privateKey));
  } catch (error) {
    if (isUnsupported(error)) return null;
    throw error;
  }
}

export async function loadDeviceKey(pem: string, subtle = SUBTLE): Promise<Result<SigningKey, BadKey>> {
  const der = derOf(pem);
  if (!der.ok) return der;
  const algorithm = algorithmOf(der.value);
  if (!algorithm) return err({ reason: 'bad-key', detail: 'the key is neither Ed25519 nor P-256' });
  try {
    if (subtle === null) return await loadWithNoble(algorithm, der.value);
    const key = await subtle.importKey('pkcs8', der.value, GENERATE[algorithm], true, ['sign']);
    return ok(webCryptoKey(subtle, algorithm, await publicKeyOf(subtle, algorithm, key), key));
  } catch (error) {
    return isUnsupported(error) ? loadWithNoble(algorithm, der.value) : err(NOT_WHOLE);
  }
}

const NOT_WHOLE: BadKey = { reason: 'bad-key', detail: 'the PEM does not hold a whole PKCS#8 private key' };

async function loadWithNoble(algorithm: KeyAlgorithm, der: Uint8Array): Promise<Result<SigningKey, BadKey>> {
  const key = (await import('./noble-key.ts')).nobleKey(algorithm, der);
  return key === undefined ? err(NOT_WHOLE) : ok(elementKey({ algorithm, ...key }));
}

/** A pair that WebCrypto keeps, such as one that cannot be exported and lies in IndexedDB. */
export async function keyOfPair(pair: CryptoKeyPair): Promise<SigningKey> {
  const algorithm = pair.privateKey.algorithm.name === 'ECDSA' ? 'ecdsa-p256-sha256' : 'ed25519';
  const publicKey = await publicKeyOf(crypto.subtle, algorithm, pair.publicKey);
  return webCryptoKey(crypto.subtle, algorithm, publicKey, pair.privateKey);
}

/** What a secure element, a TPM or a signing service does: the secret never leaves it. */
export type KeyElement = {
  readonly algorithm: KeyAlgorithm;
  /** Ed25519: 32 bytes. P-256: 33 (compressed) or 65 (04, x, y). */
  readonly publicKey: Uint8Array;
  /** The message is not hashed yet. 64 bytes: Ed25519, or ECDSA with SHA-256 as R || S. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
};

export function elementKey({ algorithm, publicKey, sign }: KeyElement): SigningKey {
  return {
    algorithm,
    did: toDidKey({ algorithm, publicKey: publicKey.length === 65 ? compressed(publicKey) : publicKey }),
    sign: async (message) => {
      const signature = await sign(message);
      if (signature.length !== 64) throw new RangeError(`a signature of ${signature.length} bytes; is it DER?`);
      return signature;
    },
  };
}

function webCryptoKey(
  subtle: SubtleCrypto,
  algorithm: KeyAlgorithm,
  publicKey: Uint8Array,
  key: CryptoKey,
): SigningKey {
  // The copy gives WebCrypto a plain ArrayBuffer behind the view.
  const sign = async (message: Uint8Array): Promise<Uint8Array> =>
    new Uint8Array(await subtle.sign(SIGN[algorithm], key, Uint8Array.from(message)));
  return elementKey({ algorithm, publicKey, sign });
}

const isUnsupported = (error: unknown): boolean => error instanceof Error && error.name === 'NotSupportedError';

function derOf(pem: string): Result<Uint8Array<ArrayBuffer>, BadKey> {
  const body = /-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/.exec(pem)?.[1];
  if (body === undefined) {
    const detail = pem.includes('BEGIN EC PRIVATE KEY')
      ? 'this is a SEC1 file; convert it with: openssl pkcs8 -topk8 -nocrypt -in old.pem -out key.pem'
      : 'no block "BEGIN PRIVATE KEY" (PKCS#8, not encrypted) found';
    return err({ reason: 'bad-key', detail });
  }
  try {
    return ok(Uint8Array.from(base64.decode(body.replace(/\s/g, ''))));
  } catch {
    return err({ reason: 'bad-key', detail: 'the PEM is not base64' });
  }
}

function algorithmOf(der: Uint8Array): KeyAlgorithm | undefined {
  const hex = [...der].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex.includes(OID_P256)) return 'ecdsa-p256-sha256';
  return hex.includes(OID_ED25519) ? 'ed25519' : undefined;
}

/** 32 bytes, or the 33 bytes of a compressed point. WebCrypto derives it from a private key only by way of a JWK. */
async function publicKeyOf(subtle: SubtleCrypto, algorithm: KeyAlgorithm, key: CryptoKey): Promise<Uint8Array> {
  const jwk = await subtle.exportKey('jwk', key);
  if (!('x' in jwk) || jwk.x === undefined) throw new Error('a JWK of this algorithm has an x');
  const x = base64urlnopad.decode(jwk.x);
  if (algorithm === 'ed25519') return x;
  if (jwk.y === undefined) throw new Error('a P-256 JWK has a y');
  return compressed(Uint8Array.from([4, ...x, ...base64urlnopad.decode(jwk.y)]));
}

/** SEC 1 section 2.3.3: x, and whether y is odd. */
function compressed(point: Uint8Array): Uint8Array {
  return Uint8Array.from([2 + ((point.at(-1) ?? 0) & 1), ...point.subarray(1, 33)]);
}

async function exportDer(subtle: SubtleCrypto, key: CryptoKey): Promise<ArrayBuffer> {
  const exported = await subtle.exportKey('pkcs8', key);
  if (!(exported instanceof ArrayBuffer)) throw new Error('pkcs8 exports bytes');
  return exported;
}

/** RFC 7468: 64 characters a line. */
function wrap(text: string): string {
  return (text.match(/.{1,64}/g) ?? []).join('\n');
}
