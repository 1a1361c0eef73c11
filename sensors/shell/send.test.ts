import { execFile, execFileSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { verifySignature } from 'http-message-sig';
import { expect, onTestFinished, test } from 'vitest';
import { generateKeyPem, KEY_ALGORITHMS, loadDeviceKey } from '../client/key.ts';

const SCRIPT = join(import.meta.dirname, 'send.sh');
const missing = [
  ['curl', '--version'],
  ['openssl', 'version'],
].filter(([tool = '', ...args]) => {
  try {
    execFileSync(tool, args, { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
});

test.skipIf(missing.length > 0).each(KEY_ALGORITHMS)(
  'curl and openssl alone post a batch that verifies: %s',
  async (algorithm) => {
    const directory = mkdtempSync(join(tmpdir(), 'isobar-shell-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const pem = await generateKeyPem(algorithm);
    const key = await loadDeviceKey(pem);
    writeFileSync(join(directory, 'key.pem'), pem);
    writeFileSync(join(directory, 'pack.json'), '[{"n":"temp","u":"Cel","v":21.4}]');

    const fields: { name: string; value: string }[] = [];
    const server = createServer((request, response) => {
      for (const [name, value] of Object.entries(request.headers)) fields.push({ name, value: String(value) });
      response.writeHead(201).end('{"receipt":"x"}');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/regions/x/readings/y`;
    const did = key.ok ? key.value.did : '';
    const { stdout } = await promisify(execFile)(SCRIPT, [
      join(directory, 'key.pem'),
      did,
      url,
      join(directory, 'pack.json'),
    ]);
    expect(stdout).toContain('"receipt"');

    const publicKey = createPublicKey(pem);
    const verified = await verifySignature(
      { kind: 'request', method: 'POST', targetUri: url, fields },
      {
        label: 's',
        policy: {
          algorithms: [algorithm],
          requiredComponents: ['@method', '@authority', '@path', 'content-type', 'content-digest'],
          requiredParameters: ['created', 'keyid', 'nonce'],
          maxAge: 300,
          clockSkew: 30,
        },
        resolveVerifier: () => ({
          algorithm,
          verify: (data, signature) =>
            algorithm === 'ed25519'
              ? verify(null, data, publicKey, signature)
              : verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
        }),
      },
    );
    expect(verified.parameters.keyid).toBe(did);
  },
);
