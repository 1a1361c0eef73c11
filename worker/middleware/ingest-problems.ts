/**
 * What a device is told when its batch is refused: one exhaustive switch. A wrong key and a wrong signature look the same
 * from outside; a wrong digest and a wrong clock need no secret to find out, so they are named.
 */
import type { IngestRefusal, PackRefusal, RegionRefusal, RequestRefusal, SignatureRefusal } from '../../core/errors.ts';
import { CLOCK_SKEW_SECONDS, MAX_SIGNATURE_AGE_SECONDS } from '../../core/ingest/limits.ts';
import { rfc3339 } from '../../core/time.ts';
import { invalidIdDetail } from './edge-problems.ts';
import type { ProblemParts } from './problem-parts.ts';

export function describeIngestRefusal(refusal: IngestRefusal): ProblemParts {
  switch (refusal.reason) {
    case 'invalid-id':
    case 'wrong-content-type':
    case 'unsupported-encoding':
    case 'body-too-large':
    case 'inflated-too-large':
    case 'bad-gzip':
    case 'unknown-ingest-address':
      return describeRequest(refusal);
    case 'unsigned':
    case 'malformed-signature':
    case 'weak-coverage':
    case 'wrong-authority':
    case 'bad-nonce':
    case 'clock-skew':
    case 'wrong-digest':
    case 'wrong-key':
    case 'wrong-signature':
      return describeSignature(refusal);
    case 'not-json':
    case 'not-cbor':
    case 'not-senml':
    case 'empty-pack':
    case 'too-many-records':
    case 'unknown-quantity':
    case 'unknown-unit':
    case 'not-a-number':
    case 'out-of-type':
    case 'wrong-base-name':
      return describePack(refusal);
    case 'unknown-device':
    case 'retired-device':
    case 'wrong-region':
    case 'region-not-open':
    case 'nonce-reused':
    case 'nonce-too-old':
      return describeRegion(refusal);
  }
}

function parts(
  status: ProblemParts['status'],
  code: string,
  title: string,
  detail: string,
  remedy: string,
  members: Readonly<Record<string, unknown>> = {},
): ProblemParts {
  return { status, code, title, detail, remedy, members };
}

function describeRequest(refusal: RequestRefusal): ProblemParts {
  switch (refusal.reason) {
    case 'invalid-id':
      return parts(
        400,
        `invalid-${refusal.kind}`,
        `Not a valid ${refusal.kind}`,
        `${invalidIdDetail(refusal)}; given: ${refusal.given}`,
        'Correct the id.',
      );
    case 'wrong-content-type':
      return parts(
        415,
        'wrong-content-type',
        'Not a SenML body',
        `The content type is ${refusal.given ?? 'missing'}.`,
        'Send application/senml+json, or application/cose for the compact form.',
      );
    case 'unsupported-encoding':
      return parts(
        415,
        'unsupported-encoding',
        'Unknown content encoding',
        `The content encoding is ${refusal.given}.`,
        'Send the body as it is; gzip is for batches in JSON alone.',
      );
    case 'body-too-large':
      return parts(
        413,
        'body-too-large',
        'The batch is too large',
        `A batch has at most ${refusal.limitBytes} bytes.`,
        'Split it: each batch with its own nonce.',
        {
          limit: refusal.limitBytes,
        },
      );
    case 'inflated-too-large':
      return parts(
        413,
        'inflated-too-large',
        'The batch inflates to too much',
        `A batch has at most ${refusal.limitBytes} bytes once inflated.`,
        'Split it: each batch with its own nonce.',
        {
          limit: refusal.limitBytes,
        },
      );
    case 'bad-gzip':
      return parts(
        400,
        'bad-gzip',
        'The body is not gzip',
        'The body says it is gzip and cannot be inflated.',
        'Sign and send the very bytes that gzip wrote.',
      );
    case 'unknown-ingest-address':
      return parts(
        404,
        'unknown-ingest-address',
        'This address was not given to this device',
        'The last part of the address belongs to another device or another region, or the device was never registered.',
        'Post to the address given at registration; to try a batch without registering, post it to /v1/check.',
      );
  }
}

const SIGN_AGAIN = 'Sign the batch again and send it; docs/protocol.md shows the text that is signed.';

