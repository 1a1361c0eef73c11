/** Batches in the compact form that are wrong in one way each. */
import { p256 } from '@noble/curves/nist.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { encode, Tagged } from 'cborg';
import { badPacks } from './bad-packs.ts';
import {
  aadOf,
  type CoseDraft,
  type Header,
  indefinite,
  messageOf,
  type MessageItems,
  PREVIOUS,
  senmlCbor,
  sigStructure,
} from './cose-form.ts';
import { refused, together, type World } from './vector.ts';

type Drafts = Readonly<Record<string, CoseDraft>>;
type Change = Omit<CoseDraft, 'says' | 'expected'>;
type Claims = Map<number, unknown>;

const malformed = (says: string, change: Change): CoseDraft => ({
  says,
  ...change,
  expected: refused(400, 'malformed-signature'),
});
const invalid = (says: string, change: Change): CoseDraft => ({
  says,
  ...change,
  expected: refused(401, 'signature-invalid'),
});

export function badCose(world: World): Drafts {
  return together(headers(world), messages(world), payloads(world));
}

function headers({ key, nowSeconds: now, slackSeconds }: World): Drafts {
  const header = (says: string, change: (header: Header) => void): CoseDraft => malformed(says, { header: change });
  const claims = (says: string, change: (claims: Claims) => void): CoseDraft =>
    header(says, (all) => change(all.get(15) as Claims));
  const clock = (says: string, created: number): CoseDraft => ({
    says,
    created,
    expected: refused(401, 'clock-skew', slackSeconds === 0 ? { 'server-seconds': now } : {}),
  });
  return {
    'no algorithm': header('Header 1 is missing.', (all) => all.delete(1)),
    'the algorithm of another key': header('The key says which algorithm.', (all) =>
      all.set(1, key.algorithm === 'ed25519' ? -7 : -8),
    ),
    'the algorithm in text': header('Names of algorithms are integers here.', (all) => all.set(1, 'EdDSA')),
    'no content type': header('Header 3 is missing.', (all) => all.delete(3)),
    'SenML in JSON': header('Content format 110 is JSON; 112 is CBOR.', (all) => all.set(3, 110)),
    'no key': header('Header 4 is missing.', (all) => all.delete(4)),
    'a key without its prefix': header('Header 4 is multicodec prefix and key.', (all) => all.set(4, key.publicKey)),
    'a key cut short': header('One byte is missing.', (all) => all.set(4, (all.get(4) as Uint8Array).slice(0, -1))),
    'a key in text': header('did:key is the text form.', (all) => all.set(4, key.did)),
    ...(key.algorithm === 'ecdsa-p256-sha256' && {
      'an uncompressed key': header('A key has one name: that of its compressed point.', (all) =>
        all.set(4, concatBytes(Uint8Array.of(0x80, 0x24), p256.Point.fromBytes(key.publicKey).toBytes(false))),
      ),
    }),
    'no claims': header('Header 15 is missing.', (all) => all.delete(15)),
    'a claim more': claims('Nothing else is understood.', (all) => all.set(1, 'did:key:z')),
    'a time with a fraction': claims('Claim 6 is a whole number of seconds.', (all) => all.set(6, now + 0.5)),
    'a nonce of 7 bytes': claims('Claim 7 has 8 bytes.', (all) => all.set(7, new Uint8Array(7))),
    'a nonce as a number': claims('Claim 7 is a byte string.', (all) => all.set(7, 4096)),
    'a previous digest of 31 bytes': header('Header -70001 has 32.', (all) => all.set(PREVIOUS, new Uint8Array(31))),
    'a critical header': header('RFC 9052 section 3.1: what is critical must be understood.', (all) => all.set(2, [4])),
    'a header that nobody knows': header('Label 33.', (all) => all.set(33, 'x')),
    'a header label twice': malformed('RFC 9052 section 3.', {
      protected: (usual) => concatBytes(Uint8Array.of(0xa5), usual.slice(1), Uint8Array.of(3, 0x18, 112)),
    }),
    'a header of indefinite length': malformed('Definite lengths only.', {
      protected: (usual) => indefinite(0xbf, usual.slice(1)),
    }),
    'a header with a long integer': malformed('-8 in two bytes: integers are as short as they can be.', {
      protected: (usual) => concatBytes(usual.slice(0, 2), Uint8Array.of(0x38, (usual[2] ?? 0) & 31), usual.slice(3)),
    }),
    'an empty header': malformed('Nothing is protected.', { protected: () => new Uint8Array() }),
    'issued too early': clock('Claim 6 is 331 s before the judge.', now - 331),
    'issued too late': clock('Claim 6 is 31 s after the judge.', now + 31 + slackSeconds),
  };
}

