/**
 * Where implementations of RFC 9421, SenML and COSE go wrong: each pitfall with the vectors that fall into it. What the vectors
 * say is run by ingest.test.ts and test/e2e/vectors.test.ts; here, that none of them is ever lost.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readVectors } from '../support/vectors.ts';

const GOOD = 'accepted';
/** Name of a vector -> the code it is refused with. */
type Cases = Readonly<Record<string, string>>;
const INVALID = 'signature-invalid';
const MALFORMED = 'malformed-signature';

const JSON_PITFALLS: readonly (readonly [string, Cases])[] = [
  ['the base ends without a line feed, and lines are joined by one', { 'line feed at the end': INVALID, 'carriage returns': INVALID }],
  ['parameters are signed in the order received', { 'parameters in another order': GOOD, 'parameters changed after signing': INVALID }],
  ['components are signed in the order listed', { 'components in another order': GOOD, 'base in another order': INVALID }],
  ['a covered field that is missing is an error', { 'no content-digest': 'unsigned', 'no content-type': 'wrong-content-type', 'previous digest covered and not sent': MALFORMED }],
  ['nothing is there twice', { 'a component twice': MALFORMED, 'a parameter twice': MALFORMED, 'the label twice': MALFORMED, 'two signatures': MALFORMED, 'sha-256 twice': MALFORMED }],
  ['a good signature says nothing of the body by itself', { 'a body changed on the way': 'digest-mismatch', 'without content-digest': 'weak-coverage' }],
  ['digests of other algorithms do not count', { 'digest of sha-512 alone': MALFORMED, 'two digests': GOOD }],
  ['the digest is over the compressed bytes', { gzip: GOOD, 'the digest before compression': 'digest-mismatch' }],
  ['the path is that of the request, in one spelling', { 'an escaped address': 'unknown-ingest-address', 'signed for another path': INVALID }],
  ['the authority is in lower case, without a default port', { 'authority in upper case': INVALID, 'authority with the default port': INVALID }],
  ['the content type is covered', { 'without content-type': 'weak-coverage', 'signed for another content type': INVALID }],
  ['created is an integer', { 'created with a fraction': MALFORMED, 'created in quotes': MALFORMED, 'created with a leading zero': MALFORMED, 'created in milliseconds': 'clock-skew' }],
  ['fields are in canonical form', { 'spaces between parameters': MALFORMED, 'two spaces between components': MALFORMED, 'digest in another base64': MALFORMED, 'digest in hex': MALFORMED }],
  ['both fields use one label', { 'another label': GOOD, 'signature under another label': MALFORMED }],
  ['nonces are lower case and whole', { 'a nonce in upper case': 'bad-nonce', 'a nonce of 15 digits': 'bad-nonce', 'a nonce that is an integer': 'bad-nonce' }],
  ['the key says which algorithm', { 'alg given': GOOD, 'alg of another key': INVALID }],
  ['bytes are digested, not JSON', { 'spaces and line feeds': GOOD, 'the digest of the JSON written anew': 'digest-mismatch' }],
  ['times are doubles in seconds', { 'a time in microseconds': GOOD, 'a time in milliseconds': 'not-senml', 'a time in text': 'not-senml' }],
  ['base fields hold, small times are relative, missing ones are now', { 'base fields': GOOD, 'no times': GOOD }],
  ['names, labels and versions', { 'a name with a space': 'not-senml', 'a name that begins with a mark': 'not-senml', 'a label that must be understood': 'not-senml', 'an unknown version': 'not-senml', 'an unknown feature': 'not-senml' }],
  ['one value a record', { 'two values': 'not-senml', 'no value': 'not-senml', 'a sum alone': 'not-senml' }],
  ['percent is a ratio', { 'a percent sign': 'unknown-unit' }],
  ['JSON has no NaN and no end of numbers', { 'NaN as a value': 'not-json', 'a number beyond a double': 'out-of-type' }],
  ['a repeat is known by device, nonce and digest, not by its signature', { 'the same batch, signed anew': 'repeated', 'the nonce again with other bytes': 'nonce-reused' }],
];

