/**
 * COSE_Sign1 (RFC 9052 section 4.2), tagged 18 or bare. Strict: definite lengths, no repeated label, in one bucket or over
 * both (section 3), no critical header that is not understood. Which headers a batch must have is batch.ts's matter.
 */
import { encode, Tagged } from 'cborg';
import { err, ok, type Result } from '../result.ts';
import { decodeStrict } from '../strict-cbor.ts';

export type Header = ReadonlyMap<unknown, unknown>;

export type Sign1 = {
  /** As sent, inside its byte string: what is signed. */
  readonly protectedBytes: Uint8Array;
  readonly protected: Header;
  readonly unprotected: Header;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
};

export type BadCose = { readonly reason: 'bad-cose'; readonly detail: string };

const TAG = 18;
const CRIT = 2;
const bad = (detail: string): Result<never, BadCose> => err({ reason: 'bad-cose', detail });

export function openSign1(bytes: Uint8Array): Result<Sign1, BadCose> {
  const message = read(bytes, TAG);
  if (message === null) return bad('the body is not CBOR in definite lengths');
  const items: unknown = message.value instanceof Tagged ? message.value.value : message.value;
  if (!Array.isArray(items) || items.length !== 4) return bad('a COSE_Sign1 is an array of four items');
  const [protectedBytes, unprotectedHeader, payload, signature]: readonly unknown[] = items;
  if (!(protectedBytes instanceof Uint8Array)) return bad('the protected header is a byte string');
  if (!(unprotectedHeader instanceof Map)) return bad('the unprotected header is a map');
  if (!(payload instanceof Uint8Array)) return bad('the payload is a byte string, and not detached');
  if (!(signature instanceof Uint8Array)) return bad('the signature is a byte string');
  const decoded = protectedBytes.length === 0 ? { value: new Map() } : read(protectedBytes, null);
  if (!(decoded?.value instanceof Map)) return bad('the protected header holds a map');
  const protectedHeader: Header = decoded.value;
  for (const label of protectedHeader.keys())
    if (unprotectedHeader.has(label)) return bad(`the label ${String(label)} is in both headers`);
  // Section 3.1: what is critical must be understood, and nothing beyond RFC 9052's own labels is.
  if (protectedHeader.has(CRIT) || unprotectedHeader.has(CRIT)) return bad('no critical header is understood');
  return ok({ protectedBytes, protected: protectedHeader, unprotected: unprotectedHeader, payload, signature });
}

/** Sig_structure of RFC 9052 section 4.4, encoded: the bytes that are signed. */
export function signedBytes(
  { protectedBytes, payload }: Pick<Sign1, 'protectedBytes' | 'payload'>,
  externalAad: Uint8Array,
): Uint8Array {
  // An empty map is signed as an empty byte string, however it was sent (section 4.4).
  const isEmpty = protectedBytes.length === 1 && protectedBytes[0] === 0xa0;
  return encode(['Signature1', isEmpty ? new Uint8Array() : protectedBytes, externalAad, payload]);
}

export function encodeSign1({
  protectedBytes,
  payload,
  signature,
}: Pick<Sign1, 'protectedBytes' | 'payload' | 'signature'>): Uint8Array {
  return encode(new Tagged(TAG, [protectedBytes, new Map(), payload, signature]));
}

/** Null: no CBOR of this strictness. */
function read(bytes: Uint8Array, tag: number | null): { readonly value: unknown } | null {
  try {
    return { value: decodeStrict(bytes, tag) };
  } catch {
    return null;
  }
}
