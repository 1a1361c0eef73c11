import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toDidKey } from './did-key.ts';
import { decodeEvidence, encodeEvidence, type Evidence } from './evidence.ts';
import { formatContentDigest } from './fields.ts';
import { signatureBase } from './signature-base.ts';
import { CHAINED_COMPONENTS, COMPONENTS, standardParams } from './signature-input.ts';
import { checkSignatureClock, parseSignedRequest, type SignedRequest } from './signed-request.ts';
import { evidenceBase, evidenceOf } from './verify.ts';

const { secretKey, publicKey } = ed25519.keygen(new Uint8Array(32).fill(1));
const DEVICE = toDidKey({ algorithm: 'ed25519', publicKey });
const BODY = new TextEncoder().encode('[{"n":"temp","u":"Cel","v":21.4}]');
const CREATED = 1_763_805_600;
const NONCE = '000000000000a3f1';
const PATH = '/v1/regions/831fb4fffffffff/readings/0123456789abcdef';

type Form = {
  readonly contentType?: string;
  readonly contentDigest?: string;
  readonly params?: string;
  readonly label?: string;
  readonly previous?: Uint8Array;
};

function signed(form: Form = {}): SignedRequest {
  const covered = {
    authority: 'api.isobar.example',
    path: PATH,
    contentType: form.contentType ?? 'application/senml+json',
    contentDigest: form.contentDigest ?? formatContentDigest(sha256(BODY)),
    previousDigest: form.previous === undefined ? null : formatContentDigest(form.previous),
  };
  const isChained = form.previous !== undefined;
  const params = form.params ?? standardParams(CREATED, DEVICE, NONCE, isChained);
  const order = params.startsWith('("@path"')
    ? (['@path', '@method', '@authority', 'content-digest', 'content-type'] as const)
    : isChained
      ? CHAINED_COMPONENTS
      : COMPONENTS;
  const signature = ed25519.sign(new TextEncoder().encode(signatureBase(covered, order, params)), secretKey);
  const label = form.label ?? 's';
  const request = parseSignedRequest({
    ...covered,
    signatureInput: `${label}=${params}`,
    signature: `${label}=:${base64.encode(signature)}:`,
  });
  if (!request.ok) throw new Error(JSON.stringify(request.error));
  return request.value;
}

const FORMS: readonly Form[] = [
  {},
  { previous: sha256(BODY.slice(1)) },
  { label: 'sig-1' },
  { contentType: 'application/senml+json; charset=utf-8' },
  { contentDigest: `sha-512=:AAAA:, ${formatContentDigest(sha256(BODY))}` },
  {
    params: `("@path" "@method" "@authority" "content-digest" "content-type");nonce="${NONCE}";alg="ed25519";keyid="${DEVICE}";created=${CREATED}`,
  },
];

test('the text that is signed has one line a component, single line feeds and none at the end', () => {
  expect(signed().base).toBe(
    [
      '"@method": POST',
      '"@authority": api.isobar.example',
      `"@path": ${PATH}`,
      '"content-type": application/senml+json',
      `"content-digest": ${formatContentDigest(sha256(BODY))}`,
      `"@signature-params": ("@method" "@authority" "@path" "content-type" "content-digest");created=${CREATED};keyid="${DEVICE}";nonce="${NONCE}"`,
    ].join('\n'),
  );
});

test.each(FORMS)('evidence of a request in the form %j gives back the text that was signed', (form) => {
  const request = signed(form);
  const evidence = decodeEvidence(encodeEvidence(evidenceOf(request, null, BODY)));
  if (!evidence.ok) throw new Error(evidence.error.detail);
  const base = evidenceBase(evidence.value, DEVICE);
  expect(base).toEqual({ ok: true, value: request.base });
  expect(ed25519.verify(request.signature, new TextEncoder().encode(request.base), publicKey)).toBe(true);
});

test('evidence of the standard form costs at most 180 bytes beyond the body', () => {
  expect(encodeEvidence(evidenceOf(signed(), 'gzip', BODY)).length - BODY.length).toBeLessThanOrEqual(180);
});

test.each<[string, (evidence: Evidence) => Evidence]>([
  ['another body', (evidence) => ({ ...evidence, body: evidence.body.slice(1) })],
  ['another time', (evidence) => ({ ...evidence, createdSeconds: evidence.createdSeconds + 1 })],
  ['another nonce', (evidence) => ({ ...evidence, nonce: '000000000000a3f2' })],
  ['another path', (evidence) => ({ ...evidence, path: `${PATH}0` })],
])('evidence with %s does not verify, in whatever form it is kept', (_name, alter) => {
  for (const form of FORMS) {
    const request = signed(form);
    const base = evidenceBase(alter(evidenceOf(request, null, BODY)), DEVICE);
    const holds = base.ok && ed25519.verify(request.signature, bytesOf(base.value), publicKey);
    expect(holds).toBe(false);
  }
});

