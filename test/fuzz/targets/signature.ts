/** Header fields of a signed post, names of devices and places, and the evidence that is kept of a post. */
import { parseDictionary } from 'structured-headers';
import { parseAreaCell } from '../../../core/cell.ts';
import {
  parseDeviceId,
  parseEpochNumber,
  parseOwnerAddress,
  parsePlaceCell,
  parseRegionCell,
} from '../../../core/ids.ts';
import { parseDidKey, toDidKey } from '../../../core/signature/did-key.ts';
import { coseEvidence, decodeEvidence, encodeEvidence } from '../../../core/signature/evidence.ts';
import {
  formatContentDigest,
  parseContentDigest,
  parsePreviousDigest,
  parseSignature,
} from '../../../core/signature/fields.ts';
import { parseSignatureInput, standardParams } from '../../../core/signature/signature-input.ts';
import { checkSignatureClock, parseSignedRequest, type SignedFields } from '../../../core/signature/signed-request.ts';
import { contentDigestOf, evidenceBase, evidenceOf } from '../../../core/signature/verify.ts';
import { checkKeyStrength } from '../../../core/signature/weak-key.ts';
import { readCoseBatch } from '../../../core/cose/batch.ts';
import {
  bytesOf,
  hasByteOrderMark,
  headerOf,
  jsonBytes,
  labelOf,
  must,
  mustBeSame,
  parsedJson,
  parsedObject,
  type Target,
  textOf,
} from '../target.ts';
import {
  AUTHORITY, CBOR_PACK, coseBatch, CREATED, DIGEST_FIELD, ED25519, INPUT_FIELD, NONCE, NOW_MS, OWNER, P256, PACK, PATH, PLACE, REGION, SIGNATURE_FIELD,
} from './examples.ts'; // prettier-ignore

const HEADER_BYTES = 32 * 1024;

const signatureInput: Target = {
  name: 'signature-input',
  form: 'text',
  mostBytes: HEADER_BYTES,
  seeds: [
    INPUT_FIELD,
    `${INPUT_FIELD};alg="ed25519";expires=1795349000;tag="x"`,
    `sig1=("content-digest" "@path" "@method" "content-type" "@authority");nonce="${NONCE}";keyid="${P256}";created=-5;flag;t=tok/en;b=?0`,
    'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss"',
    `s=${standardParams(CREATED, ED25519, NONCE, true)}`,
  ].map(bytesOf),
  words: [
    ' "previous-digest"',
    ';created=',
    ';expires=',
    ';keyid="',
    ';nonce="',
    ';alg="',
    '"@method"',
    '"@authority"',
    ';a=?1',
    ';a=1.5',
    '\\"',
    '\\\\',
    ', b=()',
    ';a=:YQ==:',
    ';a=@1',
  ],
  run(input) {
    const header = headerOf(input);
    const parsed = parseSignatureInput(header);
    if (!parsed.ok)
      return parsed.error.reason === 'malformed-signature' ? parsed.error.detail.slice(0, 12) : parsed.error.reason;
    const { label, params, createdSeconds, keyid, nonce, components } = parsed.value;
    must(header === `${label}=${params}`, 'the parts are not the whole');
    const chained = components.includes('previous-digest') ? 1 : 0;
    must(components.length === 5 + chained && new Set(components).size === 5 + chained, 'not the components');
    must(/^[0-9a-f]{16}$/.test(nonce), `no nonce: ${nonce}`);
    // A library that shares no code with ours reads the same.
    const [items, parameters] = parseDictionary(header).get(label) ?? [null, new Map()];
    must(Array.isArray(items) && items.every(([name], at) => name === components[at]), 'other components');
    must(parameters.get('created') === createdSeconds, `created ${String(parameters.get('created'))}`);
    must(parameters.get('nonce') === nonce, 'another nonce');
    must(parameters.get('keyid') === keyid.replaceAll(/\\(.)/g, '$1'), 'another key');
    return 'ok';
  },
};

