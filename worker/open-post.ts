/** A batch in either form: opened far enough to know whose it claims to be, verified only then. */
import type { DeviceId } from '../core/ids.ts';
import { MAX_BODY_BYTES } from '../core/ingest/limits.ts';
import { COSE_CONTENT_TYPE, readCoseBatch } from '../core/cose/batch.ts';
import { err, ok, type Result } from '../core/result.ts';
import { parseCborReadings } from '../core/senml/parse-readings.ts';
import { coseEvidence, encodeEvidence } from '../core/signature/evidence.ts';
import { checkSignatureClock } from '../core/signature/signed-request.ts';
import type { SignatureVerifier } from '../core/signature/verify.ts';
import { readBody } from './middleware/body.ts';
import { openSignedPost, verifySignedPost, type PostRefusal, type VerifiedPost } from './signed-post.ts';

export type OpenPost = {
  readonly device: DeviceId;
  readonly path: string;
  readonly verify: (verifier: SignatureVerifier) => Promise<Result<VerifiedPost, PostRefusal>>;
};

export async function openPost(
  request: Request,
  authorities: ReadonlySet<string>,
  nowMs: number,
): Promise<Result<OpenPost, PostRefusal>> {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';', 1);
  if (type.trim().toLowerCase() === COSE_CONTENT_TYPE) return openCosePost(request, authorities, nowMs);
  const post = openSignedPost(request, authorities, nowMs);
  if (!post.ok) return post;
  const { device, covered } = post.value.signed;
  return ok({ device, path: covered.path, verify: (verifier) => verifySignedPost(post.value, request, verifier) });
}

/** The message says whose it is, so it is read first; its readings only once the signature holds. */
async function openCosePost(
  request: Request,
  authorities: ReadonlySet<string>,
  nowMs: number,
): Promise<Result<OpenPost, PostRefusal>> {
  const { host, pathname } = new URL(request.url);
  const encoding = request.headers.get('content-encoding');
  // The signature covers the message as it is: a compressed one would be another.
  if (encoding !== null && encoding !== 'identity')
    return err({ reason: 'unsupported-encoding', given: encoding.slice(0, 40) });
  if (!authorities.has(host)) return err({ reason: 'wrong-authority', given: host });
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return body;
  const batch = readCoseBatch(body.value, host, pathname);
  if (!batch.ok) return batch;
  const { device, createdSeconds, nonce, digest, previous, payload, signature, signed } = batch.value;
  const clock = checkSignatureClock({ createdSeconds, expiresSeconds: null }, nowMs);
  if (!clock.ok) return clock;
  return ok({
    device,
    path: pathname,
    async verify(verifier) {
      const holds = await verifier.verify(device, signed, signature);
      if (!holds.ok) return err({ reason: 'wrong-key' });
      if (!holds.value) return err({ reason: 'wrong-signature' });
      const readings = parseCborReadings(payload, device, createdSeconds * 1000);
      if (!readings.ok) return readings;
      const evidence = encodeEvidence(coseEvidence(batch.value, host, pathname, body.value));
      return ok({ device, nonce, digest, previous, readings: readings.value, evidence });
    },
  });
}
