/** Verification as the rest of the code sees it, and the way back from stored evidence to the text that was signed. */
import { sha256 } from '@noble/hashes/sha2.js';
import type { DeviceId, InvalidId } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import { STANDARD_CONTENT_TYPE, type BadEvidence, type Evidence } from './evidence.ts';
import { formatContentDigest, parseContentDigest } from './fields.ts';
import { signatureBase } from './signature-base.ts';
import type { SignedRequest } from './signed-request.ts';
import { CHAINED_COMPONENTS, COMPONENTS, parseSignatureInput, standardParams } from './signature-input.ts';

/** Native where there is WebCrypto (worker/adapters/webcrypto-verifier.ts). */
export interface SignatureVerifier {
  /** The error: the id holds no usable key. */
  verify(device: DeviceId, signed: string | Uint8Array, signature: Uint8Array): Promise<Result<boolean, InvalidId>>;
}

/** Evidence of a request whose digest and signature were found right. */
export function evidenceOf(request: SignedRequest, contentEncoding: 'gzip' | null, body: Uint8Array): Evidence {
  const { input, covered, previous } = request;
  const { createdSeconds, nonce, label, params } = input;
  return {
    authority: covered.authority,
    path: covered.path,
    createdSeconds,
    nonce,
    label,
    signature: request.signature,
    body,
    contentType: covered.contentType === STANDARD_CONTENT_TYPE ? null : covered.contentType,
    contentEncoding,
    contentDigest: covered.contentDigest === formatContentDigest(request.digest) ? null : covered.contentDigest,
    params: params === standardParams(createdSeconds, request.device, nonce, previous !== null) ? null : params,
    previous,
    compact: null,
  };
}

/** What a batch is known by, beside device and nonce: sha-256 of the content, however often it is signed anew. */
export function contentDigestOf(evidence: Evidence): Uint8Array {
  return evidence.compact?.digest ?? sha256(evidence.body);
}

/**
 * What `evidence.signature` signs: text, or the bytes of the compact form. Refused when the parts contradict each other: a
 * digest that is not the body's, or parameters that name another key, time or nonce. So a good signature over it covers the body, the nonce and the time.
 */
export function evidenceBase(evidence: Evidence, device: DeviceId): Result<string | Uint8Array, BadEvidence> {
  const { compact } = evidence;
  if (compact !== null) return compact.device === device ? ok(compact.signed) : bad('the message names another key');
  const bodyDigest = formatContentDigest(sha256(evidence.body));
  const contentDigest = evidence.contentDigest ?? bodyDigest;
  if (evidence.contentDigest !== null) {
    const claimed = parseContentDigest(evidence.contentDigest);
    if (!claimed.ok || formatContentDigest(claimed.value) !== bodyDigest) return bad("the digest is not the body's");
  }
  const covered = {
    authority: evidence.authority,
    path: evidence.path,
    contentType: evidence.contentType ?? STANDARD_CONTENT_TYPE,
    contentDigest,
    previousDigest: evidence.previous === null ? null : formatContentDigest(evidence.previous),
  };
  const isChained = evidence.previous !== null;
  const standard = standardParams(evidence.createdSeconds, device, evidence.nonce, isChained);
  if (evidence.params === null)
    return ok(signatureBase(covered, isChained ? CHAINED_COMPONENTS : COMPONENTS, standard));
  const input = parseSignatureInput(`${evidence.label}=${evidence.params}`);
  if (!input.ok) return bad('the signature parameters cannot be read');
  const { createdSeconds, nonce, keyid, components, params } = input.value;
  if (createdSeconds !== evidence.createdSeconds || nonce !== evidence.nonce || keyid !== device) {
    return bad('the signature parameters name another time, nonce or key');
  }
  if (components.includes('previous-digest') !== isChained) return bad('the previous digest is not what is covered');
  return ok(signatureBase(covered, components, params));
}

function bad(detail: string): Result<never, BadEvidence> {
  return err({ reason: 'bad-evidence', detail });
}
