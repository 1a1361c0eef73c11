import { ed25519 } from '@noble/curves/ed25519.js';
import { encode, Tagged } from 'cborg';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toDidKey } from '../signature/did-key.ts';
import { coseEvidence, decodeEvidence, encodeEvidence } from '../signature/evidence.ts';
import { contentDigestOf, evidenceBase } from '../signature/verify.ts';
import { coseHeader, externalAad, readCoseBatch } from './batch.ts';
import { encodeSign1, signedBytes, type Header } from './sign1.ts';

const { secretKey, publicKey } = ed25519.keygen(new Uint8Array(32).fill(7));
const DEVICE = toDidKey({ algorithm: 'ed25519', publicKey });
const AUTHORITY = 'api.isobar.test';
const PATH = '/v1/regions/83390cfffffffff/readings/abc';
const HEADER = coseHeader({ device: DEVICE, createdSeconds: 1_800_000_000, nonce: '000000000000a3f1' }, 'ed25519');
const PAYLOAD = encode([
  new Map<number, unknown>([
    [0, 'temp'],
    [1, 'Cel'],
    [2, 21.5],
  ]),
]);

function message(header: Header = HEADER, payload: Uint8Array = PAYLOAD): Uint8Array {
  const protectedBytes = encode(header);
  const signed = signedBytes({ protectedBytes, payload }, externalAad(AUTHORITY, PATH));
  // A plain array of bytes: Node's encoder gives a Buffer.
  return Uint8Array.from(encodeSign1({ protectedBytes, payload, signature: ed25519.sign(signed, secretKey) }));
}
const read = (bytes: Uint8Array, path = PATH) => readCoseBatch(bytes, AUTHORITY, path);
const changed = (change: (header: Map<unknown, unknown>) => void): Header => {
  const header = new Map(HEADER);
  change(header);
  return header;
};

test('a batch is read with device, time, nonce and the digest of its payload, and its signature holds', () => {
  const batch = read(message());
  if (!batch.ok) throw new Error(batch.error.reason);
  expect(batch.value).toMatchObject({ device: DEVICE, createdSeconds: 1_800_000_000, nonce: '000000000000a3f1' });
  expect(ed25519.verify(batch.value.signature, batch.value.signed, publicKey)).toBe(true);
});

test('a batch names the one before it in 38 bytes more, and the name is signed', () => {
  const previous = new Uint8Array(32).fill(9);
  const named = { device: DEVICE, createdSeconds: 1_800_000_000, nonce: '000000000000a3f1', previous };
  const bytes = message(coseHeader(named, 'ed25519'));
  const batch = read(bytes);
  if (!batch.ok) throw new Error(batch.error.reason);
  expect(batch.value.previous).toEqual(previous);
  expect(bytes.length - message().length).toBeLessThanOrEqual(40);
  const at = bytes.findIndex((_, index) => bytes.slice(index, index + 32).every((byte) => byte === 9));
  const changed = read(bytes.with(at, 8));
  expect(changed.ok && ed25519.verify(changed.value.signature, changed.value.signed, publicKey)).toBe(false);
});

test('a batch signed for one address does not hold at another', () => {
  const batch = read(message(), '/v1/regions/83390cfffffffff/readings/other');
  expect(batch.ok && ed25519.verify(batch.value.signature, batch.value.signed, publicKey)).toBe(false);
});

test('the overhead over the payload is at most 150 bytes', () => {
  expect(message().length - PAYLOAD.length).toBeLessThanOrEqual(150);
});

test.each([
  ['another algorithm than the key has', changed((header) => header.set(1, -7))],
  ['another content type', changed((header) => header.set(3, 110))],
  ['no key', changed((header) => header.delete(4))],
  ['a key of another kind', changed((header) => header.set(4, new Uint8Array(34)))],
  ['no claims', changed((header) => header.delete(15))],
  [
    'a claim more',
    changed((header) => header.set(15, new Map([...(header.get(15) as Map<number, unknown>), [1, 'x']]))),
  ],
  [
    'a time with a fraction',
    changed((header) =>
      header.set(
        15,
        new Map<number, unknown>([
          [6, 1.5],
          [7, new Uint8Array(8)],
        ]),
      ),
    ),
  ],
  [
    'a short nonce',
    changed((header) =>
      header.set(
        15,
        new Map<number, unknown>([
          [6, 1],
          [7, new Uint8Array(7)],
        ]),
      ),
    ),
  ],
  ['a short digest of the batch before', changed((header) => header.set(-70001, new Uint8Array(31)))],
  ['a critical header', changed((header) => header.set(2, [4]))],
  ['a header that nobody knows', changed((header) => header.set(33, 'x'))],
])('%s is refused', (_, header) => {
  expect(read(message(header))).toMatchObject({ ok: false, error: { reason: 'malformed-signature' } });
});

test('what nobody signed is not taken: an unprotected header, a detached payload, indefinite lengths, bytes behind the end', () => {
  const protectedBytes = encode(HEADER);
  const signature = new Uint8Array(64);
  const wrong = [
    encode(new Tagged(18, [protectedBytes, new Map([[4, new Uint8Array(34)]]), PAYLOAD, signature])),
    encode(new Tagged(18, [protectedBytes, new Map(), null, signature])),
    encode(new Tagged(18, [protectedBytes, new Map(), PAYLOAD, new Uint8Array(63)])),
    encode(new Tagged(17, [protectedBytes, new Map(), PAYLOAD, signature])),
    Uint8Array.from([0x9f, ...message().slice(2), 0xff]),
    Uint8Array.from([...message(), 0]),
    new Uint8Array(),
  ];
  for (const bytes of wrong) expect(read(bytes)).toMatchObject({ ok: false });
});

test('no bytes make the reader throw', () => {
  const good = message();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(good.length - 1), fc.nat(255), (bytes, at, byte) => {
      expect(typeof read(bytes).ok).toBe('boolean');
      const one = Uint8Array.from(good);
      one[at] = byte;
      expect(typeof read(one).ok).toBe('boolean');
    }),
    { numRuns: 2000 },
  );
});

test('evidence of a batch comes back as it was, with what it signs and its digest', () => {
  const bytes = message();
  const batch = read(bytes);
  if (!batch.ok) throw new Error(batch.error.reason);
  const evidence = decodeEvidence(encodeEvidence(coseEvidence(batch.value, AUTHORITY, PATH, bytes)));
  if (!evidence.ok) throw new Error(evidence.error.detail);
  expect(evidence.value).toEqual(coseEvidence(batch.value, AUTHORITY, PATH, bytes));
  expect(evidenceBase(evidence.value, DEVICE)).toEqual({ ok: true, value: batch.value.signed });
  expect(contentDigestOf(evidence.value)).toEqual(batch.value.digest);
});

test('a label that is a list is refused and never turned to text, however deeply it nests', () => {
  const refused = read(message(new Map<unknown, unknown>([[[[1]], 1]])));
  expect(!refused.ok && refused.error).toMatchObject({
    detail: expect.stringContaining('the header that is no number'),
  });
});
