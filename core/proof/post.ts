/** A batch as its device posted it: the header fields of the request, made from stored evidence, and read back. */
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import type { DeviceId } from '../ids.ts';
import { COSE_CONTENT_TYPE, readCoseBatch } from '../cose/batch.ts';
import { coseEvidence, STANDARD_CONTENT_TYPE, type Evidence } from '../signature/evidence.ts';
import { formatContentDigest } from '../signature/fields.ts';
import { standardParams } from '../signature/signature-input.ts';
import { parseSignedRequest } from '../signature/signed-request.ts';
import { evidenceOf } from '../signature/verify.ts';
import { ok, type Result } from '../result.ts';
import { fault, type Fault } from './fault.ts';
import type { PostFields } from './format.ts';

export function postOf(evidence: Evidence, device: DeviceId): PostFields {
  const { authority, path, createdSeconds, nonce, label, signature, body, previous } = evidence;
  // The compact form signs itself: there are no header fields to show.
  if (evidence.compact !== null) {
    const none = { contentEncoding: null, contentDigest: '', signatureInput: '', signature: '' };
    return { method: 'POST', authority, path, contentType: COSE_CONTENT_TYPE, ...none, body: base64.encode(body) };
  }
  return {
    method: 'POST',
    authority,
    path,
    contentType: evidence.contentType ?? STANDARD_CONTENT_TYPE,
    contentEncoding: evidence.contentEncoding,
    contentDigest: evidence.contentDigest ?? formatContentDigest(sha256(body)),
    ...(previous !== null && { previousDigest: formatContentDigest(previous) }),
    signatureInput: `${label}=${evidence.params ?? standardParams(createdSeconds, device, nonce, previous !== null)}`,
    signature: `${label}=:${base64.encode(signature)}:`,
    body: base64.encode(body),
  };
}

export type ReadPost = { readonly device: DeviceId; readonly digest: Uint8Array; readonly evidence: Evidence };

/** Nothing is verified here beyond the digest: the same steps as at the edge, up to the signature. */
export function readPost(post: PostFields, at: string): Result<ReadPost, Fault> {
  if (post.contentType === COSE_CONTENT_TYPE) return readCosePost(post, at);
  const request = parseSignedRequest({ ...post, previousDigest: post.previousDigest ?? null });
  if (!request.ok) return fault('post', at, request.error.reason, 'header fields of a signed post');
  const body = base64.decode(post.body);
  const digest = sha256(body);
  const signed = request.value;
  const [found, claimed] = [formatContentDigest(digest), formatContentDigest(signed.digest)];
  if (found !== claimed) return fault('digest', `${at}.body`, found, claimed);
  return ok({ device: signed.device, digest, evidence: evidenceOf(signed, post.contentEncoding, body) });
}

function readCosePost(post: PostFields, at: string): Result<ReadPost, Fault> {
  const { authority, path, contentEncoding, contentDigest, signatureInput, signature } = post;
  const isBare = contentEncoding === null && contentDigest === '' && post.previousDigest === undefined;
  if (!isBare || signatureInput !== '' || signature !== '')
    return fault('post', at, 'header fields', 'a message that signs itself');
  const body = base64.decode(post.body);
  const batch = readCoseBatch(body, authority, path);
  if (!batch.ok) return fault('post', `${at}.body`, batch.error.reason, 'a batch in COSE_Sign1');
  const { device, digest } = batch.value;
  return ok({ device, digest, evidence: coseEvidence(batch.value, authority, path, body) });
}