const ED25519_PITFALLS: readonly (readonly [string, Cases])[] = [
  ['s is below the order of the group', { 's plus the group order': INVALID }],
  ['anyone signs for a point of small order', { 'the identity as key': 'weak-key', 'a key of order 8': 'weak-key' }],
];
const P256_PITFALLS: readonly (readonly [string, Cases])[] = [
  ['a signature is r and s, not DER', { 'a signature in DER': MALFORMED, 'r and s in little endian': INVALID }],
  ['ECDSA has two signatures for one', { 'both values of s': GOOD, 'all zero': INVALID, 's of the order': INVALID }],
  ['a key has one encoding', { 'an uncompressed key': 'invalid-device', 'a key that is no point': 'weak-key' }],
];
const COSE_PITFALLS: readonly (readonly [string, Cases])[] = [
  ['lengths are definite', { 'an array of indefinite length': MALFORMED, 'a payload in pieces': MALFORMED, 'a header of indefinite length': MALFORMED, 'a pack of indefinite length': 'not-cbor', 'text of indefinite length': 'not-cbor' }],
  ['labels are there once', { 'a header label twice': MALFORMED, 'the key in the unprotected header, too': MALFORMED, 'a label twice': 'not-cbor' }],
  ['the tag is 18 or none', { untagged: GOOD, 'another tag': MALFORMED, 'two tags': MALFORMED, 'a tag': 'not-cbor', 'a large integer': 'not-cbor' }],
  ['the protected header is signed as sent', { 'a header in another order': GOOD, 'an empty header': MALFORMED }],
  ['what nobody signed is not read', { 'an unprotected header': MALFORMED, 'no payload': MALFORMED, 'bytes behind the end': MALFORMED, 'bytes behind the pack': 'not-cbor' }],
  ['what is critical is understood', { 'a critical header': MALFORMED, 'a header that nobody knows': MALFORMED }],
  ['external data are signed', { 'signed without the address': INVALID, 'signed for another host': INVALID, 'the address with a line feed at its end': INVALID }],
  ['the context is Signature1', { 'signed as COSE_Sign': INVALID, 'the payload signed alone': INVALID }],
  ['integers are as short as they can be', { 'a header with a long integer': MALFORMED, 'a long integer': 'not-cbor' }],
  ['numbers are finite, in any encoding', { 'doubles and singles': GOOD, 'not a number': 'out-of-type', infinity: 'out-of-type', undefined: 'not-cbor' }],
  ['labels are integers', { 'labels that nobody knows': GOOD, 'labels in text': 'empty-pack' }],
];

function verdictsOf(file: string): Cases {
  return Object.fromEntries(
    readVectors(file).vectors.map(({ name, expected }) => [
      name,
      expected.verdict === 'refused' ? expected.code : expected.verdict,
    ]),
  );
}

const ALL = [
  ...['json-ed25519', 'json-p256'].flatMap((file) => JSON_PITFALLS.map((pitfall) => [file, ...pitfall] as const)),
  ...ED25519_PITFALLS.map((pitfall) => ['json-ed25519', ...pitfall] as const),
  ...P256_PITFALLS.map((pitfall) => ['json-p256', ...pitfall] as const),
  ...['cose-ed25519', 'cose-p256'].flatMap((file) => COSE_PITFALLS.map((pitfall) => [file, ...pitfall] as const)),
];

test.each(ALL)('%s: %s', (file, _, cases) => {
  expect(verdictsOf(file)).toMatchObject(cases);
});

test('RFC 9421 B.2.4: the digest in the signature base is the right one, whatever drafts print beside it', () => {
  const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, 'rfc9421-b2.json'), 'utf8')) as {
    readonly cases: readonly { readonly name: string; readonly base: string }[];
  };
  const digest = createHash('sha512').update('{"message": "good dog"}').digest('base64');
  expect(cases.find(({ name }) => name === 'B.2.4')?.base).toContain(`"content-digest": sha-512=:${digest}:`);
});
