import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifySignature } from 'http-message-sig';
import { expect, test } from 'vitest';
import type { KeyAlgorithm } from '../../core/signature/did-key.ts';
import { elementKey, type SigningKey, generateKeyPem, KEY_ALGORITHMS, keyOfPair, loadDeviceKey } from './key.ts';
import { SENML_JSON, signatureBase, signUpload, type Upload } from './sign.ts';

const UPLOAD: Upload = {
  url: 'http://127.0.0.1:8787/v1/regions/83390cfffffffff/readings/abcdef0123456789',
  contentType: SENML_JSON,
  body: new TextEncoder().encode('[{"n":"temp","u":"Cel","v":21.4}]'),
  createdSeconds: 1_763_805_600,
  nonce: '000000000000a3f1',
};

async function newKey(algorithm: KeyAlgorithm): Promise<{ key: SigningKey; pem: string }> {
  const pem = await generateKeyPem(algorithm);
  const key = await loadDeviceKey(pem);
  if (!key.ok) throw new Error(key.error.detail);
  return { key: key.value, pem };
}

/** Checks with node:crypto, which shares no code with the signer's WebCrypto path. */
function verifyWithNode(pem: string, data: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey(pem);
  return key.asymmetricKeyType === 'ed25519'
    ? verify(null, data, key, signature)
    : verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

const FIVE = ['@method', '@authority', '@path', 'content-type', 'content-digest'];
const PREVIOUS = new Uint8Array(32).fill(5);

test.each(KEY_ALGORITHMS.flatMap((algorithm) => [[algorithm, null] as const, [algorithm, PREVIOUS] as const]))(
  'an upload signed with %s, previous digest %j, is verified by an independent RFC 9421 library',
  async (algorithm, previous) => {
    const { key, pem } = await newKey(algorithm);
    const headers = await signUpload(key, { ...UPLOAD, previous });
    expect(headers['previous-digest'] === undefined).toBe(previous === null);
    const verified = await verifySignature(
      new Request(UPLOAD.url, { method: 'POST', headers: { ...headers }, body: Uint8Array.from(UPLOAD.body) }),
      {
        label: 's',
        policy: {
          algorithms: [algorithm],
          requiredComponents: previous === null ? FIVE : [...FIVE, 'previous-digest'],
          requiredParameters: ['created', 'keyid', 'nonce'],
          maxAge: 300,
          clockSkew: 30,
          now: UPLOAD.createdSeconds,
        },
        resolveVerifier: () => ({ algorithm, verify: (data, signature) => verifyWithNode(pem, data, signature) }),
      },
    );
    expect(verified.parameters.keyid).toBe(key.did);
    expect(verified.parameters.nonce).toBe('000000000000a3f1');
  },
);

test.each(KEY_ALGORITHMS)('one changed letter of the signature base breaks a %s signature', async (algorithm) => {
  const { key, pem } = await newKey(algorithm);
  const message = new TextEncoder().encode('"@method": POST');
  const signature = await key.sign(message);
  expect(signature).toHaveLength(64);
  expect(verifyWithNode(pem, message, signature)).toBe(true);
  expect(verifyWithNode(pem, new TextEncoder().encode('"@method": PUT'), signature)).toBe(false);
});

test('the digest is that of the exact body bytes', async () => {
  const { key } = await newKey('ed25519');
  const headers = await signUpload(key, UPLOAD);
  const expected = createHash('sha256').update(UPLOAD.body).digest('base64');
  expect(headers['content-digest']).toBe(`sha-256=:${expected}:`);
});

test('the signature base has one line a component, no line feed at the end, and the authority with its port', () => {
  const base = signatureBase(UPLOAD, 'sha-256=:x:', '("@method");created=1');
  expect(base).toBe(
    [
      '"@method": POST',
      '"@authority": 127.0.0.1:8787',
      '"@path": /v1/regions/83390cfffffffff/readings/abcdef0123456789',
      '"content-type": application/senml+json',
      '"content-digest": sha-256=:x:',
      '"@signature-params": ("@method");created=1',
    ].join('\n'),
  );
});

test('the authority is lower case and drops the default port', () => {
  const base = signatureBase({ url: 'https://API.Isobar.Example:443/v1/x', contentType: SENML_JSON }, 'd', 'p');
  expect(base).toContain('"@authority": api.isobar.example\n');
});

test.each([
  ['ed25519', /^did:key:z6Mk/],
  ['ecdsa-p256-sha256', /^did:key:zDn/],
] as const)('a key file names its device: %s', async (algorithm, shape) => {
  const { key, pem } = await newKey(algorithm);
  expect(key.did).toMatch(shape);
  const again = await loadDeviceKey(pem);
  expect(again.ok && again.value.did).toBe(key.did);
});

test('the did:key of RFC 8032 test 1 is the published one', async () => {
  // The secret key of RFC 8032 section 7.1, TEST 1, in the PKCS#8 frame of RFC 8410.
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex').toString('base64');
  const key = await loadDeviceKey(`-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`);
  expect(key.ok && key.value.did).toBe('did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw');
});

test('openssl signs with the key file, where it is installed', async ({ skip }) => {
  const { pem } = await newKey('ed25519');
  const directory = mkdtempSync(join(tmpdir(), 'isobar-key-'));
  try {
    writeFileSync(join(directory, 'key.pem'), pem);
    writeFileSync(join(directory, 'base'), 'signature base');
    const openssl = [
      'pkeyutl',
      '-sign',
      '-rawin',
      '-inkey',
      join(directory, 'key.pem'),
      '-in',
      join(directory, 'base'),
    ];
    let signature: Buffer;
    try {
      signature = execFileSync('openssl', openssl, { stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return skip('openssl is not installed');
      throw error;
    }
    expect(verifyWithNode(pem, Buffer.from('signature base'), signature)).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a file that is no private key is refused with what to do', async () => {
  const sec1 = await loadDeviceKey('-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n');
  expect(sec1.ok ? '' : sec1.error.detail).toContain('openssl pkcs8 -topk8');
  const cut = await loadDeviceKey((await generateKeyPem('ed25519')).replace(/\n[A-Za-z0-9+/]{10}/, '\n'));
  expect(cut.ok).toBe(false);
});

test.each(KEY_ALGORITHMS)(
  'without WebCrypto the same %s file makes the same device and valid signatures',
  async (algorithm) => {
    const message = new TextEncoder().encode('signature base');
    for (const pem of [await generateKeyPem(algorithm), await generateKeyPem(algorithm, null)]) {
      const [native, pure] = [await loadDeviceKey(pem), await loadDeviceKey(pem, null)];
      if (!native.ok || !pure.ok) throw new Error('both load the file');
      expect(pure.value.did).toBe(native.value.did);
      for (const key of [native.value, pure.value])
        expect(verifyWithNode(pem, message, await key.sign(message))).toBe(true);
    }
    expect((await loadDeviceKey((await generateKeyPem(algorithm)).replace(/\n.{48}/, '\n'), null)).ok).toBe(false);
  },
);

test('a secure element signs by its own means; DER where R || S belongs is named', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const point = Buffer.from(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-65));
  const signing = (dsaEncoding: 'ieee-p1363' | 'der') =>
    elementKey({
      algorithm: 'ecdsa-p256-sha256',
      publicKey: point,
      sign: (message) => sign('sha256', message, { key: pair.privateKey, dsaEncoding }),
    });
  const loaded = await loadDeviceKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  expect(signing('ieee-p1363').did).toBe(loaded.ok && loaded.value.did);
  expect(await signing('ieee-p1363').sign(new Uint8Array(3))).toHaveLength(64);
  await expect(signing('der').sign(new Uint8Array(3))).rejects.toThrow('DER');
});

test('a pair that cannot be exported signs as its public key says', async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('a pair');
  const key = await keyOfPair(pair);
  const message = new TextEncoder().encode('x');
  const check = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = Uint8Array.from(await key.sign(message));
  expect(await crypto.subtle.verify(check, pair.publicKey, signature, message)).toBe(true);
});
