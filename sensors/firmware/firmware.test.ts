/** The C client's bytes against the network's own functions and node:crypto, under the address and undefined-behaviour sanitizers. */
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, randomBytes, verify } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { base64, base64urlnopad } from '@scure/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseReadings } from '../../core/senml/parse-readings.ts';
import { type KeyAlgorithm, parseDidKey, toDidKey } from '../../core/signature/did-key.ts';
import { formatContentDigest } from '../../core/signature/fields.ts';
import { signatureBase } from '../../core/signature/signature-base.ts';
import { COMPONENTS, standardParams } from '../../core/signature/signature-input.ts';
import { FIRMWARE_NEEDS, HAS_PSA, makeFirmware } from '../../test/support/firmware.ts';
import { generateKeyPem } from '../client/key.ts';
import { writePack } from '../client/senml.ts';
import { signatureBase as clientBase } from '../client/sign.ts';

const SENML = 'application/senml+json';
const CREATED_MS = 1_795_387_200_000;
/** Each run has hundreds of inputs and one process: to shrink them would take longer than to read them. */
const RUNS = { numRuns: 1, endOnFailure: true };
const NEEDS = FIRMWARE_NEEDS.length > 0 ? ` (needs ${FIRMWARE_NEEDS.join(', ')})` : '';
let build = '';

