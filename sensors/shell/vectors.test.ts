/** sensors/vectors/signing.json through send.sh: with its clock and counter set, the very headers, for any address. */
import { execFile, execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64 } from '@scure/base';
import { expect, onTestFinished, test } from 'vitest';
import { publishedKeys, readSigningVectors, type SigningVector } from '../../test/support/vectors.ts';

const SCRIPT = join(import.meta.dirname, 'send.sh');
const hasOpenssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** In place of curl and date, the first on the PATH: one writes down what it is given, the other tells the vector's time. */
const CURL = `#!/bin/sh
for word; do printf '%s\\n' "$word"; done >"$OUT"
while [ "$1" != -o ]; do shift; done
printf '{"receipt":"x-1"}' >"$2"
printf 201
`;

/** The shell client names no batch before. */
const VECTORS = readSigningVectors().filter(({ previous }) => previous === null);

test.skipIf(!hasOpenssl).each(VECTORS.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
  const dir = mkdtempSync(join(tmpdir(), 'isobar-shell-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const program = (name: string, text: string): void => {
    writeFileSync(join(dir, name), text);
    chmodSync(join(dir, name), 0o755);
  };
  program('curl', CURL);
  program('date', `#!/bin/sh\necho ${vector.created}\n`);
  const [pem, state, out] = [join(dir, 'key.pem'), join(dir, 'key.pem.state'), join(dir, 'out')];
  writeFileSync(pem, publishedKeys().find(({ device }) => device === vector.device)?.pem ?? '');
  // A batch that a run before this one has kept.
  writeFileSync(state, `${vector.nonce}\n${Buffer.from(vector.json.body, 'base64').toString()}`);
  const env = { ...process.env, PATH: `${dir}:${process.env['PATH']}`, OUT: out };
  await new Promise<void>((resolve, reject) =>
    execFile(SCRIPT, [pem, vector.device, vector.url], { env }, (error) => (error ? reject(error) : resolve())),
  );
  const words = readFileSync(out, 'utf8').split('\n');
  expect(words).toContain(`Content-Digest: ${vector.json.contentDigest}`);
  expect(words).toContain(`Signature-Input: s=${vector.json.signatureParams}`);
  expect(words).toContain(vector.url);
  expectSigned(vector, words.find((word) => word.startsWith('Signature: s=:')) ?? '');
});

function expectSigned({ algorithm, device, json }: SigningVector, header: string): void {
  if (algorithm === 'ed25519') expect(header).toBe(`Signature: s=:${json.signature}:`);
  const signature = base64.decode(header.slice('Signature: s=:'.length, -1));
  const key = createPublicKey(createPrivateKey(publishedKeys().find((known) => known.device === device)?.pem ?? ''));
  const base = Buffer.from(json.base);
  expect(signature).toHaveLength(64);
  expect(
    algorithm === 'ed25519'
      ? verify(null, base, key, signature)
      : verify('sha256', base, { key, dsaEncoding: 'ieee-p1363' }, signature),
  ).toBe(true);
}
