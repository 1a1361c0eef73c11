/**
 * `did:key` (W3C CCG did:key method): multibase base58btc of a multicodec prefix and the public key. The algorithm of a
 * device follows from its key, never from what a request says.
 */
import { base58 } from '@scure/base';
import { parseDeviceId, type DeviceId, type InvalidId } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';

/** Names of RFC 9421 section 6.2.2. */
export type KeyAlgorithm = 'ed25519' | 'ecdsa-p256-sha256';
/** Ed25519: 32 bytes (RFC 8032). P-256: 33 bytes, compressed point (SEC 1 section 2.3.3). */
export type DeviceKey = { readonly algorithm: KeyAlgorithm; readonly publicKey: Uint8Array };

/** Multicodec prefixes as varints: ed25519-pub 0xed, p256-pub 0x1200. */
const PREFIX: Readonly<Record<KeyAlgorithm, readonly [number, number]>> = {
  ed25519: [0xed, 0x01],
  'ecdsa-p256-sha256': [0x80, 0x24],
};
const KEY_BYTES: Readonly<Record<KeyAlgorithm, number>> = { ed25519: 32, 'ecdsa-p256-sha256': 33 };
const METHOD = 'did:key:z';
const LONGEST_MULTICODEC = 2 + Math.max(...Object.values(KEY_BYTES));

export function parseDidKey(given: unknown): Result<DeviceKey, InvalidId> {
  const device = parseDeviceId(given);
  return device.ok ? decodeDidKey(device.value) : device;
}

export function decodeDidKey(device: DeviceId): Result<DeviceKey, InvalidId> {
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(device.slice(METHOD.length));
  } catch {
    // Only a character outside the alphabet throws, and parseDeviceId has excluded those; refused all the same.
    return refuse(device);
  }
  const algorithm: KeyAlgorithm = bytes[0] === PREFIX.ed25519[0] ? 'ed25519' : 'ecdsa-p256-sha256';
  const [first, second] = PREFIX[algorithm];
  if (bytes[0] !== first || bytes[1] !== second || bytes.length !== KEY_BYTES[algorithm] + 2) return refuse(device);
  const publicKey = bytes.slice(2);
  // A compressed point starts with 2 or 3; other forms would give one key several names.
  if (algorithm === 'ecdsa-p256-sha256' && publicKey[0] !== 2 && publicKey[0] !== 3) return refuse(device);
  return ok({ algorithm, publicKey });
}

export function toDidKey(key: DeviceKey): DeviceId {
  if (key.publicKey.length !== KEY_BYTES[key.algorithm])
    throw new RangeError(`${key.algorithm} key of ${key.publicKey.length} bytes`);
  return `${METHOD}${base58.encode(Uint8Array.from([...PREFIX[key.algorithm], ...key.publicKey]))}` as DeviceId;
}

/** Multicodec prefix and key: what a did:key writes in base58. */
export function multicodecOf(device: DeviceId): Uint8Array {
  return base58.decode(device.slice(METHOD.length));
}

/** Null: neither an Ed25519 nor a compressed P-256 key. */
export function didKeyOfMulticodec(bytes: Uint8Array): DeviceId | null {
  // Base58 takes the square of the length, and its library throws where that is too much.
  if (bytes.length > LONGEST_MULTICODEC) return null;
  const device = parseDidKey(`${METHOD}${base58.encode(bytes)}`);
  return device.ok ? toDidKey(device.value) : null;
}

function refuse(given: string): Result<never, InvalidId> {
  return err({ reason: 'invalid-id', kind: 'device', given: given.slice(0, 80) });
}
