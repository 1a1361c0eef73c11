/** docs/protocol.md as a stranger reads it: its worked example verified by others' code, its shapes, its links. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { base58 } from '@scure/base';
import { verifySignature } from 'http-message-sig';
import { parseDictionary, serializeDictionary } from 'structured-headers';
import { expect, test } from 'vitest';
import { Receipt } from '../../schema/api/ingest.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8');

/** Fenced blocks below a mark, without their fences. */
function blocksAfter(mark: string): readonly string[] {
  const from = page.indexOf(mark);
  expect(from).toBeGreaterThan(0);
  return Array.from(page.slice(from).matchAll(/^```\w*\n([^]*?)\n```$/gm), ([, text = '']) => text);
}

const [request = '', base = ''] = blocksAfter('<!-- generated: worked example -->');
const [head = '', body = ''] = request.split('\n\n');
const [start = '', ...lines] = head.split('\n');
const fields = lines.map((line) => {
  const colon = line.indexOf(': ');
  return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 2) };
});
const valueOf = (name: string): string => fields.find((field) => field.name === name)?.value ?? '';
const [, path = ''] = start.split(' ');
const targetUri = `https://${valueOf('host')}${path}`;

/** The key is in the name: base58 of two bytes and the key. */
function publicKeyOf(did: string) {
  const raw = base58.decode(did.slice('did:key:z'.length)).slice(2);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

test('the worked example is a request that a library and OpenSSL verify', async () => {
  const verified = await verifySignature(
    { kind: 'request', method: 'POST', targetUri, fields },
    {
      label: 's',
      policy: {
        algorithms: ['ed25519'],
        requiredComponents: ['@method', '@authority', '@path', 'content-type', 'content-digest'],
        requiredParameters: ['created', 'keyid', 'nonce'],
        maxAge: 300,
        clockSkew: 30,
        now: 1_795_387_200,
      },
      resolveVerifier: ({ parameters }) => ({
        algorithm: 'ed25519',
        verify: (data, signature) => {
          // What the library signs is what the page prints.
          expect(new TextDecoder().decode(data)).toBe(base);
          return verify(null, data, publicKeyOf(String(parameters.keyid)), signature);
        },
      }),
    },
  );
  expect(verified.parameters.nonce).toBe('000000000000a3f1');
});

test('its digest is that of the body printed, and its fields are structured fields in canonical form', () => {
  expect(valueOf('content-digest')).toBe(`sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
  for (const name of ['content-digest', 'signature-input', 'signature'])
    expect(serializeDictionary(parseDictionary(valueOf(name)))).toBe(valueOf(name));
});

test('the receipt printed has the shape that the API describes, and the members that the CDDL names', () => {
  const [cddl = '', example = ''] = blocksAfter('## Answers');
  const receipt = JSON.parse(example) as Record<string, unknown>;
  expect(Receipt.safeParse(receipt).error).toBeUndefined();
  const block = /receipt = \{\n([^]*?)\n\}/.exec(cddl)?.[1] ?? '';
  const members = Array.from(block.matchAll(/^ {2}(\w+):/gm), ([, name]) => name);
  expect(members).toEqual(Object.keys(receipt));
});

const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  'sensors/vectors/README.md', 'sensors/firmware/README.md', 'sensors/gateway/README.md'];

/** As GitHub makes them: lower case, no marks, hyphens for spaces. */
const anchorsOf = (path: string): ReadonlySet<string> =>
  new Set(
    Array.from(readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm), ([, title = '']) =>
      title.toLowerCase().replace(/[^\p{L}\p{N}\- ]/gu, '').replaceAll(' ', '-'),
    ),
  );

test.each(pages)('%s: every link to another page leads somewhere', (name) => {
  const text = readFileSync(join(ROOT, name), 'utf8');
  const broken: string[] = [];
  for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? join(ROOT, name) : join(ROOT, name, '..', file);
    if (!existsSync(path) || (anchor !== undefined && !anchorsOf(path).has(anchor))) broken.push(target);
  }
  expect(broken).toEqual([]);
});
