import { base58 } from '@scure/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDidKey, toDidKey, type DeviceKey } from './did-key.ts';

test.each<[string, DeviceKey['algorithm'], string]>([
  // Examples of the did:key method specification (W3C CCG), Ed25519 and P-256 sections.
  [
    'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    'ed25519',
    '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29',
  ],
  ['did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv', 'ecdsa-p256-sha256', ''],
])('%s is an %s key and comes back from it', (did, algorithm, hex) => {
  const key = parseDidKey(did);
  if (!key.ok) throw new Error(key.error.given);
  expect(key.value.algorithm).toBe(algorithm);
  if (hex !== '') expect(Buffer.from(key.value.publicKey).toString('hex')).toBe(hex);
  expect(toDidKey(key.value)).toBe(did);
});

test('every key of either kind has one name, and the name gives it back', () => {
  const ed25519 = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((publicKey): DeviceKey => ({ algorithm: 'ed25519', publicKey }));
  const p256 = fc
    .tuple(fc.constantFrom(2, 3), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([sign, x]): DeviceKey => ({ algorithm: 'ecdsa-p256-sha256', publicKey: Uint8Array.from([sign, ...x]) }));
  fc.assert(
    fc.property(fc.oneof(ed25519, p256), (key) => {
      expect(parseDidKey(toDidKey(key))).toEqual({ ok: true, value: key });
    }),
  );
});

test('other methods, other key types and cut keys are refused', () => {
  const cut = `did:key:z${base58.encode(Uint8Array.from([0xed, 1, ...new Uint8Array(31).fill(7)]))}`;
  const uncompressed = `did:key:z${base58.encode(Uint8Array.from([0x80, 0x24, 4, ...new Uint8Array(32).fill(7)]))}`;
  const secp256k1 = 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme';
  for (const given of [cut, uncompressed, secp256k1, 'did:web:example.com', '', undefined, 7]) {
    expect(parseDidKey(given)).toMatchObject({ ok: false, error: { reason: 'invalid-id', kind: 'device' } });
  }
});
