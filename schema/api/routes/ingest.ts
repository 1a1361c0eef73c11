import { z } from 'zod';
import { CheckAnswer, ExpiredReceipt, Receipt, SenmlPack } from '../ingest.ts';
import { Cell } from '../shape.ts';
import { Bytes, json, merge, path, type Parameter, type Problems, type Route } from './route.ts';

const header = (name: string, says: string): Parameter => ({
  in: 'header',
  name,
  says,
  schema: z.string(),
});

/** Of the JSON form, and required there (RFC 9421); the compact form has all of it in its message. docs/protocol.md has both. */
const SIGNED: readonly Parameter[] = [
  header('Content-Digest', 'SHA-256 of the body (RFC 9530).'),
  header('Signature-Input', 'What is signed, when, by which key, with which nonce (RFC 9421).'),
  header('Signature', 'The signature.'),
];
const BODY = {
  says: 'One batch, at most 256 KiB: SenML in JSON with the three signature fields, or SenML in CBOR in a COSE_Sign1.',
  media: { 'application/senml+json': SenmlPack, 'application/cose': Bytes },
};

const BAD_POST: Problems = {
  400: [
    'bad-gzip',
    'bad-nonce',
    'empty-pack',
    'invalid-device',
    'malformed-signature',
    'not-cbor',
    'not-json',
    'not-senml',
  ],
  401: ['clock-skew', 'digest-mismatch', 'signature-invalid', 'unsigned', 'weak-coverage'],
  413: ['body-too-large', 'inflated-too-large', 'too-many-records'],
  415: ['unsupported-encoding', 'wrong-content-type'],
  421: ['wrong-authority'],
  422: ['not-a-number', 'out-of-type', 'unknown-quantity', 'unknown-unit', 'wrong-base-name'],
};

export const INGEST: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/regions/{cell}/readings/{tag}',
    id: 'postReadings',
    group: 'Devices that post',
    says: 'A signed batch of readings',
    detail: 'The address is given at registration. The same batch again gets the same receipt; nothing counts twice.',
    access: 'device',
    parameters: [
      path('cell', 'The region.', Cell),
      path('tag', 'Keyed digest over region and device.', z.string().regex(/^[0-9a-f]{16}$/)),
      ...SIGNED,
    ],
    body: BODY,
    answers: {
      200: json('Accepted before: its receipt, or that it has expired.', z.union([Receipt, ExpiredReceipt])),
      201: json('Accepted and stored.', Receipt),
    },
    problems: {
      ...BAD_POST,
      403: ['retired-device', 'unknown-device'],
      404: ['unknown-ingest-address'],
      409: ['nonce-reused', 'nonce-too-old', 'region-not-open', 'wrong-region'],
      503: ['region-unavailable'],
    },
  },
  {
    method: 'post',
    path: '/v1/check',
    id: 'postCheck',
    group: 'Devices that post',
    says: 'Judges a signed batch of anyone, and stores nothing',
    access: 'device',
    parameters: SIGNED,
    body: BODY,
    answers: { 200: json('What would be said of it, and what was not looked at.', CheckAnswer) },
    problems: merge(BAD_POST, { 422: ['weak-key'] }),
  },
];
