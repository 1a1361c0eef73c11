/** Batches in the JSON form whose header fields are wrong in one way each. */
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { base58, base64 } from '@scure/base';
import { bytesOf, CHAINED, digestField, type Draft, FIVE } from './json-form.ts';
import { refused, together, type World } from './vector.ts';

const PACK = '[{"n":"temp","u":"Cel","v":21.4}]';
type Drafts = Readonly<Record<string, Draft>>;
type Change = Omit<Draft, 'says' | 'expected'>;

export function badFields(world: World): Drafts {
  return together(fields(world), parameters(world));
}

const malformed = (says: string, change: Change): Draft => ({
  says,
  ...change,
  expected: refused(400, 'malformed-signature'),
});
function fields({ key }: World): Drafts {
  const without = (field: string): Draft => ({
    says: `The field ${field} is missing. A covered field that is not there is an error, never an empty value.`,
    posted: { [field]: null },
    expected: refused(401, 'unsigned', { missing: field }),
  });
  const digest = (says: string, value: string): Draft => malformed(says, { headers: { 'content-digest': value } });
  const right = digestField(bytesOf(PACK));
  return {
    'no signature': without('signature'),
    'no signature-input': without('signature-input'),
    'no content-digest': without('content-digest'),
    'no content-type': {
      says: 'A body without a type could be read as anything.',
      posted: { 'content-type': null },
      expected: refused(415, 'wrong-content-type'),
    },
    'another content type': {
      says: 'application/json is not SenML.',
      headers: { 'content-type': 'application/json' },
      expected: refused(415, 'wrong-content-type'),
    },
    'another content encoding': {
      says: 'gzip or nothing.',
      posted: { 'content-encoding': 'br' },
      expected: refused(415, 'unsupported-encoding'),
    },
    'digest in hex': digest(
      'A byte sequence of RFC 8941 stands between colons.',
      `sha-256=${Buffer.from(right).toString('hex')}`,
    ),
    'digest of sha-512 alone': digest(
      'sha-256 must be among the digests.',
      `sha-512=:${base64.encode(sha512(bytesOf(PACK)))}:`,
    ),
    'words beside the digest': digest('Every member is algorithm=:base64:.', `none, ${right}`),
    'a comma behind the digest': digest('A list has no empty member.', `${right},`),
    'sha-256 twice': digest('Which of two would count?', `${right}, ${right}`),
    'digest in another base64': digest(
      'The last character before the padding has bits that are not zero.',
      right.replace(/.=:$/, (end) => `${nextLetter(end[0] ?? '')}=:`),
    ),
    'previous digest in another form': malformed('sha-256 and nothing else.', {
      components: CHAINED,
      headers: { 'previous-digest': `${right}, ${right}` },
    }),
    'previous digest covered and not sent': malformed('A covered field that is not there is an error.', {
      components: CHAINED,
      signed: { 'previous-digest': '' },
    }),
    'previous digest sent and not covered': {
      says: 'Nobody has signed it.',
      posted: { 'previous-digest': right },
      expected: refused(401, 'weak-coverage', { missing: 'previous-digest' }),
    },
    'signature under another label': malformed('Signature-Input says s, Signature says sig1.', {
      inputLabel: 's',
      label: 'sig1',
    }),
    'the label twice': malformed('RFC 8941 would let the last one win.', {
      params: (usual) => `${usual}, s=${usual}`,
    }),
    'two signatures': malformed('One signature a batch.', {
      params: (usual) => `${usual}, t=${usual}`,
    }),
    'a signature of 63 bytes': malformed('64 bytes, whatever the algorithm.', { signature: (bytes) => bytes.slice(1) }),
    ...(key.algorithm === 'ecdsa-p256-sha256' && {
      'a signature in DER': malformed('What openssl dgst -sign writes: r and s must stand in 32 bytes each.', {
        signature: (bytes) => p256.Signature.fromBytes(bytes).toBytes('der'),
      }),
    }),
  };
}

const nextLetter = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) + 1);