const fields: Target = {
  name: 'signature-fields',
  form: 'text',
  mostBytes: HEADER_BYTES,
  seeds: [SIGNATURE_FIELD, DIGEST_FIELD, `sha-512=:YQ==:, ${DIGEST_FIELD}`, `unknown=:YQ==:,${DIGEST_FIELD} , x=1`].map(
    bytesOf,
  ),
  words: ['sha-256=:', 'sha-256=', ':,', 's=:', '==:', '_', '-'],
  run(input) {
    const header = headerOf(input);
    const signature = parseSignature(header, 's');
    if (signature.ok) must(signature.value.length === 64, 'a signature of another length');
    const digest = parseContentDigest(header);
    if (digest.ok) {
      must(digest.value.length === 32, 'a digest of another length');
      const again = parseContentDigest(formatContentDigest(digest.value));
      must(again.ok, 'what was read is not read again');
    }
    const previous = parsePreviousDigest(header);
    if (previous.ok) must(formatContentDigest(previous.value) === header, 'a previous digest with two forms');
    return signature.ok || digest.ok ? (previous.ok ? 'ok, previous' : 'ok') : labelOf(digest);
  },
};

const REQUEST: SignedFields = {
  authority: AUTHORITY,
  path: PATH,
  contentType: 'application/senml+json',
  contentDigest: DIGEST_FIELD,
  previousDigest: null,
  signatureInput: INPUT_FIELD,
  signature: SIGNATURE_FIELD,
};

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const asciiOf = (value: unknown): string => (textOrNull(value) ?? '').replaceAll(/[^\x21-\x7e]/g, '');

const signedRequest: Target = {
  name: 'signed-request',
  form: 'json',
  mostBytes: HEADER_BYTES,
  seeds: [
    REQUEST,
    {
      ...REQUEST,
      contentType: 'Application/SenML+JSON; charset=utf-8',
      signatureInput: `${INPUT_FIELD};alg="ed25519"`,
    },
    {
      ...REQUEST,
      signatureInput: INPUT_FIELD.replace(ED25519, P256),
      contentDigest: `sha-512=:YQ==:, ${DIGEST_FIELD}`,
    },
    {
      ...REQUEST,
      previousDigest: DIGEST_FIELD,
      signatureInput: INPUT_FIELD.replace('"content-digest"', '"content-digest" "previous-digest"'),
    },
  ].map(jsonBytes),
  run(input) {
    const given = parsedObject(input);
    if (given === null) return 'no-json';
    const { authority, path, contentType, contentDigest, previousDigest, signatureInput: asked, signature } = given;
    const request = parseSignedRequest({
      // As URL gives them.
      authority: asciiOf(authority),
      path: asciiOf(path),
      contentType: textOrNull(contentType),
      contentDigest: textOrNull(contentDigest),
      previousDigest: textOrNull(previousDigest),
      signatureInput: textOrNull(asked),
      signature: textOrNull(signature),
    });
    if (!request.ok) return request.error.reason;
    checkSignatureClock(request.value.input, NOW_MS);
    must(parseDeviceId(request.value.device).ok, 'a device that is none');
    // What is kept of the request gives back the text that was signed, where the digest is the body's.
    const evidence = evidenceOf(request.value, null, bytesOf(PACK));
    const decoded = decodeEvidence(encodeEvidence(evidence));
    must(decoded.ok, 'evidence that does not decode');
    if (!decoded.ok) return 'ok';
    mustBeSame(encodeEvidence(decoded.value), encodeEvidence(evidence), 'other evidence');
    const base = evidenceBase({ ...decoded.value, contentDigest: null }, request.value.device);
    if (evidence.contentDigest === null && base.ok && typeof base.value === 'string')
      must(base.value.split('\n').length === request.value.base.split('\n').length, 'another text was signed');
    return 'ok';
  },
};

const didKey: Target = {
  name: 'did-key',
  form: 'text',
  mostBytes: 1024,
  seeds: [
    ED25519,
    P256,
    'did:key:z6MkwFKyf9bPnAbdMJoWkVmzbSMGtUVVYdZCj5MHbyUbqGTZ',
    'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
  ].map(bytesOf),
  words: ['z6Mk', 'zDn', '1111', 'did:key:', 'did:web:'],
  run(input) {
    const text = textOf(input);
    const key = parseDidKey(text);
    if (!key.ok) return key.error.reason;
    must(toDidKey(key.value) === text, 'one key with two names');
    return 'ok';
  },
  share: 0.5,
};

