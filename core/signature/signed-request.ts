/** What a signed post claims, read from its header fields. Nothing here is verified yet: that takes the body and the key. */
import type { SignatureRefusal } from '../errors.ts';
import { parseDeviceId, type DeviceId, type InvalidId } from '../ids.ts';
import { CLOCK_SKEW_SECONDS, MAX_SIGNATURE_AGE_SECONDS } from '../ingest/limits.ts';
import { err, ok, type Result } from '../result.ts';
import { parseContentDigest, parsePreviousDigest, parseSignature } from './fields.ts';
import { signatureBase, type CoveredValues } from './signature-base.ts';
import { parseSignatureInput, type SignatureInput } from './signature-input.ts';

/** Header fields as received; null: absent. */
export type SignedFields = {
  readonly authority: string;
  readonly path: string;
  readonly contentType: string | null;
  readonly contentDigest: string | null;
  readonly previousDigest: string | null;
  readonly signatureInput: string | null;
  readonly signature: string | null;
};

export type SignedRequest = {
  readonly device: DeviceId;
  readonly input: SignatureInput;
  readonly signature: Uint8Array;
  /** sha-256 that the sender claims for the body. */
  readonly digest: Uint8Array;
  /** sha-256 of the device's previous batch, where it names one. */
  readonly previous: Uint8Array | null;
  readonly covered: CoveredValues;
  /** The text that was signed (RFC 9421 section 2.5). */
  readonly base: string;
};

/** RFC 9110 section 5.5: what a field may hold beside bytes that say nothing. */
const PRINTABLE = /^[\t\x20-\x7e]*$/;

export function parseSignedRequest(fields: SignedFields): Result<SignedRequest, SignatureRefusal | InvalidId> {
  if (fields.signatureInput === null) return err({ reason: 'unsigned', missing: 'signature-input' });
  if (fields.signature === null) return err({ reason: 'unsigned', missing: 'signature' });
  if (fields.contentDigest === null) return err({ reason: 'unsigned', missing: 'content-digest' });
  if (fields.contentType === null) return err({ reason: 'weak-coverage', missing: 'content-type' });
  // What stands in them is signed and kept as text, and must be read from there as it was: CBOR drops a byte order mark.
  if (!PRINTABLE.test(fields.contentDigest + fields.contentType))
    return err({ reason: 'malformed-signature', detail: 'Content-Type and Content-Digest are printable ASCII' });
  const input = parseSignatureInput(fields.signatureInput);
  if (!input.ok) return input;
  const device = parseDeviceId(input.value.keyid);
  if (!device.ok) return device;
  const signature = parseSignature(fields.signature, input.value.label);
  if (!signature.ok) return signature;
  const digest = parseContentDigest(fields.contentDigest);
  if (!digest.ok) return digest;
  const previous = readPrevious(fields.previousDigest, input.value);
  if (!previous.ok) return previous;
  const covered: CoveredValues = {
    authority: fields.authority,
    path: fields.path,
    contentType: fields.contentType,
    contentDigest: fields.contentDigest,
    previousDigest: fields.previousDigest,
  };
  return ok({
    device: device.value,
    input: input.value,
    signature: signature.value,
    digest: digest.value,
    previous: previous.value,
    covered,
    base: signatureBase(covered, input.value.components, input.value.params),
  });
}

/** Sent and covered, or neither: a stranger on the way must not be able to add it or take it away. */
function readPrevious(
  header: string | null,
  { components }: SignatureInput,
): Result<Uint8Array | null, SignatureRefusal> {
  const isCovered = components.includes('previous-digest');
  if (header === null)
    return isCovered
      ? err({ reason: 'malformed-signature', detail: 'previous-digest is covered but was not sent' })
      : ok(null);
  return isCovered ? parsePreviousDigest(header) : err({ reason: 'weak-coverage', missing: 'previous-digest' });
}

/**
 * `created` is the time of the upload. The time of measurement is another matter: a device that was offline for a week
 * signs its old readings now.
 */
export function checkSignatureClock(
  input: Pick<SignatureInput, 'createdSeconds' | 'expiresSeconds'>,
  nowMs: number,
): Result<void, SignatureRefusal> {
  const serverSeconds = Math.floor(nowMs / 1000);
  const { createdSeconds, expiresSeconds } = input;
  const future = createdSeconds > serverSeconds + CLOCK_SKEW_SECONDS;
  const old = serverSeconds - createdSeconds > MAX_SIGNATURE_AGE_SECONDS + CLOCK_SKEW_SECONDS;
  const expired = expiresSeconds !== null && expiresSeconds < serverSeconds - CLOCK_SKEW_SECONDS;
  return future || old || expired ? err({ reason: 'clock-skew', createdSeconds, serverSeconds }) : ok(undefined);
}