function messages(world: World): Drafts {
  const { key, stranger, path, strangerPath } = world;
  const message = (says: string, write: (items: MessageItems) => Uint8Array): CoseDraft =>
    malformed(says, { message: write });
  return {
    'another tag': message('98 is COSE_Sign.', (items) => messageOf(items, 98)),
    'two tags': message('The tag of CBOR itself around the message.', (items) =>
      encode(new Tagged(55_799, new Tagged(18, items))),
    ),
    'an array of indefinite length': message('Definite lengths only.', (items) =>
      concatBytes(Uint8Array.of(0xd2), indefinite(0x9f, ...items.map((item) => encode(item)))),
    ),
    'a payload in pieces': message('A byte string of indefinite length.', ([header, unprotected, payload, signature]) =>
      concatBytes(
        hexToBytes('d284'),
        encode(header),
        encode(unprotected),
        indefinite(0x5f, encode(payload)),
        encode(signature),
      ),
    ),
    'no payload': message('A detached payload: nothing to read.', ([header, unprotected, , signature]) =>
      encode(new Tagged(18, [header, unprotected, null, signature])),
    ),
    'an unprotected header': message('Nobody has signed it.', ([header, , payload, signature]) =>
      messageOf([header, new Map([[33, 'x']]), payload, signature]),
    ),
    'the key in the unprotected header, too': message('One label in both headers.', ([header, , payload, signature]) =>
      messageOf([header, new Map([[3, 112]]), payload, signature]),
    ),
    'three items': message('A COSE_Sign1 has four.', (items) => encode(new Tagged(18, items.slice(0, 3)))),
    'bytes behind the end': message('One zero byte.', (items) => concatBytes(messageOf(items), Uint8Array.of(0))),
    'cut short': message('The last byte is missing.', (items) => messageOf(items).slice(0, -1)),
    'no CBOR': message('JSON.', () => utf8ToBytes('[{"n":"temp","u":"Cel","v":21.4}]')),
    'a signature of 63 bytes': malformed('64 bytes, whatever the algorithm.', { signature: (bytes) => bytes.slice(1) }),
    ...(key.algorithm === 'ecdsa-p256-sha256' && {
      'a signature in DER': malformed('r and s stand in 32 bytes each.', {
        signature: (bytes) => p256.Signature.fromBytes(bytes).toBytes('der'),
      }),
    }),
    'one bit changed': invalid('In the last byte of the signature.', {
      signature: (bytes) => bytes.map((byte, at) => (at === 63 ? byte ^ 1 : byte)),
    }),
    'a payload changed on the way': invalid('21.4 became 21.5.', {
      message: ([header, unprotected, payload, signature]) =>
        messageOf([
          header,
          unprotected,
          payload.map((byte, at) => (at === payload.length - 1 ? byte + 1 : byte)),
          signature,
        ]),
    }),
    "another key's signature": invalid('Header 4 is the key that must have signed.', { signer: stranger }),
    'signed for another host': invalid('The host is external data.', { aad: { authority: 'api.other.example' } }),
    'signed for another path': invalid('So is the path.', { aad: { path: strangerPath } }),
    'signed without the address': invalid('No external data.', {
      signed: ({ protectedBytes, payload }) => sigStructure({ protectedBytes, payload, aad: new Uint8Array() }),
    }),
    'the address with a line feed at its end': invalid('There is none.', {
      signed: (parts) => sigStructure({ ...parts, aad: concatBytes(aadOf(world.authority, path), utf8ToBytes('\n')) }),
    }),
    'signed as COSE_Sign': invalid('The context is Signature1.', {
      signed: (parts) => sigStructure(parts, 'Signature'),
    }),
    'the payload signed alone': invalid('Without Sig_structure.', { signed: ({ payload }) => payload }),
    compressed: {
      says: 'The compact form is not compressed.',
      headers: { 'content-encoding': 'gzip' },
      expected: refused(415, 'unsupported-encoding'),
    },
    'the payload without its envelope': {
      says: 'application/senml+cbor alone is not signed.',
      headers: { 'content-type': 'application/senml+cbor' },
      expected: refused(415, 'wrong-content-type'),
    },
    'a host that is not the network': {
      says: 'The request arrives for a host that the network is not configured with.',
      authority: 'api.other.example',
      expected: refused(421, 'wrong-authority'),
    },
    "another device's address": {
      says: 'The address belongs to one device.',
      path: strangerPath,
      expected: refused(404, 'unknown-ingest-address'),
    },
  };
}

