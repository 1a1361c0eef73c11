/**
 * A device's key: made once, kept as PKCS#8 PEM (RFC 5958, so that openssl can sign with the same file), and the name of
 * the device itself, since a device id is its public key as did:key. WebCrypto only: runs in Node, Deno and browsers.
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

/** A new private key as PKCS#8 PEM. */
export async function generateKeyPem(algorithm: KeyAlgorithm): Promise<string> {
  const pair = await crypto.subtle.generateKey(GENERATE[algorithm], true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('a signature algorithm yields a key pair');
  const der = new Uint8Array(await exportDer(pair.privateKey));
  return `-----BEGIN PRIVATE KEY-----\n${wrap(base64.encode(der))}\n-----END PRIVATE KEY-----\n`;
}

export async function loadDeviceKey(pem: string): Promise<Result<SigningKey, BadKey>> {
  const der = derOf(pem);
  if (!der.ok) return der;
  const algorithm = algorithmOf(der.value);
  if (!algorithm) return err({ reason: 'bad-key', detail: 'the key is neither Ed25519 nor P-256' });
  const imported = await crypto.subtle
    .importKey('pkcs8', der.value, GENERATE[algorithm], true, ['sign'])
    .then(ok)
    .catch(() => err({ reason: 'bad-key', detail: 'the PEM does not hold a whole PKCS#8 private key' } as const));
  if (!imported.ok) return imported;
  const key = imported.value;
  return ok({
    algorithm,
    did: toDidKey({ algorithm, publicKey: await publicKeyOf(algorithm, key) }),
    // The copy gives WebCrypto a plain ArrayBuffer behind the view.
    sign: async (message) => new Uint8Array(await crypto.subtle.sign(SIGN[algorithm], key, Uint8Array.from(message))),
  });
}

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

/** 32 bytes, or the 33 bytes of a compressed point (SEC 1 section 2.3.3). WebCrypto derives it only by way of a JWK. */
async function publicKeyOf(algorithm: KeyAlgorithm, key: CryptoKey): Promise<Uint8Array> {
  const jwk = await crypto.subtle.exportKey('jwk', key);
  if (!('x' in jwk) || jwk.x === undefined) throw new Error('a JWK of this algorithm has an x');
  const x = base64urlnopad.decode(jwk.x);
  if (algorithm === 'ed25519') return x;
  if (jwk.y === undefined) throw new Error('a P-256 JWK has a y');
  const y = base64urlnopad.decode(jwk.y);
  return Uint8Array.from([2 + ((y.at(-1) ?? 0) & 1), ...x]);
}

async function exportDer(key: CryptoKey): Promise<ArrayBuffer> {
  const exported = await crypto.subtle.exportKey('pkcs8', key);
  if (!(exported instanceof ArrayBuffer)) throw new Error('pkcs8 exports bytes');
  return exported;
}

/** RFC 7468: 64 characters a line. */
function wrap(text: string): string {
  return (text.match(/.{1,64}/g) ?? []).join('\n');
}
