/** Our reading of RFC 8941 and RFC 9421 against two libraries that share no code with it. */
import fc from 'fast-check';
import { isSignatureError, verifySignature } from 'http-message-sig';
import { parseDictionary, serializeDictionary } from 'structured-headers';
import { expect, test } from 'vitest';
import { parseSignatureInput, standardParams } from '../../core/signature/signature-input.ts';
import { createWebcryptoVerifier } from '../../worker/adapters/webcrypto-verifier.ts';
import { openSignedPost, verifySignedPost } from '../../worker/signed-post.ts';
import { altered, FIVE, newDevice, signedPost, type TestDevice } from '../support/signed-post.ts';

const KEYID = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
const STANDARD = standardParams(1_763_805_600, KEYID, '000000000000a3f1');
const URL_ = 'https://isobar.test/v1/regions/831fb4fffffffff/readings/0123456789abcdef';
const NOW_MS = 1_763_805_600_000;
const CREATED = NOW_MS / 1000;
const BODY = '[{"n":"temp","u":"Cel","v":21.4}]';

test('whatever Signature-Input is accepted is a structured field in its canonical form', () => {
  const pieces = [';a', ';b=tok', ';c="q\\"q"', ';d=?0', ';e=-7', ';f=1.5', ';g=:YQ==:', ';h="', ';alg="ed25519"', ';a=1', ' ', ';', '=', ',', '(', ';i=9', ';j=01', ';k=-0', ';l=?1'];
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 4 }), (extra) => {
      const header = `s=${STANDARD}${extra.join('')}`;
      if (!parseSignatureInput(header).ok) return;
      accepted += 1;
      expect(serializeDictionary(parseDictionary(header))).toBe(header);
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(100);
});

async function libraryAccepts(request: Request, device: TestDevice): Promise<boolean> {
  const verifier = createWebcryptoVerifier();
  try {
    await verifySignature(request, {
      policy: { algorithms: [device.signer.algorithm], requiredComponents: FIVE, requiredParameters: ['created', 'keyid', 'nonce'], maxAge: 300, clockSkew: 30, now: CREATED },
      resolveVerifier: () => ({
        algorithm: device.signer.algorithm,
        verify: async (data, signature) => {
          const holds = await verifier.verify(device.did, new TextDecoder().decode(data), signature);
          return holds.ok && holds.value;
        },
      }),
    });
    return true;
  } catch (error) {
    if (isSignatureError(error)) return false;
    throw error;
  }
}

async function weAccept(request: Request): Promise<boolean> {
  const post = openSignedPost(request, new Set(['isobar.test']), NOW_MS);
  return post.ok && (await verifySignedPost(post.value, request, createWebcryptoVerifier())).ok;
}

type Change = Parameters<typeof altered>[1];
const CHANGES: readonly (readonly [string, Change])[] = [
  ['nothing', {}],
  ['the path', { url: `${URL_}0` }],
  ['the host', { url: URL_.replace('isobar.test', 'isobar.test:8443') }],
  ['the content type', { headers: { 'content-type': 'application/senml+json;x=1' } }],
  ['the digest', { headers: { 'content-digest': `sha-256=:${'A'.repeat(43)}=:` } }],
  ['the signature gone', { headers: { signature: null } }],
  ['the label', { headers: { signature: `t=:${'A'.repeat(86)}==:` } }],
];

for (const algorithm of ['ed25519', 'ecdsa-p256-sha256'] as const) {
  test.each(CHANGES)(`an ${algorithm} post with %s changed is judged alike by the library and by us`, async (name, change) => {
    const device = await newDevice(algorithm);
    const request = await altered(await signedPost(URL_, device, { body: BODY, createdSeconds: CREATED }), change);
    const ours = await weAccept(request.clone());
    expect(ours).toBe(await libraryAccepts(request, device));
    expect(ours).toBe(name === 'nothing');
  });

  test.each([-331, -330, 30, 31])(`an ${algorithm} post created %d seconds from now is judged alike`, async (offset) => {
    const device = await newDevice(algorithm);
    const request = await signedPost(URL_, device, { body: BODY, createdSeconds: CREATED + offset });
    expect(await weAccept(request.clone())).toBe(await libraryAccepts(request, device));
  });

  test(`an ${algorithm} post whose components come in another order is accepted by both`, async () => {
    const device = await newDevice(algorithm);
    const request = await signedPost(URL_, device, { body: BODY, createdSeconds: CREATED, components: FIVE.toReversed() });
    expect(await weAccept(request.clone())).toBe(true);
    expect(await libraryAccepts(request, device)).toBe(true);
  });
}