function parameters({ key, nowSeconds: now, slackSeconds }: World): Drafts {
  const params = (change: (usual: string) => string) => ({ params: change });
  const weak = (missing: string, change: Change): Draft => ({
    says: `${missing} is not covered.`,
    ...change,
    expected: refused(401, 'weak-coverage', { missing }),
  });
  const nonce = (says: string, value: string): Draft => ({ says, nonce: value, expected: refused(400, 'bad-nonce') });
  const device = (says: string, keyid: string): Draft => ({ says, keyid, expected: refused(400, 'invalid-device') });
  const clock = (says: string, change: Change): Draft => ({
    says,
    ...change,
    expected: refused(401, 'clock-skew', slackSeconds === 0 ? { 'server-seconds': now } : {}),
  });
  const didOf = (...bytes: (Uint8Array | number[])[]) =>
    `did:key:z${base58.encode(concatBytes(...bytes.map((b) => Uint8Array.from(b))))}`;
  const raw = key.publicKey;
  return {
    ...Object.fromEntries(
      FIVE.map((name) => [`without ${name}`, weak(name, { components: FIVE.filter((other) => other !== name) })]),
    ),
    'without created': weak(
      'created',
      params((usual) => usual.replace(/;created=\d+/, '')),
    ),
    'without keyid': weak(
      'keyid',
      params((usual) => usual.replace(/;keyid="[^"]*"/, '')),
    ),
    'without nonce': weak(
      'nonce',
      params((usual) => usual.replace(/;nonce="[^"]*"/, '')),
    ),
    'a component twice': malformed('RFC 9421 section 2: each component once.', { components: [...FIVE, '@path'] }),
    'a component more': malformed('Exactly these: nothing else is known to have been checked.', {
      components: [...FIVE, 'user-agent'],
      headers: { 'user-agent': 'vectors' },
    }),
    'a component with a parameter': malformed('Components have no parameters here.', {
      params: (usual) => usual.replace('"content-type"', '"content-type";sf'),
    }),
    'a parameter twice': malformed(
      'RFC 8941 would let the last one win.',
      params((usual) => `${usual};created=${now}`),
    ),
    'created with a fraction': malformed('created is an integer.', { created: `${now}.0` }),
    'created in quotes': malformed('created is an integer, not a string.', { created: `"${now}"` }),
    'created with a leading zero': malformed('Not how RFC 8941 writes it.', { created: `0${now}` }),
    'spaces between parameters': malformed(
      'Not how RFC 8941 writes it.',
      params((usual) => usual.replaceAll(';', '; ')),
    ),
    'two spaces between components': malformed(
      'Not how RFC 8941 writes it.',
      params((usual) => usual.replace(' ', '  ')),
    ),
    'a long Signature-Input': malformed(
      'At most 1024 characters.',
      params((usual) => `${usual};tag="${'x'.repeat(1024)}"`),
    ),
    'a nonce in upper case': nonce('16 lower-case hex digits.', '000000000000A3F1'),
    'a nonce of 15 digits': nonce('16 lower-case hex digits.', '00000000000a3f1'),
    'a nonce of 17 digits': nonce('16 lower-case hex digits.', '0000000000000a3f1'),
    'a nonce that is an integer': {
      says: 'nonce is a string.',
      ...params((usual) => usual.replace(/nonce="[^"]*"/, 'nonce=5')),
      expected: refused(400, 'bad-nonce'),
    },
    'a name for a key': device('keyid is a did:key.', 'device-7'),
    'a key of another curve': device('did:key of a secp256k1 key.', didOf([0xe7, 0x01, 2], new Uint8Array(32).fill(7))),
    'a key cut short': device(
      'One byte is missing.',
      didOf(key.algorithm === 'ed25519' ? [0xed, 0x01] : [0x80, 0x24], raw.slice(1)),
    ),
    ...(key.algorithm === 'ecdsa-p256-sha256' && {
      'an uncompressed key': device(
        'A key has one name: that of its compressed point.',
        didOf([0x80, 0x24], p256.Point.fromBytes(raw).toBytes(false)),
      ),
    }),
    'created too old': clock('331 s before the judge.', { created: now - 331 }),
    'created too early': clock('31 s after the judge.', { created: now + 31 + slackSeconds }),
    'created in milliseconds': clock('Seconds since 1970.', { created: now * 1000 }),
    expired: clock(
      'expires more than 30 s before the judge.',
      params((usual) => `${usual};expires=${now - 31}`),
    ),
  };
}
