/** send.sh against a server that answers from a script: what it keeps, repeats, corrects and shows. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { generateKeyPem, loadDeviceKey } from '../client/key.ts';

const SCRIPT = join(import.meta.dirname, 'send.sh');
const PACK = '[{"n":"temp","u":"Cel","v":21.4}]';
const RECEIPT = '{"receipt":"83390cfffffffff-7","readings":{"accepted":1}}';

const has = (tool: string, ...args: string[]): boolean => {
  try {
    execFileSync(tool, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const missing = [has('curl', '--version') ? '' : 'curl', has('openssl', 'version') ? '' : 'openssl'].filter(Boolean);
const needs = missing.length > 0 ? ` (needs ${missing.join(', ')})` : '';
const shell = test.skipIf(needs !== '');

/** One a post; null: the connection is cut. */
type Answer = readonly [status: number, body: string] | null;
type Post = { readonly headers: IncomingHttpHeaders; readonly body: string };
type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

async function box(answers: readonly Answer[]) {
  const dir = mkdtempSync(join(tmpdir(), "isobar shell's-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = answers[posts.push({ headers: request.headers, body: Buffer.concat(chunks).toString() }) - 1];
      if (answer) response.writeHead(answer[0]).end(answer[1]);
      else request.socket.destroy();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const [pem, pack, state] = [join(dir, 'key $x.pem'), join(dir, 'pack "1".json'), join(dir, 'key $x.pem.state')];
  const text = await generateKeyPem('ed25519');
  const key = await loadDeviceKey(text);
  writeFileSync(pem, text);
  writeFileSync(pack, PACK);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/regions/x/readings/y`;
  const run = (pack?: string, tries = 3, path = process.env['PATH'] ?? ''): Promise<Ended> =>
    new Promise((resolve) => {
      const args = [pem, key.ok ? key.value.did : '', url, ...(pack === undefined ? [] : [pack])];
      const env = { ...process.env, PATH: path, ISOBAR_TRIES: String(tries), ISOBAR_PAUSE: '0' };
      execFile(SCRIPT, args, { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  return { dir, posts, pack, state, run };
}

const nonceOf = ({ headers }: Post): string =>
  /nonce="([0-9a-f]{16})"/.exec(String(headers['signature-input']))?.[1] ?? '';

shell(
  `a batch is kept before it is sent, goes again with the same bytes and nonce, and is settled by its receipt${needs}`,
  async () => {
    const { posts, pack, state, run } = await box([
      null,
      [502, 'Bad gateway'],
      [200, '<html>Sign in</html>'],
      [201, RECEIPT],
    ]);
    expect(await run(pack, 2)).toMatchObject({ code: 75, stdout: '', stderr: expect.stringContaining('kept in') });
    const [nonce = '', ...body] = readFileSync(state, 'utf8').split('\n');
    expect([nonce, body.join('\n')]).toEqual([nonceOf(posts[0] ?? { headers: {}, body: '' }), PACK]);
    // The pack file may be gone by then.
    writeFileSync(pack, 'something else');
    expect(await run()).toEqual({ code: 0, stdout: `${RECEIPT}\n`, stderr: '' });
    expect(posts.map((post) => [nonceOf(post), post.body])).toEqual([1, 2, 3, 4].map(() => [nonce, PACK]));
    expect(readFileSync(state, 'utf8')).toBe(`${nonce}\n`);
    expect(await run()).toEqual({ code: 0, stdout: '', stderr: '' });
  },
);

shell(`a new pack waits for the one before it, and is not taken while that is under way${needs}`, async () => {
  const { posts, dir, pack, state, run } = await box([null, null, [201, RECEIPT], [201, RECEIPT]]);
  expect((await run(pack, 1)).code).toBe(75);
  const next = join(dir, 'next.json');
  writeFileSync(next, PACK.replace('21.4', '21.5'));
  expect((await run(next, 1)).code).toBe(76);
  expect(readFileSync(state, 'utf8')).toContain('21.4');
  expect(await run(next)).toMatchObject({ code: 0, stdout: `${RECEIPT}\n${RECEIPT}\n` });
  expect(posts.map(({ body }) => body.slice(-6, -2))).toEqual(['21.4', '21.4', '21.4', '21.5']);
  const [, , third, fourth] = posts.map(nonceOf);
  expect(String(fourth) > String(third)).toBe(true);
});

shell(`clock and counter are corrected from the answer${needs}`, async () => {
  const { posts, pack, run } = await box([
    [401, '{"status":401,"code":"clock-skew","server-seconds":1900000000}'],
    [409, '{"status":409,"code":"nonce-too-old","highest":"00000fffffffffff"}'],
    [409, '{"status":409,"code":"nonce-reused"}'],
    [201, RECEIPT],
  ]);
  expect((await run(pack, 5)).code).toBe(0);
  const created = posts.map(({ headers }) => Number(/created=(\d+)/.exec(String(headers['signature-input']))?.[1]));
  expect(created.slice(1).every((seconds) => seconds >= 1_900_000_000 && seconds < 1_900_000_010)).toBe(true);
  expect(posts.slice(2).map(nonceOf)).toEqual(['0000100000000000', '0000100000000001']);
});

shell(`a refusal is shown with its code and makes room${needs}`, async () => {
  const problem = '{"status":422,"code":"unknown-unit","detail":"degF"}';
  const { pack, state, run } = await box([
    [422, problem],
    [201, RECEIPT],
  ]);
  expect(await run(pack)).toEqual({ code: 1, stdout: '', stderr: `refused: 422 ${problem}\n` });
  expect(readFileSync(state, 'utf8')).toMatch(/^[0-9a-f]{16}\n$/);
  expect((await run(pack)).code).toBe(0);
});

shell(`wrong use, a missing pack and a key that cannot sign are told apart, and nothing is sent${needs}`, async () => {
  const { dir, posts, pack, state, run } = await box([]);
  expect((await run(join(dir, 'none.json'))).code).toBe(2);
  expect(existsSync(state)).toBe(false);
  writeFileSync(join(dir, 'key $x.pem'), 'no key');
  expect(await run(pack)).toMatchObject({ code: 70, stderr: expect.stringContaining('cannot sign') });
  expect(readFileSync(state, 'utf8')).toContain(PACK);
  expect(posts).toEqual([]);
});

const FULL = '/dev/full';
const disk = test.skipIf(needs !== '' || !existsSync(FULL));

disk.each([
  ['body', false],
  ['base', true],
])(
  `a full disk under the temporary %s is said, and nothing goes out unsigned (needs ${FULL})${needs}`,
  async (file, isKept) => {
    const { dir, posts, pack, state, run } = await box([[201, RECEIPT]]);
    // In place of the system's: a folder in which one file has no room.
    const mktemp = execFileSync('sh', ['-c', 'command -v mktemp'], { encoding: 'utf8' }).trim();
    const script = `#!/bin/sh\nwork=$(${mktemp} -d) && ln -s ${FULL} "$work/${file}" && echo "$work"\n`;
    writeFileSync(join(dir, 'mktemp'), script, { mode: 0o755 });
    const ended = await run(pack, 1, `${dir}:${process.env['PATH']}`);
    expect(ended).toMatchObject({ code: 70, stdout: '', stderr: expect.stringContaining('cannot write in') });
    expect(posts).toEqual([]);
    expect(existsSync(state) && readFileSync(state, 'utf8').includes(PACK)).toBe(isKept);
    if (isKept) expect(await run()).toMatchObject({ code: 0, stdout: `${RECEIPT}\n` });
  },
);

shell(`without a folder for temporary files it says so, and is not taken for refused${needs}`, async () => {
  const { dir, posts, pack, run } = await box([]);
  writeFileSync(join(dir, 'mktemp'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const ended = await run(pack, 1, `${dir}:${process.env['PATH']}`);
  expect(ended).toMatchObject({ code: 70, stderr: expect.stringContaining('temporary folder') });
  expect(posts).toEqual([]);
});

test.skipIf(!has('shellcheck', '--version'))('shellcheck finds nothing (needs shellcheck)', () => {
  expect(execFileSync('shellcheck', [SCRIPT], { encoding: 'utf8' })).toBe('');
});

test('it is short enough to be read before it is trusted', () => {
  expect(readFileSync(SCRIPT, 'utf8').trimEnd().split('\n').length).toBeLessThan(60);
});
