/**
 * A batch in its compact form: SenML CBOR in a COSE_Sign1. The signature covers what the HTTP form's does: host and address
 * (as external data, so they cost no byte), time, nonce and content; the key says which algorithm.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { SignatureRefusal } from '../errors.ts';
import { parseDeviceId, type DeviceId, type InvalidId } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import { didKeyOfMulticodec, multicodecOf, decodeDidKey, type KeyAlgorithm } from '../signature/did-key.ts';
import { openSign1, signedBytes, type Header } from './sign1.ts';

export const COSE_CONTENT_TYPE = 'application/cose';

/** IANA COSE header parameters, algorithms, CWT claims; CoAP content formats. */
const ALG = 1;
const CONTENT_TYPE = 3;
const KID = 4;
/** RFC 9597: CWT claims in a header. */
const CLAIMS = 15;
const ISSUED_AT = 6;
const TOKEN_ID = 7;
/** Private use (RFC 9052 section 11.1): digest of the previous batch. */
const PREVIOUS = -70001;
const SENML_CBOR = 112;
const ALGORITHMS: Readonly<Record<KeyAlgorithm, number>> = { ed25519: -8, 'ecdsa-p256-sha256': -7 };
const NONCE_BYTES = 8;
const SIGNATURE_BYTES = 64;
const DIGEST_BYTES = 32;
const PURPOSE = 'isobar-ingest-v1';

export type CoseBatch = {
  readonly device: DeviceId;
  readonly createdSeconds: number;
  /** 16 lower-case hex digits. */
  readonly nonce: string;
  /** sha-256 of the payload: with device and nonce what a batch is known by, however often it is signed anew. */
  readonly digest: Uint8Array;
  /** The digest of the device's previous batch, where it names one. */
  readonly previous: Uint8Array | null;
  /** SenML CBOR. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** What the signature signs, at this address. */
  readonly signed: Uint8Array;
};

export type CoseRefusal = SignatureRefusal | InvalidId;

const malformed = (detail: string): Result<never, CoseRefusal> => err({ reason: 'malformed-signature', detail });

/** @param authority and path of the request, lower case and as received */
export function readCoseBatch(bytes: Uint8Array, authority: string, path: string): Result<CoseBatch, CoseRefusal> {
  const opened = openSign1(bytes);
  if (!opened.ok) return malformed(opened.error.detail);
  const { protected: header, unprotected, payload, signature } = opened.value;
  if (unprotected.size > 0) return malformed('the unprotected header must be empty: nobody has signed it');
  const allowed = [ALG, CONTENT_TYPE, KID, CLAIMS, PREVIOUS];
  for (const label of header.keys())
    if (typeof label !== 'number' || !allowed.includes(label))
      return malformed(`the header ${shownLabel(label)} is not one of ${allowed.join(', ')}`);
  if (header.get(CONTENT_TYPE) !== SENML_CBOR) return malformed('header 3 (content type) must be 112, SenML in CBOR');
  const device = deviceOf(header.get(KID));
  if (!device.ok) return device;
  const key = decodeDidKey(device.value);
  if (!key.ok) return key;
  if (header.get(ALG) !== ALGORITHMS[key.value.algorithm])
    return malformed(`header 1 (algorithm) must be ${ALGORITHMS[key.value.algorithm]} for this key`);
  const claims = header.get(CLAIMS);
  if (!(claims instanceof Map)) return malformed('header 15 (claims) must be a map');
  const times = readClaims(claims);
  if (!times.ok) return times;
  const previous = header.get(PREVIOUS) ?? null;
  if (previous !== null && !(previous instanceof Uint8Array && previous.length === DIGEST_BYTES))
    return malformed(`header ${PREVIOUS} (previous digest) has 32 bytes`);
  if (signature.length !== SIGNATURE_BYTES) return malformed('the signature has 64 bytes');
  return ok({
    device: device.value,
    ...times.value,
    digest: sha256(payload),
    previous,
    payload,
    signature,
    signed: signedBytes(opened.value, externalAad(authority, path)),
  });
}

/** A list is not turned to text: it nests as deeply as its sender likes. */
function shownLabel(label: unknown): string {
  return typeof label === 'number' || typeof label === 'string' ? `${label}`.slice(0, 40) : 'that is no number';
}

function readClaims(claims: Header): Result<{ createdSeconds: number; nonce: string }, CoseRefusal> {
  const createdSeconds = claims.get(ISSUED_AT);
  const nonce = claims.get(TOKEN_ID);
  if (claims.size !== 2) return malformed('the claims are 6 (issued at) and 7 (nonce), nothing else');
  if (typeof createdSeconds !== 'number' || !Number.isSafeInteger(createdSeconds) || createdSeconds < 0)
    return malformed('claim 6 (issued at) is a whole number of seconds');
  if (!(nonce instanceof Uint8Array) || nonce.length !== NONCE_BYTES) return malformed('claim 7 (nonce) has 8 bytes');
  return ok({ createdSeconds, nonce: bytesToHex(nonce) });
}

/** The key id is the key: multicodec prefix and public key, as in did:key, without the base58. */
function deviceOf(kid: unknown): Result<DeviceId, CoseRefusal> {
  const did = kid instanceof Uint8Array ? didKeyOfMulticodec(kid) : null;
  return did === null ? malformed('header 4 (key id) is a multicodec prefix and a public key') : parseDeviceId(did);
}

/** Data that is signed and not sent: the address that the batch is meant for. */
export function externalAad(authority: string, path: string): Uint8Array {
  return utf8ToBytes(`${PURPOSE}\nPOST\n${authority}\n${path}`);
}

export type CoseHeader = {
  readonly device: DeviceId;
  readonly createdSeconds: number;
  readonly nonce: string;
  /** sha-256 of the payload before; null or left out: none is named. */
  readonly previous?: Uint8Array | null;
};

/** The protected header of a batch, in the order of core deterministic encoding (RFC 8949 section 4.2.1). */
export function coseHeader(
  { device, createdSeconds, nonce, previous = null }: CoseHeader,
  algorithm: KeyAlgorithm,
): Header {
  const header = new Map<number, unknown>([
    [ALG, ALGORITHMS[algorithm]],
    [CONTENT_TYPE, SENML_CBOR],
    [KID, multicodecOf(device)],
    [
      CLAIMS,
      new Map<number, unknown>([
        [ISSUED_AT, createdSeconds],
        [TOKEN_ID, hexToBytes(nonce)],
      ]),
    ],
  ]);
  return previous === null ? header : header.set(PREVIOUS, previous);
}