test('evidence of a batch that names the one before it costs 38 bytes more, and does not verify with another digest', () => {
  const previous = sha256(BODY.slice(1));
  const request = signed({ previous });
  const evidence = evidenceOf(request, null, BODY);
  expect(request.previous).toEqual(previous);
  expect(encodeEvidence(evidence).length - encodeEvidence(evidenceOf(signed(), null, BODY)).length).toBe(38);
  for (const other of [sha256(BODY), null]) {
    const base = evidenceBase({ ...evidence, previous: other }, DEVICE);
    expect(base.ok && ed25519.verify(request.signature, bytesOf(base.value), publicKey)).toBe(false);
  }
});

test.each([
  [
    'sent and not covered',
    COMPONENTS,
    formatContentDigest(sha256(BODY)),
    { reason: 'weak-coverage', missing: 'previous-digest' },
  ],
  ['covered and not sent', CHAINED_COMPONENTS, null, { reason: 'malformed-signature' }],
  ['of another form', CHAINED_COMPONENTS, 'sha-256=:AAAA:', { reason: 'malformed-signature' }],
  [
    'two digests',
    CHAINED_COMPONENTS,
    `${formatContentDigest(sha256(BODY))}, sha-512=:AAAA:`,
    { reason: 'malformed-signature' },
  ],
])('a previous digest %s is refused', (_, components, previousDigest, error) => {
  const list = components.map((name) => `"${name}"`).join(' ');
  const request = parseSignedRequest({
    authority: 'api.isobar.example',
    path: PATH,
    contentType: 'application/senml+json',
    contentDigest: formatContentDigest(sha256(BODY)),
    previousDigest,
    signatureInput: `s=(${list});created=${CREATED};keyid="${DEVICE}";nonce="${NONCE}"`,
    signature: `s=:${base64.encode(new Uint8Array(64))}:`,
  });
  expect(request).toMatchObject({ ok: false, error });
});

test('evidence kept under another device does not verify', () => {
  const other = toDidKey({ algorithm: 'ed25519', publicKey: ed25519.keygen(new Uint8Array(32).fill(2)).publicKey });
  const request = signed({ params: FORMS[5]?.params ?? '' });
  expect(evidenceBase(evidenceOf(request, null, BODY), other)).toMatchObject({ ok: false });
});

test('any bytes decode to evidence or to a refusal, never to an exception', () => {
  const encoded = encodeEvidence(evidenceOf(signed(), null, BODY));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.tuple(fc.nat(encoded.length - 1), fc.nat(255))), (change) => {
      const bytes = change instanceof Uint8Array ? change : encoded.with(change[0], change[1]);
      expect(typeof decodeEvidence(bytes).ok).toBe('boolean');
    }),
    { numRuns: 500 },
  );
});

test.each([
  [0, true],
  [-330, true],
  [-331, false],
  [30, true],
  [31, false],
])('created %d seconds from now: accepted is %s', (offset, accepted) => {
  const result = checkSignatureClock({ ...signed().input, createdSeconds: CREATED + offset }, CREATED * 1000);
  expect(result.ok).toBe(accepted);
  if (!result.ok)
    expect(result.error).toEqual({ reason: 'clock-skew', createdSeconds: CREATED + offset, serverSeconds: CREATED });
});

test('a signature that says when it expires is refused after that', () => {
  const input = { ...signed().input, expiresSeconds: CREATED - 31 };
  expect(checkSignatureClock(input, CREATED * 1000).ok).toBe(false);
});

test.each([
  ['signature-input', { signatureInput: null }],
  ['signature', { signature: null }],
  ['content-digest', { contentDigest: null }],
])('a request without %s is unsigned', (missing, change) => {
  const fields = {
    authority: 'a',
    path: '/',
    contentType: 'application/senml+json',
    contentDigest: 'x',
    signatureInput: 'x',
    signature: 'x',
    previousDigest: null,
  };
  expect(parseSignedRequest({ ...fields, ...change })).toEqual({ ok: false, error: { reason: 'unsigned', missing } });
});

function bytesOf(signed: string | Uint8Array): Uint8Array {
  return typeof signed === 'string' ? new TextEncoder().encode(signed) : signed;
}