/** A point of the curve takes a millisecond, so it has a target of its own. */
const keyStrength: Target = {
  name: 'key-strength',
  form: 'bytes',
  mostBytes: 33,
  share: 0.02,
  seeds: [
    new Uint8Array(32).fill(0),
    Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0)),
    Uint8Array.from({ length: 33 }, (_, at) => (at === 0 ? 3 : 0xff)),
    Uint8Array.from({ length: 32 }, () => 0xff),
  ],
  run(input) {
    const key =
      input.length === 33
        ? ({ algorithm: 'ecdsa-p256-sha256', publicKey: input } as const)
        : ({ algorithm: 'ed25519', publicKey: Uint8Array.from({ length: 32 }, (_, at) => input[at] ?? 0) } as const);
    return labelOf(checkKeyStrength(key));
  },
};

const IDS = [ED25519, REGION, PLACE, OWNER, 20_605, '20605', '8a390ca00ffffff'];

const ids: Target = {
  name: 'ids',
  form: 'json',
  mostBytes: 64 * 1024,
  seeds: IDS.map((id) => jsonBytes([id])),
  run(input) {
    const given = parsedJson(input);
    const one: unknown = Array.isArray(given) ? given[0] : given;
    const judged = [
      parseDeviceId(one),
      parseRegionCell(one),
      parsePlaceCell(one),
      parseOwnerAddress(one),
      parseEpochNumber(one),
    ];
    for (const result of judged)
      if (!result.ok) must(result.error.given.length <= 80, 'a refusal as long as the input');
    if (typeof one !== 'string') return judged.some(({ ok }) => ok) ? 'ok' : 'no-text';
    const cell = parseAreaCell(one);
    if (cell.ok) {
      const { resolution, firstPlace, lastPlace } = cell.value;
      must(resolution >= 3 && resolution <= 7, `resolution ${resolution}`);
      must(firstPlace <= lastPlace && parsePlaceCell(lastPlace).ok, `places ${firstPlace} to ${lastPlace}`);
    }
    return judged.some(({ ok }) => ok) || cell.ok ? 'ok' : 'invalid-id';
  },
};

function seedEvidence(): readonly Uint8Array[] {
  const request = parseSignedRequest(REQUEST);
  const odd = parseSignedRequest({
    ...REQUEST,
    contentType: 'application/senml+json; v=1',
    signatureInput: `${INPUT_FIELD};x`,
  });
  const message = coseBatch(ED25519, CBOR_PACK);
  const batch = readCoseBatch(message, AUTHORITY, PATH);
  if (!request.ok || !odd.ok || !batch.ok) throw new Error('an example is refused');
  return [
    encodeEvidence(evidenceOf(request.value, null, bytesOf(PACK))),
    encodeEvidence(evidenceOf(odd.value, 'gzip', new Uint8Array(3))),
    encodeEvidence(coseEvidence(batch.value, AUTHORITY, PATH, message)),
  ];
}

const evidences: Target = {
  name: 'evidence',
  share: 0.5,
  form: 'cbor',
  mostBytes: 512 * 1024,
  seeds: seedEvidence(),
  run(input) {
    const evidence = decodeEvidence(input);
    if (!evidence.ok) return evidence.error.detail;
    if (hasByteOrderMark(input)) return 'ok, byte order mark';
    const written = encodeEvidence(evidence.value);
    const again = decodeEvidence(written);
    must(again.ok, 'what was decoded does not decode again');
    if (again.ok) mustBeSame(encodeEvidence(again.value), written, 'decoded twice differs');
    must(contentDigestOf(evidence.value).length === 32, 'a digest of another length');
    evidenceBase(evidence.value, ED25519);
    return 'ok';
  },
};

export const SIGNATURE_TARGETS: readonly Target[] = [
  signatureInput,
  fields,
  signedRequest,
  didKey,
  keyStrength,
  ids,
  evidences,
];
