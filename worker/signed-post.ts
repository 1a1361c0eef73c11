/**
 * From HTTP to readings, in the order that lets a stranger cost least: fields, clock, body, digest, signature, and only then
 * inflating and parsing. Nothing of the body is believed before its signature holds.
 */
import type { PackRefusal, RequestRefusal, SignatureRefusal } from '../core/errors.ts';
import type { DeviceId } from '../core/ids.ts';
import { bodyText } from '../core/ingest/body-text.ts';
import { MAX_BODY_BYTES, MAX_INFLATED_BYTES } from '../core/ingest/limits.ts';
import type { Reading } from '../core/reading/reading.ts';
import { err, ok, type Result } from '../core/result.ts';
import { parseReadings } from '../core/senml/parse-readings.ts';
import { encodeEvidence, STANDARD_CONTENT_TYPE } from '../core/signature/evidence.ts';
import { checkSignatureClock, parseSignedRequest, type SignedRequest } from '../core/signature/signed-request.ts';
import { evidenceOf, type SignatureVerifier } from '../core/signature/verify.ts';
import { decodeDidKey } from '../core/signature/did-key.ts';
import { gunzip, readBody } from './middleware/body.ts';

export type PostRefusal = RequestRefusal | SignatureRefusal | PackRefusal;

export type SignedPost = { readonly signed: SignedRequest; readonly contentEncoding: 'gzip' | null };

export type VerifiedPost = {
  readonly device: DeviceId;
  readonly nonce: string;
  readonly digest: Uint8Array;
  /** sha-256 that the device gave of its previous batch. */
  readonly previous: Uint8Array | null;
  readonly readings: readonly Reading[];
  /** Encoded (core/signature/evidence.ts). */
  readonly evidence: Uint8Array;
};

/** Reads the header fields only. `authorities`: hosts that signatures may name; no forwarded-host header is looked at. */
export function openSignedPost(
  request: Request,
  authorities: ReadonlySet<string>,
  nowMs: number,
): Result<SignedPost, PostRefusal> {
  const { headers } = request;
  const url = new URL(request.url);
  const contentType = headers.get('content-type');
  if (contentType === null || !isSenmlJson(contentType))
    return err({ reason: 'wrong-content-type', given: contentType?.slice(0, 80) ?? null });
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== 'gzip' && encoding !== 'identity')
    return err({ reason: 'unsupported-encoding', given: encoding.slice(0, 40) });
  const signed = parseSignedRequest({
    authority: url.host,
    path: url.pathname,
    contentType,
    contentDigest: headers.get('content-digest'),
    previousDigest: headers.get('previous-digest'),
    signatureInput: headers.get('signature-input'),
    signature: headers.get('signature'),
  });
  if (!signed.ok) return signed;
  if (!authorities.has(url.host)) return err({ reason: 'wrong-authority', given: url.host });
  const clock = checkSignatureClock(signed.value.input, nowMs);
  if (!clock.ok) return clock;
  return ok({ signed: signed.value, contentEncoding: encoding === 'gzip' ? 'gzip' : null });
}

export async function verifySignedPost(
  post: SignedPost,
  request: Request,
  verifier: SignatureVerifier,
): Promise<Result<VerifiedPost, PostRefusal>> {
  const { signed, contentEncoding } = post;
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return body;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body.value));
  if (!sameBytes(digest, signed.digest)) return err({ reason: 'wrong-digest' });
  const holds = await verifier.verify(signed.device, signed.base, signed.signature);
  if (!holds.ok) return err({ reason: 'wrong-key' });
  if (!holds.value || !algorithmAgrees(signed)) return err({ reason: 'wrong-signature' });

  const inflated = contentEncoding === 'gzip' ? await gunzip(body.value, MAX_INFLATED_BYTES) : body;
  if (!inflated.ok) return inflated;
  const text = bodyText(inflated.value);
  if (text === null) return err({ reason: 'not-json', detail: 'the body is not UTF-8' });
  const readings = parseReadings(text, signed.device, signed.input.createdSeconds * 1000);
  if (!readings.ok) return readings;
  return ok({
    device: signed.device,
    nonce: signed.input.nonce,
    digest,
    previous: signed.previous,
    readings: readings.value,
    evidence: encodeEvidence(evidenceOf(signed, contentEncoding, body.value)),
  });
}

/** RFC 9421 section 3.2 step 6: where `alg` is given it must be the key's own. */
function algorithmAgrees(signed: SignedRequest): boolean {
  const { alg } = signed.input;
  if (alg === null) return true;
  const key = decodeDidKey(signed.device);
  return key.ok && key.value.algorithm === alg;
}

function isSenmlJson(contentType: string): boolean {
  if (contentType === STANDARD_CONTENT_TYPE) return true;
  const [type = ''] = contentType.split(';', 1);
  return type.trim().toLowerCase() === STANDARD_CONTENT_TYPE;
}

/** The digest is no secret: no need for constant time. */
function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
