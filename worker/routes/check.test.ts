import { beforeEach, expect, test, vi } from 'vitest';
import { toDidKey } from '../../core/signature/did-key.ts';
import { edgeEnv, ORIGIN } from '../../test/support/edge-env.ts';
import { altered, newDevice, signedPost } from '../../test/support/signed-post.ts';
import { app } from '../app.ts';

const URL_ = `${ORIGIN}/v1/check`;
const now = Math.floor(Date.now() / 1000);
// No REGION, DB or ARCHIVE: a check that touched one of them would fail.
const { env } = edgeEnv();
Reflect.deleteProperty(env, 'REGION');

beforeEach(() => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  return () => log.mockRestore();
});

test.each(['ed25519', 'ecdsa-p256-sha256'] as const)(
  'a signed %s batch of a stranger is judged without registration',
  async (algorithm) => {
    const device = await newDevice(algorithm);
    const body = JSON.stringify([
      { bt: now, n: 'temp', u: 'Cel', v: 21 },
      { n: 'temp', u: 'Cel', t: 1, v: 99 },
      { n: 'temp', u: 'Cel', t: 10_000, v: 20 },
    ]);
    const response = await app.request(await signedPost(URL_, device, { body }), undefined, env);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      verdict: 'would-be-accepted',
      device: device.did,
      algorithm,
      nonce: '0000000000000001',
      readings: { accepted: 2, refused: [{ quantity: 'temp', code: 'in-the-future' }] },
      flags: [{ quantity: 'temp', test: 'range', flag: 4 }],
    });
  },
);

test('a batch of which nothing would be stored is told so', async () => {
  const body = JSON.stringify([{ t: 1_000_000_000, n: 'temp', u: 'Cel', v: 21 }]);
  const response = await app.request(await signedPost(URL_, await newDevice(), { body }), undefined, env);
  expect(await response.json()).toMatchObject({
    verdict: 'nothing-would-be-stored',
    readings: { accepted: 0, refused: [{ code: 'too-old' }] },
  });
});

test('what ingest would refuse is refused with the same problem', async () => {
  const device = await newDevice();
  const good = await signedPost(URL_, device, { body: '[{"n":"temp","u":"Cel","v":21}]' });
  const codeOf = async (request: Request) =>
    (await (await app.request(request, undefined, env)).json<{ code: string }>()).code;
  expect(await codeOf(await altered(good.clone(), { headers: { signature: null } }))).toBe('unsigned');
  expect(await codeOf(await altered(good.clone(), { body: '[]' }))).toBe('digest-mismatch');
  expect(await codeOf(await altered(good.clone(), { url: `${URL_}/` }))).toBe('not-found');
  expect(await codeOf(await signedPost(URL_, device, { body: '[]' }))).toBe('empty-pack');
  expect(await codeOf(await signedPost(URL_, device, { body: '[]', createdSeconds: now - 1000 }))).toBe('clock-skew');
});

test('a key that anyone can sign for is refused for itself, whatever the runtime makes of its signature', async () => {
  // The identity as public key: R = identity and S = 0 verify for every message (RFC 8032 section 5.1.7).
  const identity = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
  const anyone = {
    did: toDidKey({ algorithm: 'ed25519', publicKey: identity }),
    signer: { algorithm: 'ed25519', sign: () => Uint8Array.from([...identity, ...new Uint8Array(32)]) },
  };
  const response = await app.request(
    await signedPost(URL_, anyone, { body: '[{"n":"temp","u":"Cel","v":21}]' }),
    undefined,
    env,
  );
  expect([response.status, await response.json()]).toMatchObject([422, { code: 'weak-key' }]);
});
