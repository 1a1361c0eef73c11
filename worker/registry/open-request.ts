/**
 * A request to the registry and who has signed it: devices by RFC 9421, over the same five components as a batch. Whatever
 * signature is there has to hold; which ones are needed says the act.
 */
import type { RequestRefusal, SignatureRefusal } from '../../core/errors.ts';
import type { DeviceId, InvalidId } from '../../core/ids.ts';
import { isObject, type Fields } from '../../core/lifecycle/fields.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { decodeDidKey } from '../../core/signature/did-key.ts';
import { encodeEvidence } from '../../core/signature/evidence.ts';
import { parseSignature } from '../../core/signature/fields.ts';
import { pairSignatures } from '../../core/signature/members.ts';
import { signatureBase } from '../../core/signature/signature-base.ts';
import { BODILESS_COMPONENTS, parseSignatureInput } from '../../core/signature/signature-input.ts';
import { checkSignatureClock, parseSignedRequest, type SignedRequest } from '../../core/signature/signed-request.ts';
import { evidenceOf } from '../../core/signature/verify.ts';
import type { SignedAct } from '../../core/lifecycle/signed-act.ts';
import { createWebcryptoVerifier } from '../adapters/webcrypto-verifier.ts';
import { readBody } from '../middleware/body.ts';
import type { EdgeRefusal } from '../middleware/edge-problems.ts';

export const MAX_ACT_BYTES = 16 * 1024;
const MAX_SIGNATURES = 2;
const CONTENT_TYPE = /^application\/json(?:$|\s*;)/i;
const verifier = createWebcryptoVerifier();

export type OpenRefusal = RequestRefusal | SignatureRefusal | EdgeRefusal;
export type OpenedRequest = { readonly fields: Fields; readonly devices: SignedAct['devices'] };

export async function openRequest(
  request: Request,
  authorities: ReadonlySet<string>,
  nowMs: number,
): Promise<Result<OpenedRequest, OpenRefusal>> {
  const contentType = request.headers.get('content-type');
  if (contentType === null || !CONTENT_TYPE.test(contentType))
    return err({ reason: 'wrong-content-type', given: contentType?.slice(0, 80) ?? null });
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity')
    return err({ reason: 'unsupported-encoding', given: encoding.slice(0, 40) });
  const signed = readSignatures(request, contentType, authorities, nowMs);
  if (!signed.ok) return signed;
  const body = await readBody(request, MAX_ACT_BYTES);
  if (!body.ok) return body;
  const devices = await verifyAll(signed.value, body.value);
  if (!devices.ok) return devices;
  const fields = parseFields(body.value);
  return fields === null
    ? err({ reason: 'bad-field', pointer: '', detail: 'the body must be a JSON object' })
    : ok({ fields, devices: devices.value });
}

/** A GET by the device itself: there is no body to sign. */
export async function checkSignedGet(
  request: Request,
  device: DeviceId,
  authorities: ReadonlySet<string>,
  nowMs: number,
): Promise<Result<void, SignatureRefusal>> {
  const { host, pathname } = new URL(request.url);
  const signatureInput = request.headers.get('signature-input');
  const header = request.headers.get('signature');
  if (signatureInput === null) return err({ reason: 'unsigned', missing: 'signature-input' });
  if (header === null) return err({ reason: 'unsigned', missing: 'signature' });
  const input = parseSignatureInput(signatureInput, BODILESS_COMPONENTS);
  if (!input.ok) return input;
  const signature = parseSignature(header, input.value.label);
  if (!signature.ok) return signature;
  if (!authorities.has(host)) return err({ reason: 'wrong-authority', given: host });
  const clock = checkSignatureClock(input.value, nowMs);
  if (!clock.ok) return clock;
  const covered = { method: 'GET', authority: host, path: pathname, contentType: '', contentDigest: '' } as const;
  const base = signatureBase(covered, input.value.components, input.value.params);
  if (input.value.keyid !== device) return err({ reason: 'wrong-key' });
  const holds = await verifier.verify(device, base, signature.value);
  if (!holds.ok) return err({ reason: 'wrong-key' });
  return holds.value && algorithmAgrees(device, input.value.alg) ? ok(undefined) : err({ reason: 'wrong-signature' });
}

function readSignatures(
  request: Request,
  contentType: string,
  authorities: ReadonlySet<string>,
  nowMs: number,
): Result<readonly SignedRequest[], SignatureRefusal | InvalidId> {
  const { headers } = request;
  const { host, pathname } = new URL(request.url);
  const signatureInput = headers.get('signature-input');
  const signature = headers.get('signature');
  if (signatureInput === null && signature === null) return ok([]);
  if (signatureInput === null) return err({ reason: 'unsigned', missing: 'signature-input' });
  if (signature === null) return err({ reason: 'unsigned', missing: 'signature' });
  const pairs = pairSignatures(signatureInput, signature);
  if (pairs === null || pairs.length > MAX_SIGNATURES)
    return err({ reason: 'malformed-signature', detail: 'one or two labels, the same in both fields, are accepted' });
  const signed: SignedRequest[] = [];
  for (const pair of pairs) {
    const contentDigest = headers.get('content-digest');
    const one = parseSignedRequest({
      authority: host,
      path: pathname,
      contentType,
      contentDigest,
      previousDigest: null,
      ...pair,
    });
    if (!one.ok) return one;
    if (!authorities.has(host)) return err({ reason: 'wrong-authority', given: host });
    const clock = checkSignatureClock(one.value.input, nowMs);
    if (!clock.ok) return clock;
    signed.push(one.value);
  }
  return ok(signed);
}

async function verifyAll(
  signed: readonly SignedRequest[],
  body: Uint8Array<ArrayBuffer>,
): Promise<Result<SignedAct['devices'], SignatureRefusal>> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  const devices: { device: DeviceId; evidence: Uint8Array }[] = [];
  for (const one of signed) {
    if (!one.digest.every((byte, at) => byte === digest[at])) return err({ reason: 'wrong-digest' });
    const holds = await verifier.verify(one.device, one.base, one.signature);
    if (!holds.ok) return err({ reason: 'wrong-key' });
    if (!holds.value || !algorithmAgrees(one.device, one.input.alg)) return err({ reason: 'wrong-signature' });
    devices.push({ device: one.device, evidence: encodeEvidence(evidenceOf(one, null, body)) });
  }
  return ok(devices);
}

/** RFC 9421 section 3.2 step 6: where `alg` is given it must be the key's own. */
function algorithmAgrees(device: DeviceId, alg: string | null): boolean {
  const key = decodeDidKey(device);
  return alg === null || (key.ok && key.value.algorithm === alg);
}

function parseFields(body: Uint8Array): Fields | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    const fields: unknown = JSON.parse(text);
    return isObject(fields) ? fields : null;
  } catch {
    // The decoder's TypeError, or JSON's SyntaxError.
    return null;
  }
}
