/** sensors/vectors through the C client: its requests are those of the vectors, byte for byte, under the sanitizers. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { decode, Tagged } from 'cborg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIRMWARE_NEEDS, makeFirmware } from '../../test/support/firmware.ts';
import {
  bodyOf,
  type PublishedVector,
  publishedKeys,
  readSigningVectors,
  readVectors,
  type SigningVector,
} from '../../test/support/vectors.ts';

const NEEDS = FIRMWARE_NEEDS.length > 0 ? ` (needs ${FIRMWARE_NEEDS.join(', ')})` : '';
/** BearSSL signs as RFC 6979 says, so P-256 is exact as well. */
const SIGNERS = { ed25519: 'sodium', 'ecdsa-p256-sha256': 'bearssl' } as const;
let build = '';

type Word = string | number;
function ask(...words: readonly Word[]): readonly string[] {
  const input = `${words.join(' ')}\n`;
  return execFileSync(join(build, 'probe'), { input, encoding: 'utf8', maxBuffer: 1 << 24 })
    .trim()
    .split(' ');
}
const hex = (value: string | Uint8Array): string => Buffer.from(value).toString('hex') || '-';
const textOf = (word = ''): string => Buffer.from(word, 'hex').toString();

type Request = { readonly headers: Readonly<Record<string, string>>; readonly body: string };
type Ask = Pick<SigningVector, 'algorithm' | 'secret' | 'url' | 'created' | 'nonce' | 'previous'>;
function requestOf(of: Ask, batch: Uint8Array): Request {
  const words = ask(
    'request',
    SIGNERS[of.algorithm],
    of.secret,
    hex(of.url),
    of.created,
    of.nonce,
    of.previous ?? '-',
    hex(batch),
  );
  const headers: Record<string, string> = {};
  for (let at = 0; at + 2 < words.length; at += 2) headers[textOf(words[at]).toLowerCase()] = textOf(words[at + 1]);
  return { headers, body: words.at(-1) ?? '' };
}

const readingsOf = ({ measurements }: SigningVector): readonly Word[] =>
  measurements.flatMap(({ quantity, unit, mantissa, decimals, measuredMs }) => [
    hex(quantity),
    hex(unit),
    mantissa,
    decimals,
    measuredMs,
  ]);

describe.skipIf(NEEDS !== '')(`the C client${NEEDS}`, { timeout: 30_000 }, () => {
  beforeAll(() => {
    build = makeFirmware('probe');
  }, 60_000);
  afterAll(() => rmSync(build, { recursive: true, force: true }));

  const cases = readSigningVectors().map((vector) => [vector.name, vector] as const);

  test.each(cases)('%s: writes both forms and signs them as published', (_, vector) => {
    const { json, cose, device } = vector;
    const [, pack] = ask('pack', 2000, hex(device), ...readingsOf(vector));
    expect(JSON.parse(textOf(pack))).toEqual(JSON.parse(Buffer.from(json.body, 'base64').toString()));
    expect(ask('cbor', 2000, hex(device), ...readingsOf(vector))).toEqual([
      String(vector.measurements.length),
      cose.payload,
    ]);

    const body = Buffer.from(json.body, 'base64');
    expect(requestOf(vector, body)).toEqual({
      headers: {
        'content-type': 'application/senml+json',
        'content-digest': json.contentDigest,
        'signature-input': `s=${json.signatureParams}`,
        signature: `s=:${json.signature}:`,
        ...(json.previousDigest !== null && { 'previous-digest': json.previousDigest }),
      },
      body: hex(body),
    });
    expect(requestOf(vector, Buffer.from(cose.payload, 'hex'))).toEqual({
      headers: { 'content-type': 'application/cose' },
      body: cose.message,
    });
  });

  test.each(['json-ed25519', 'json-p256', 'cose-ed25519', 'cose-p256'])(
    '%s: makes the good requests again, byte for byte',
    (file) => {
      const { vectors, form, algorithm, state } = readVectors(file);
      const secret = publishedKeys().find(({ device }) => device === state.device)?.secret ?? '';
      const made: string[] = [];
      for (const vector of vectors.filter(({ expected }) => expected.verdict !== 'refused')) {
        const parts = form === 'json' ? jsonParts(vector) : coseParts(vector);
        if (parts === null) continue;
        const { batch, ...given } = parts;
        const url = `https://${vector.authority}${vector.path}`;
        const request = requestOf({ algorithm, secret, url, ...given }, batch);
        expect([vector.name, request]).toEqual([vector.name, { headers: vector.headers, body: hex(bodyOf(vector)) }]);
        made.push(vector.name);
      }
      expect(made).toContain('as documented');
      expect(made).toContain('the batch before is named');
      expect(made.length).toBeGreaterThan(7);
    },
  );
});

type Parts = Pick<SigningVector, 'created' | 'nonce' | 'previous'> & { readonly batch: Uint8Array };

/** Null: in a form that this client does not write, such as another order of the components. */
function jsonParts(vector: PublishedVector): Parts | null {
  const { headers } = vector;
  const usual =
    /^s=\("@method" "@authority" "@path" "content-type" "content-digest"(?: "previous-digest")?\);created=(\d+);keyid="[^"]+";nonce="([0-9a-f]{16})"$/;
  const [, created = '', nonce = ''] = usual.exec(headers['signature-input'] ?? '') ?? [];
  const isPlain =
    headers['content-type'] === 'application/senml+json' &&
    headers['content-encoding'] === undefined &&
    !headers['content-digest']?.includes(',') &&
    vector.name !== 'both values of s';
  if (nonce === '' || !isPlain) return null;
  const previous = headers['previous-digest']?.slice('sha-256=:'.length, -1);
  return {
    created: Number(created),
    nonce,
    previous: previous ? hex(Buffer.from(previous, 'base64')) : null,
    batch: bodyOf(vector),
  };
}

function coseParts(vector: PublishedVector): Parts | null {
  const isPlain = vector.headers['content-type'] === 'application/cose' && vector.name !== 'a header in another order';
  const message: unknown = decode(bodyOf(vector), { useMaps: true, tags: { 18: Tagged.decoder(18) } });
  if (!isPlain || !(message instanceof Tagged) || !Array.isArray(message.value)) return null;
  const [header, , batch]: readonly unknown[] = message.value;
  if (!(header instanceof Uint8Array) || !(batch instanceof Uint8Array)) return null;
  const labels = decode(header, { useMaps: true }) as ReadonlyMap<number, unknown>;
  const claims = labels.get(15) as ReadonlyMap<number, number & Uint8Array>;
  const previous = labels.get(-70_001);
  return {
    created: Number(claims.get(6)),
    nonce: hex(claims.get(7) ?? new Uint8Array()),
    previous: previous instanceof Uint8Array ? hex(previous) : null,
    batch,
  };
}