function payloads(world: World): Drafts {
  const notCbor = (says: string, payload: Uint8Array): CoseDraft => ({
    says,
    payload,
    expected: refused(400, 'not-cbor'),
  });
  const value = (encoded: string): Uint8Array =>
    concatBytes(hexToBytes('81a3006474656d70016343656c02'), hexToBytes(encoded));
  const type = (says: string, encoded: string): CoseDraft => ({
    says,
    payload: value(encoded),
    expected: refused(422, 'out-of-type', { record: 0, quantity: 'temp' }),
  });
  const packs = Object.entries(badPacks(world)).map(([name, { says, pack, expected }]): [string, CoseDraft] => [
    name,
    { says, payload: senmlCbor(pack), expected },
  ]);
  return together(Object.fromEntries(packs), {
    '5,001 records': {
      says: 'The limit is 5,000, records without a value included.',
      payload: concatBytes(hexToBytes('991389'), value('15').slice(1), new Uint8Array(5000).fill(0xa0)),
      expected: refused(413, 'too-many-records', { limit: 5000 }),
    },
    'not a number': type('NaN.', 'f97e00'),
    infinity: type('An infinite number.', 'f97c00'),
    'a label twice': notCbor('v is given twice.', hexToBytes('81a4006474656d70016343656c02150216')),
    'a pack of indefinite length': notCbor('Definite lengths only.', indefinite(0x9f, value('15').slice(1))),
    'text of indefinite length': notCbor('Definite lengths only.', hexToBytes('81a3007f6474656d70ff016343656c0215')),
    'a tag': notCbor('A time in tag 1: no tag but 4 is known.', hexToBytes('81a4006474656d70016343656c021506c100')),
    'a large integer': notCbor('Tag 2.', value('c24101')),
    undefined: notCbor('A simple value that JSON does not have.', value('f7')),
    'a long integer': notCbor('21 in two bytes: integers are as short as they can be.', value('1815')),
    'bytes behind the pack': notCbor('One zero byte.', concatBytes(value('15'), Uint8Array.of(0))),
    'a binary value': {
      says: 'vd is a byte string (RFC 8428 section 6); our quantities are numbers.',
      payload: hexToBytes('81a3006474656d70016343656c0843010203'),
      expected: refused(422, 'not-a-number', { record: 0 }),
    },
    'a binary value in text': {
      says: 'base64url is for JSON.',
      payload: hexToBytes('81a3006474656d70016343656c086441514944'),
      expected: refused(400, 'not-senml', { record: 0 }),
    },
    'a decimal fraction of three': {
      says: 'Tag 4 is exponent and mantissa.',
      payload: value('c4832018d600'),
      expected: refused(422, 'not-a-number', { record: 0 }),
    },
    'a version as a decimal fraction': {
      says: 'bver is an unsigned integer.',
      payload: hexToBytes('81a420c48200181a006474656d70016343656c0215'),
      expected: refused(400, 'not-senml', { record: 0 }),
    },
    'labels in text': {
      says: 'In CBOR a label is its number.',
      payload: encode([{ n: 'temp', u: 'Cel', v: 21 }]),
      expected: refused(400, 'empty-pack'),
    },
  });
}
