import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DeviceId } from '../../core/ids.ts';
import { toDidKey, type KeyAlgorithm } from '../../core/signature/did-key.ts';
import { createWebcryptoVerifier } from './webcrypto-verifier.ts';

type Case = {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly publicKeyHex: string;
  readonly base: string;
  readonly signature: string;
};
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/vectors/rfc9421-b2.json'), 'utf8')) as {
  cases: readonly Case[];
};

const didOf = ({ algorithm, publicKeyHex }: Case): DeviceId =>
  toDidKey({ algorithm, publicKey: Uint8Array.from(Buffer.from(publicKeyHex, 'hex')) });
const signatureOf = ({ signature }: Case): Uint8Array => Uint8Array.from(Buffer.from(signature, 'base64'));

test.each(cases)(
  'RFC 9421 appendix $name ($algorithm) verifies, and one changed character does not',
  async (vector) => {
    const verifier = createWebcryptoVerifier();
    const device = didOf(vector);
    expect(await verifier.verify(device, vector.base, signatureOf(vector))).toEqual({ ok: true, value: true });
    expect(await verifier.verify(device, vector.base.replace('1618884473', '1618884474'), signatureOf(vector))).toEqual(
      { ok: true, value: false },
    );
  },
);

test('keys that fell out of the cache are imported again', async () => {
  const verifier = createWebcryptoVerifier(1);
  for (const vector of [...cases, ...cases]) {
    expect(await verifier.verify(didOf(vector), vector.base, signatureOf(vector))).toEqual({ ok: true, value: true });
  }
});

test('an id that holds no point of the curve is refused, not thrown', async () => {
  const device = toDidKey({
    algorithm: 'ecdsa-p256-sha256',
    publicKey: Uint8Array.from([2, ...new Uint8Array(32).fill(0xff)]),
  });
  expect(await createWebcryptoVerifier().verify(device, 'text', new Uint8Array(64))).toMatchObject({
    ok: false,
    error: { reason: 'invalid-id' },
  });
});