type Word = string | number | bigint;
/** One command a line, one answer a line. */
function ask(commands: readonly (readonly Word[])[]): readonly string[] {
  const input = commands.map((words) => `${words.join(' ')}\n`).join('');
  const answers = execFileSync(join(build, 'probe'), { input, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');
  return answers.slice(0, commands.length);
}
const hex = (value: string | Uint8Array): string => Buffer.from(value).toString('hex') || '-';
const textOf = (answer: string | undefined): string =>
  answer === undefined || answer === '-' ? '' : Buffer.from(answer, 'hex').toString();
const many = <T>(arbitrary: fc.Arbitrary<T>, count: number) =>
  fc.array(arbitrary, { minLength: count, maxLength: count });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const DEVICE = toDidKey({ algorithm: 'ed25519', publicKey: new Uint8Array(32).fill(7) });

describe.skipIf(NEEDS !== '')(`the C client${NEEDS}`, { timeout: 30_000 }, () => {
  beforeAll(() => {
    build = makeFirmware('probe');
  }, 60_000);
  afterAll(() => rmSync(build, { recursive: true, force: true }));

  test('keeps before it sends, sends the same again, takes corrections, allocates nothing: its own tests in C', () => {
    rmSync(makeFirmware('test'), { recursive: true });
  });

  test('changed answers, addresses and whole conversations break nothing: 40,000 of them', () => {
    const folder = makeFirmware('fuzz');
    const told = execFileSync(join(folder, 'fuzz'), ['40000', '1'], { encoding: 'utf8' });
    expect(told).toMatch(/^40000 inputs, \d+ answers to posts; accepted [1-9]\d*, repeated [1-9]\d*, again [1-9]/);
    rmSync(folder, { recursive: true });
  });

  test('the library itself calls nothing but memory and string functions: no heap, no clock, no input or output', () => {
    const folder = makeFirmware('libisobar.a');
    const symbols = execFileSync('nm', ['-u', '-A', join(folder, 'libisobar.a')], { encoding: 'utf8' });
    const foreign = Array.from(symbols.matchAll(/ U (\w+)$/gm), ([, name = '']) => name).filter(
      (name) => !name.startsWith('isobar_'),
    );
    // A compiler may set this one by itself, where it guards stacks.
    const known = [
      'memchr',
      'memcmp',
      'memcpy',
      'memmove',
      'memset',
      'strchr',
      'strcmp',
      'strcspn',
      'strlen',
      'strncmp',
      'strstr',
    ];
    expect(foreign.filter((name) => name !== '__stack_chk_fail' && !known.includes(name))).toEqual([]);
    expect(foreign).toContain('strlen');
    rmSync(folder, { recursive: true });
  });

  test.skipIf(!HAS_PSA)(
    "the ESP32 sketch compiles against stand-ins for ESP-IDF's headers (needs libmbedtls-dev)",
    () => {
      rmSync(makeFirmware('esp32'), { recursive: true });
    },
  );

  test('digests, base64 and content digests of any bytes are those of Node and core', () => {
    fc.assert(
      fc.property(many(fc.uint8Array({ maxLength: 300 }), 200), (bodies) => {
        const digests = bodies.map((body) => createHash('sha256').update(body).digest());
        expect(ask(bodies.map((body) => ['sha256', hex(body)]))).toEqual(digests.map(hex));
        expect(ask(bodies.map((body) => ['base64', hex(body)])).map(textOf)).toEqual(
          bodies.map((body) => base64.encode(body)),
        );
        expect(ask(bodies.map((body) => ['digest', hex(body)])).map(textOf)).toEqual(digests.map(formatContentDigest));
      }),
      RUNS,
    );
  });

  test('any key has the name that core gives it', () => {
    const p256 = fc.tuple(fc.constantFrom(2, 3), bytes(32)).map(([sign, x]) => Uint8Array.from([sign, ...x]));
    const key = fc.oneof(
      bytes(32).map((publicKey) => ({ algorithm: 'ed25519', publicKey }) as const),
      p256.map((publicKey) => ({ algorithm: 'ecdsa-p256-sha256', publicKey }) as const),
    );
    fc.assert(
      fc.property(many(key, 300), (keys) => {
        const names = ask(keys.map(({ algorithm, publicKey }) => ['did', algorithm, hex(publicKey)]));
        expect(names.map(textOf)).toEqual(keys.map(toDidKey));
      }),
      RUNS,
    );
  });

  test('the text that is signed is the one that the network checks and the TypeScript client signs', () => {
    const host = fc.tuple(fc.constantFrom('http', 'https'), fc.domain(), fc.constantFrom('', ':80', ':443', ':8787'));
    const url = fc
      .tuple(host, many(fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,15}$/), 3))
      .map(
        ([[scheme, domain, port], path]) =>
          `${scheme}://${domain.slice(-50).replace(/^[.-]+/, '')}${port}/${path.join('/')}`,
      );
    const upload = fc.record({
      url,
      body: fc.uint8Array({ maxLength: 99 }),
      created: fc.integer({ min: 0, max: 2 ** 33 }),
      nonce: bytes(8),
    });
    fc.assert(
      fc.property(many(upload, 200), (uploads) => {
        const addresses = ask(uploads.map(({ url }) => ['address', hex(url)])).map((answer) => answer.split(' '));
        const digests = uploads.map(({ body }) => formatContentDigest(createHash('sha256').update(body).digest()));
        const bases = ask(
          uploads.map(({ created, nonce }, at) => {
            const [, authority = '', path = ''] = addresses[at] ?? [];
            return ['base', authority, path, hex(digests[at] ?? ''), created, hex(DEVICE), hex(nonce)];
          }),
        ).map(textOf);
        for (const [at, { url, created, nonce }] of uploads.entries()) {
          const { host: authority, pathname: path } = new URL(url);
          const params = standardParams(created, DEVICE, hex(nonce));
          const contentDigest = digests[at] ?? '';
          const covered = { authority, path, contentType: SENML, contentDigest };
          expect(bases[at]).toBe(signatureBase(covered, COMPONENTS, params));
          expect(bases[at]).toBe(clientBase({ url, contentType: SENML }, contentDigest, params));
        }
      }),
      RUNS,
    );
  });

  test.each([
    'api.example/v1',
    'ftp://api.example/v1',
    'http://api.example',
    'http:///v1',
    'http://user@api.example/v1',
    'http://api.example/v1?x=1',
    'http://api.example/v1#x',
    'http://api.example/v1/../v2',
    'http://api.example/v1/%61',
    `http://${'a'.repeat(80)}/v1`,
    `http://api.example/${'a'.repeat(96)}`,
  ])('%s is no ingest address', (url) => {
    expect(ask([['address', hex(url)]])).toEqual(['none']);
  });

  test('any readings are written as the TypeScript client writes them, and what does not fit is left out whole', () => {
    const reading = fc.record({
      quantity: fc.constantFrom(['temp', 'Cel'], ['rh', '%RH'], ['press', 'hPa']),
      value: fc.integer({ min: -99_999, max: 99_999 }),
      decimals: fc.integer({ min: 0, max: 4 }),
      offsetMs: fc.integer({ min: 0, max: 86_400_000 }),
    });
    const pack = fc.record({
      readings: fc.array(reading, { minLength: 1, maxLength: 20 }),
      capacity: fc.integer({ min: 0, max: 2500 }),
    });
    fc.assert(
      fc.property(many(pack, 150), (packs) => {
        const sorted = packs.map(({ readings }) => readings.toSorted((a, b) => a.offsetMs - b.offsetMs));
        const answers = ask(
          packs.map(({ capacity }, at) => [
            'pack',
            capacity,
            hex(DEVICE),
            ...(sorted[at] ?? []).flatMap(({ quantity: [code = '', unit = ''], value, decimals, offsetMs }) => [
              hex(code),
              hex(unit),
              value,
              decimals,
              CREATED_MS - 86_400_000 + offsetMs,
            ]),
          ]),
        );
        for (const [at, answer] of answers.entries()) {
          const [added = '', text] = answer.split(' ');
          const written = textOf(text);
          const kept = (sorted[at] ?? []).slice(0, Number(added));
          expect(written.length).toBeLessThan(Math.max(packs[at]?.capacity ?? 0, 1));
          if (kept.length === 0) continue;
          const theirs = writePack(
            DEVICE,
            kept.map(({ quantity: [code, unit = ''], value, decimals, offsetMs }) => ({
              quantity: code as 'temp',
              unit,
              value: value / 10 ** decimals,
              measuredMs: CREATED_MS - 86_400_000 + offsetMs,
            })),
          );
          expect(JSON.parse(written)).toEqual(JSON.parse(theirs));
        }
      }),
      RUNS,
    );
  });

  test('values at the ends of 64 bits are written digit by digit', () => {
    const [answer = ''] = ask([
      [
        'pack',
        400,
        hex('x'),
        ...[
          [-(2n ** 63n), 0],
          [2n ** 63n - 1n, 18],
          [0, 3],
          [-5, 1],
        ].flatMap(([value = 0, decimals = 0]) => [hex('n'), hex('u'), value, decimals, 'now']),
      ],
    ]);
    const values = Array.from(textOf(answer.split(' ')[1]).matchAll(/"v":([^}]*)/g), (match) => match[1]);
    expect(values).toEqual(['-9223372036854775808', '9.223372036854775807', '0.000', '-0.5']);
  });

  test('a pack without times is one of the moment in which it was signed', () => {
    const [answer = ''] = ask([['pack', 400, hex(DEVICE), hex('temp'), hex('Cel'), 2140, 2, 'now']]);
    expect(parseReadings(textOf(answer.split(' ')[1]), DEVICE, CREATED_MS)).toMatchObject({
      value: [{ measuredMs: CREATED_MS, steps: 2140 }],
    });
  });

  const SIGNERS = [
    ['sodium', 'ed25519'],
    ['bearssl', 'ecdsa-p256-sha256'],
    ...(HAS_PSA ? [['psa', 'ecdsa-p256-sha256'] as const] : []),
  ] as const;
  test.each(SIGNERS)('what %s signs with %s, Node verifies under the same name', async (signer, algorithm) => {
    const pems = await Promise.all(Array.from({ length: 8 }, () => generateKeyPem(algorithm)));
    const messages = pems.map((_, at) => randomBytes(at * 50));
    const answers = ask(pems.map((pem, at) => ['sign', signer, hex(secretOf(pem)), hex(messages[at] ?? '')]));
    for (const [at, pem] of pems.entries()) {
      const [did, signature = ''] = (answers[at] ?? '').split(' ');
      const key = createPublicKey(pem);
      const parsed = parseDidKey(textOf(did));
      expect(parsed).toEqual({ ok: true, value: { algorithm, publicKey: publicKeyOf(pem, algorithm) } });
      const options = algorithm === 'ed25519' ? key : ({ key, dsaEncoding: 'ieee-p1363' } as const);
      const hash = algorithm === 'ed25519' ? null : 'sha256';
      expect(verify(hash, messages[at] ?? Buffer.of(), options, Buffer.from(signature, 'hex'))).toBe(true);
    }
  });

  test('receipts and problems give what a device acts on, whatever stands around it', () => {
    const receipt = {
      receipt: '83390cfffffffff-7',
      readings: { refused: [{ receipt: '"x"' }] },
      next: { interval: 20 },
    };
    const skew = { detail: 'a \\"code\\": {[', code: 'clock-skew', 'server-seconds': 1_795_387_200.5 };
    const old = { nested: { code: 'x' }, code: 'nonce-too-old', highest: '00000000000a3f1f' };
    expect(
      ask([
        ['answer', 201, hex(JSON.stringify(receipt))],
        ['answer', 200, hex(JSON.stringify(receipt, null, 2))],
        ['answer', 401, hex(JSON.stringify(skew))],
        ['answer', 409, hex(JSON.stringify(old))],
        ['answer', 409, hex('{"code":"nonce-too-old","highest":"00000000000A3F1F"}')],
        ['answer', 200, hex('<html>Sign in to the hotel</html>')],
      ]),
    ).toEqual([
      `1 ${hex(receipt.receipt)} - 0 ${'0'.repeat(16)} 20`,
      `1 ${hex(receipt.receipt)} - 0 ${'0'.repeat(16)} 20`,
      `0 - ${hex('clock-skew')} 1795387200 ${'0'.repeat(16)} 0`,
      `0 - ${hex('nonce-too-old')} 0 00000000000a3f1f 0`,
      `0 - ${hex('nonce-too-old')} 0 ${'0'.repeat(16)} 0`,
      `0 - - 0 ${'0'.repeat(16)} 0`,
    ]);
  });

  test('20,000 cut, spliced and random answers are read without a step outside their bytes', () => {
    const whole =
      '{"type":"about:blank","receipt":"a\\"b","x":[{"code":"y"},"]"],"code":"clock-skew","server-seconds":17,"highest":"00000000000a3f1f","next":{"interval":9}}';
    const cut = fc.tuple(fc.nat(whole.length), fc.nat(whole.length), fc.string({ maxLength: 4 }));
    const answer = fc.oneof(
      cut.map(([from, to, between]) => whole.slice(0, from) + between + whole.slice(to)),
      fc.stringMatching(/^[{}[\]":,\\a-c0-9 ]{0,60}$/),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    fc.assert(
      fc.property(many(fc.tuple(fc.constantFrom(200, 201, 401, 409), answer), 20_000), (answers) => {
        const read = ask(answers.map(([status, body]) => ['answer', status, hex(body)]));
        expect(read.every((line) => line.split(' ').length === 6)).toBe(true);
      }),
      RUNS,
    );
  });
});

function secretOf(pem: string): Uint8Array {
  return base64urlnopad.decode(String(createPrivateKey(pem).export({ format: 'jwk' }).d));
}

function publicKeyOf(pem: string, algorithm: KeyAlgorithm): Uint8Array {
  const { x = '', y = '' } = createPublicKey(pem).export({ format: 'jwk' });
  const bytesOfX = base64urlnopad.decode(x);
  return algorithm === 'ed25519'
    ? bytesOfX
    : Uint8Array.from([2 + ((base64urlnopad.decode(y).at(-1) ?? 0) & 1), ...bytesOfX]);
}