function describeSignature(refusal: SignatureRefusal): ProblemParts {
  switch (refusal.reason) {
    case 'unsigned':
      return parts(
        401,
        'unsigned',
        'The batch is not signed',
        `The header field ${refusal.missing} is missing.`,
        'Send Content-Digest, Signature-Input and Signature (RFC 9421).',
        {
          missing: refusal.missing,
        },
      );
    case 'malformed-signature':
      return parts(400, 'malformed-signature', 'The signature fields cannot be read', `${refusal.detail}.`, SIGN_AGAIN);
    case 'weak-coverage':
      return parts(
        401,
        'weak-coverage',
        'The signature covers too little',
        `${refusal.missing} is not covered.`,
        'Cover @method, @authority, @path, content-type, content-digest and a previous-digest that is sent, with created, keyid and nonce.',
        { missing: refusal.missing },
      );
    case 'wrong-authority':
      return parts(
        421,
        'wrong-authority',
        'Not the host that batches are signed for',
        `Batches for ${refusal.given.slice(0, 80)} are not accepted here.`,
        'Post to the host given at registration.',
      );
    case 'bad-nonce':
      return parts(
        400,
        'bad-nonce',
        'The nonce is no counter',
        'A nonce is a counter of 16 lower-case hex digits.',
        'Count up from the last nonce used and write all 16 digits.',
      );
    case 'clock-skew':
      return parts(
        401,
        'clock-skew',
        'The signature is not of now',
        `created is ${refusal.createdSeconds}; it may be ${MAX_SIGNATURE_AGE_SECONDS} seconds old, with ${CLOCK_SKEW_SECONDS} seconds of difference between clocks.`,
        'Set the clock to server-time, then sign the same readings again.',
        { 'server-time': rfc3339(refusal.serverSeconds * 1000), 'server-seconds': refusal.serverSeconds },
      );
    case 'wrong-digest':
      return parts(
        401,
        'digest-mismatch',
        'The body is not the one that was digested',
        'Content-Digest does not match the bytes received.',
        'Digest the very bytes that are sent, after compression.',
      );
    case 'wrong-key':
    case 'wrong-signature':
      return parts(
        401,
        'signature-invalid',
        'The signature does not hold',
        'The signature was not made by the key in keyid over this request.',
        SIGN_AGAIN,
      );
  }
}

function describePack(refusal: PackRefusal): ProblemParts {
  const record = 'record' in refusal ? { record: refusal.record } : {};
  switch (refusal.reason) {
    case 'not-json':
      return parts(
        400,
        'not-json',
        'The body is not JSON',
        `${refusal.detail}.`,
        'Send a SenML pack in JSON (RFC 8428).',
      );
    case 'not-cbor':
      return parts(
        400,
        'not-cbor',
        'The payload is not CBOR',
        `${refusal.detail}.`,
        'Send SenML in CBOR with definite lengths (RFC 8428 section 6).',
      );
    case 'not-senml':
      return parts(
        400,
        'not-senml',
        'The body is not a SenML pack',
        `Record ${refusal.record}: ${refusal.detail}.`,
        'Correct the record (RFC 8428).',
        record,
      );
    case 'empty-pack':
      return parts(
        400,
        'empty-pack',
        'The pack holds no reading',
        'No record of the pack has a value.',
        'Send a batch when there is something to send.',
      );
    case 'too-many-records':
      return parts(
        413,
        'too-many-records',
        'The pack has too many records',
        `${refusal.count} records; at most ${refusal.limit}.`,
        'Split it: each batch with its own nonce.',
        {
          limit: refusal.limit,
        },
      );
    case 'unknown-quantity':
      return parts(
        422,
        'unknown-quantity',
        'Unknown quantity',
        `Record ${refusal.record}: ${refusal.given} is not in the catalogue.`,
        'End the name with a code from /v1/quantities.',
        record,
      );
    case 'unknown-unit':
      return parts(
        422,
        'unknown-unit',
        'Unknown unit',
        `Record ${refusal.record}: ${refusal.quantity} in ${refusal.given} is not accepted.`,
        `Send it in ${refusal.accepted.join(', ')}.`,
        { ...record, quantity: refusal.quantity, accepted: refusal.accepted },
      );
    case 'not-a-number':
      return parts(
        422,
        'not-a-number',
        'A value is not a number',
        `Record ${refusal.record}: a ${refusal.given} where a number belongs.`,
        'Send the value as a JSON number in v.',
        record,
      );
    case 'out-of-type':
      return parts(
        422,
        'out-of-type',
        'A number is out of its type',
        `Record ${refusal.record}: ${refusal.given} cannot be stored as ${refusal.quantity}.`,
        'Send what the sensor measured; leave out what it could not measure.',
        { ...record, quantity: refusal.quantity },
      );
    case 'wrong-base-name':
      return parts(
        422,
        'wrong-base-name',
        'A record names another device',
        `Record ${refusal.record}: ${refusal.given}`,
        'Start the name with the id that signs, with urn:dev:, or with nothing.',
        record,
      );
  }
}

function describeRegion(refusal: RegionRefusal): ProblemParts {
  switch (refusal.reason) {
    case 'unknown-device':
      return parts(
        403,
        'unknown-device',
        'The region does not know the device',
        'The device is not registered in this region.',
        'Register the device, then post to the address given.',
      );
    case 'retired-device':
      return parts(
        403,
        'retired-device',
        'The device is retired',
        'A retired device posts no more.',
        'Post with its new key, if it has one. A retired device is claimed no more; a new device has a new key.',
      );
    case 'wrong-region':
      return parts(
        409,
        'wrong-region',
        'The device belongs to another region',
        'The device was moved.',
        'Post to the address given when it was moved.',
        { region: refusal.owner },
      );
    case 'region-not-open':
      return parts(
        409,
        'region-not-open',
        'The region is not open',
        `The region ${refusal.cell} has no charter yet.`,
        'Its operator opens it with PUT /v1/admin/regions/{cell}.',
      );
    case 'nonce-reused':
      return parts(
        409,
        'nonce-reused',
        'The nonce was used for other bytes',
        `Nonce ${refusal.nonce} stands for another batch.`,
        'Count up and sign again; to repeat a batch send the same bytes.',
      );
    case 'nonce-too-old':
      return parts(
        409,
        'nonce-too-old',
        'The nonce is too far back',
        `Nonce ${refusal.nonce} is below the window.`,
        'Count up from highest and sign again.',
        {
          highest: refusal.highest,
        },
      );
  }
}
