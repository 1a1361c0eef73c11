/**
 * Evidence of one accepted post: everything a stranger needs, beside the device's id, to verify its signature again and to
 * read the same readings from the same bytes. CBOR array (RFC 8949), so that it stays readable without this code:
 *
 *   [1, authority, path, created, nonce (8 bytes), label, signature (64 bytes), body as posted,
 *    content type, content encoding, content digest, signature params, previous digest (32 bytes)]
 *
 * The last five are null where they have the standard form, the digest where none was sent; trailing nulls are left out. Of the compact form, which holds
 * time, nonce and signature itself:
 *
 *   [2, authority, path, message as posted]
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { encode } from 'cborg';
import { readCoseBatch, type CoseBatch } from '../cose/batch.ts';
import { err, ok, type Result } from '../result.ts';
import { decodePlain } from '../strict-cbor.ts';

export type Evidence = {
  readonly authority: string;
  readonly path: string;
  readonly createdSeconds: number;
  /** 16 lower-case hex digits. */
  readonly nonce: string;
  readonly label: string;
  readonly signature: Uint8Array;
  /** As posted: still compressed where `contentEncoding` says so. */
  readonly body: Uint8Array;
  /** Null: `application/senml+json`. */
  readonly contentType: string | null;
  readonly contentEncoding: 'gzip' | null;
  /** Content-Digest as sent; null: `sha-256=:...:` of the body and nothing else. */
  readonly contentDigest: string | null;
  /** `@signature-params` as sent; null: the form of `standardParams`. */
  readonly params: string | null;
  /** sha-256 that the device gave of its previous batch (docs/protocol.md, "Chain of batches"); null: none. */
  readonly previous: Uint8Array | null;
  /** The batch where it came as a COSE_Sign1: `body` is the message then, `label` empty, and the header fields above are null. */
  readonly compact: CoseBatch | null;
};

export type BadEvidence = { readonly reason: 'bad-evidence'; readonly detail: string };

export const STANDARD_CONTENT_TYPE = 'application/senml+json';
const FORMAT = 1;
const COSE_FORMAT = 2;
const REQUIRED = 8;
const ALL = 13;

export function coseEvidence(batch: CoseBatch, authority: string, path: string, body: Uint8Array): Evidence {
  const { createdSeconds, nonce, signature, previous } = batch;
  const rest = { label: '', contentType: null, contentEncoding: null, contentDigest: null, params: null };
  return { authority, path, createdSeconds, nonce, signature, body, ...rest, previous, compact: batch };
}

export function encodeEvidence(evidence: Evidence): Uint8Array {
  const { authority, path, createdSeconds, nonce, label, signature, body } = evidence;
  if (evidence.compact !== null) return encode([COSE_FORMAT, authority, path, body]);
  const { contentType, contentEncoding, contentDigest, params, previous } = evidence;
  const optional = [contentType, contentEncoding, contentDigest, params, previous];
  while (optional.at(-1) === null) optional.pop();
  return encode([FORMAT, authority, path, createdSeconds, hexToBytes(nonce), label, signature, body, ...optional]);
}

export function decodeEvidence(bytes: Uint8Array): Result<Evidence, BadEvidence> {
  let fields: unknown;
  try {
    fields = decodePlain(bytes);
  } catch {
    // cborg throws for every kind of malformed input.
    return bad('not CBOR');
  }
  if (Array.isArray(fields) && fields[0] === COSE_FORMAT) return decodeCose(fields);
  if (!Array.isArray(fields) || fields.length < REQUIRED || fields.length > ALL)
    return bad('not an array of 8 to 13 items');
  const items: readonly unknown[] = fields;
  const [format, authority, path, createdSeconds, nonce, label, signature, body] = items;
  const [contentType = null, contentEncoding = null, contentDigest = null, params = null, previous = null] =
    items.slice(REQUIRED);
  if (format !== FORMAT) return bad('unknown format');
  if (typeof authority !== 'string' || typeof path !== 'string' || typeof label !== 'string')
    return bad('authority, path and label are text');
  if (typeof createdSeconds !== 'number' || !Number.isSafeInteger(createdSeconds))
    return bad('created is a whole number');
  if (!(nonce instanceof Uint8Array) || nonce.length !== 8) return bad('the nonce has 8 bytes');
  if (!(signature instanceof Uint8Array) || signature.length !== 64) return bad('the signature has 64 bytes');
  if (!(body instanceof Uint8Array)) return bad('the body is bytes');
  if (contentEncoding !== null && contentEncoding !== 'gzip') return bad('unknown content encoding');
  if (!isTextOrNull(contentType) || !isTextOrNull(contentDigest) || !isTextOrNull(params))
    return bad('optional items are text');
  if (previous !== null && !(previous instanceof Uint8Array && previous.length === 32))
    return bad('the previous digest has 32 bytes');
  return ok({
    authority,
    path,
    createdSeconds,
    nonce: bytesToHex(nonce),
    label,
    signature,
    body,
    contentType,
    contentEncoding,
    contentDigest,
    params,
    previous,
    compact: null,
  });
}

function decodeCose(fields: readonly unknown[]): Result<Evidence, BadEvidence> {
  const [, authority, path, body] = fields;
  if (fields.length !== 4 || typeof authority !== 'string' || typeof path !== 'string' || !(body instanceof Uint8Array))
    return bad('not authority, path and message');
  const batch = readCoseBatch(body, authority, path);
  return batch.ok ? ok(coseEvidence(batch.value, authority, path, body)) : bad('the message is no batch');
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function bad(detail: string): Result<never, BadEvidence> {
  return err({ reason: 'bad-evidence', detail });
}
