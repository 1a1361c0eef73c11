/** Batches in the JSON form whose signature, address or body is wrong in one way each. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { toDidKey } from '../../core/signature/did-key.ts';
import { gzipRuns } from './gzip.ts';
import { badFields } from './json-bad-fields.ts';
import type { Draft } from './json-form.ts';
import { refused, together, type World } from './vector.ts';

const PACK = '[{"n":"temp","u":"Cel","v":21.4}]';
type Drafts = Readonly<Record<string, Draft>>;
type Change = Omit<Draft, 'says' | 'expected'>;

export function badJson(world: World): Drafts {
  return together(badFields(world), signatures(world), addresses(world), bodies());
}

const invalid = (says: string, change: Change): Draft => ({
  says,
  ...change,
  expected: refused(401, 'signature-invalid'),
});

function signatures(world: World): Drafts {
  const { key, stranger } = world;
  const isEd25519 = key.algorithm === 'ed25519';
  const weakKey = (says: string, publicKey: Uint8Array): Draft => ({
    says,
    path: '/v1/check',
    keyid: toDidKey({ algorithm: key.algorithm, publicKey }),
    signature: (signature) =>
      Uint8Array.from([...publicKey.slice(0, 32), ...new Uint8Array(32), ...signature]).slice(0, 64),
    expected: refused(422, 'weak-key'),
  });
  return {
    'line feed at the end': invalid('The base has none: echo adds one, printf does not.', {
      base: (base) => `${base}\n`,
    }),
    'carriage returns': invalid('Lines are joined by a single line feed.', {
      base: (base) => base.replaceAll('\n', '\r\n'),
    }),
    'method in lower case': invalid('The method is POST.', { signed: { '@method': 'post' } }),
    'authority in upper case': invalid('@authority is in lower case.', {
      signed: { '@authority': world.authority.toUpperCase().replace(/^[\d.:]+$/, 'LOCALHOST') },
    }),
    'authority with the default port': invalid('The default port is dropped.', {
      signed: { '@authority': `${world.authority}:443` },
    }),
    'signed for another host': invalid('A batch for one network is worth nothing at another.', {
      signed: { '@authority': 'api.other.example' },
    }),
    'signed for another path': invalid('Nor is one for another address.', { signed: { '@path': world.strangerPath } }),
    'signed for another content type': invalid('Else a body could be read in another way than it was meant.', {
      signed: { 'content-type': 'application/cbor' },
    }),
    'base in another order': invalid('The base follows the order of the list, whatever it is.', {
      base: (base) => base.split('\n').toSorted().join('\n'),
    }),
    'parameters changed after signing': invalid('created was moved by a second.', {
      base: (base) => base.replace(/;created=(\d+)/, (_, created: string) => `;created=${Number(created) - 1}`),
    }),
    'a digest signed in place of the base': invalid('The message is the base, not a hash of it.', {
      base: () => 'sha-256',
    }),
    "another key's signature": invalid('keyid names the key that must have signed.', { signer: stranger }),
    'alg of another key': invalid('alg must be the algorithm of the key.', {
      params: (usual) => `${usual};alg="${isEd25519 ? 'ecdsa-p256-sha256' : 'ed25519'}"`,
    }),
    'one bit changed': invalid('In the last byte of the signature.', {
      signature: (bytes) => bytes.map((byte, at) => (at === 63 ? byte ^ 1 : byte)),
    }),
    'all zero': invalid('r = 0 or s = 0 holds for nothing.', { signature: () => new Uint8Array(64) }),
    ...(isEd25519
      ? {
          's plus the group order': invalid(
            'RFC 8032 section 5.1.7: s below the order, or one batch has two signatures.',
            {
              signature: (bytes) => plusOrder(bytes),
            },
          ),
          'the identity as key': weakKey(
            'Anyone can sign for it. Judged at /v1/check and at registration.',
            identity(),
          ),
          'a key of order 8': weakKey('Small order.', ORDER_8),
          'a key of order 8 times a good one': weakKey(
            'Outside the group of prime order: it has other names for the same signer.',
            ed25519.Point.BASE.add(ed25519.Point.fromBytes(ORDER_8)).toBytes(),
          ),
        }
      : {
          's of the order': invalid('s is below the order.', {
            signature: (bytes) =>
              Uint8Array.from([
                ...bytes.slice(0, 32),
                ...hexToBytes(p256.Point.Fn.ORDER.toString(16).padStart(64, '0')),
              ]),
          }),
          'r and s in little endian': invalid('Both are big endian.', {
            signature: (bytes) =>
              Uint8Array.from([...bytes.slice(0, 32).toReversed(), ...bytes.slice(32).toReversed()]),
          }),
          'a key that is no point': weakKey(
            'No y belongs to this x.',
            Uint8Array.from([2, ...new Uint8Array(32).fill(0xff)]),
          ),
        }),
  };
}

const ORDER_8 = hexToBytes('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');

const identity = (): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 1 : 0));

function plusOrder(signature: Uint8Array): Uint8Array {
  const s = signature.slice(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + ed25519.Point.Fn.ORDER;
  const hex = s.toString(16).padStart(64, '0');
  return Uint8Array.from([...signature.slice(0, 32), ...hexToBytes(hex).toReversed()]);
}

function addresses(world: World): Drafts {
  const unknown = (says: string, change: Change): Draft => ({
    says,
    ...change,
    expected: refused(404, 'unknown-ingest-address'),
  });
  const cell = /regions\/([0-9a-f]{15})/.exec(world.path)?.[1] ?? '';
  return {
    "another device's address": unknown('The address belongs to one device.', { path: world.strangerPath }),
    'another region': unknown('The address belongs to one region.', {
      path: world.path.replace(cell, cell === '831fb0fffffffff' ? '831fb4fffffffff' : '831fb0fffffffff'),
    }),
    'an escaped address': unknown('Another spelling of an address is another address.', {
      path: world.path.replace('/83', '/%383'),
    }),
    'a host that is not the network': {
      says: 'The request arrives for a host that the network is not configured with.',
      authority: 'api.other.example',
      expected: refused(421, 'wrong-authority'),
    },
  };
}

function bodies(): Drafts {
  const mismatch = (says: string, change: Change): Draft => ({
    says,
    ...change,
    expected: refused(401, 'digest-mismatch'),
  });
  const gzip = { 'content-encoding': 'gzip' };
  const packed = gzipRuns([{ text: PACK, times: 1 }]);
  return {
    'a body changed on the way': mismatch('The signature is good and says nothing of these bytes.', {
      body: PACK.replace('21.4', '12.4'),
      digestOf: PACK,
    }),
    'the digest of the JSON written anew': mismatch('The bytes count, not what they mean.', {
      body: '[ {"n":"temp","u":"Cel","v":21.40} ]',
      digestOf: PACK,
    }),
    'the digest before compression': mismatch('Content-Digest is over the bytes as sent.', {
      body: packed,
      digestOf: PACK,
      posted: gzip,
    }),
    'no gzip': { says: 'The body only says that it is gzip.', posted: gzip, expected: refused(400, 'bad-gzip') },
    'gzip cut short': {
      says: 'The end is missing.',
      body: packed.slice(0, -6),
      posted: gzip,
      expected: refused(400, 'bad-gzip'),
    },
    'a body over 256 KiB': {
      says: 'Refused by its size before anything is read. The signature covers the padding, too.',
      bodyPadding: 262_144,
      digestOf: PACK + ' '.repeat(262_144),
      expected: refused(413, 'body-too-large', { limit: 262_144 }),
    },
    'a body that inflates to over 1 MiB': {
      says: 'A megabyte of spaces behind a good pack.',
      body: gzipRuns([
        { text: PACK, times: 1 },
        { text: ' ', times: 1_048_576 },
      ]),
      posted: gzip,
      expected: refused(413, 'inflated-too-large', { limit: 1_048_576 }),
    },
    '5,001 records': {
      says: 'The limit is 5,000, records without a value included.',
      body: gzipRuns([
        { text: `${PACK.slice(0, -1)},`, times: 1 },
        { text: '{},', times: 4999 },
        { text: '{}]', times: 1 },
      ]),
      posted: gzip,
      expected: refused(413, 'too-many-records', { limit: 5000 }),
    },
    'no JSON': { says: 'Text.', body: '21.4 degrees', expected: refused(400, 'not-json') },
    'no UTF-8': {
      says: 'A byte 0xff in a name.',
      body: concatBytes(utf8ToBytes('[{"n":"te'), Uint8Array.of(0xff), utf8ToBytes('mp","u":"Cel","v":1}]')),
      expected: refused(400, 'not-json'),
    },
    'a byte order mark': { says: 'RFC 8259 section 8.1.', body: `\ufeff${PACK}`, expected: refused(400, 'not-json') },
    'NaN as a value': {
      says: 'JSON has no NaN.',
      body: PACK.replace('21.4', 'NaN'),
      expected: refused(400, 'not-json'),
    },
    'a number beyond a double': {
      says: '1e999 is JSON and no measurement.',
      body: PACK.replace('21.4', '1e999'),
      expected: refused(422, 'out-of-type', { record: 0, quantity: 'temp' }),
    },
  };
}
