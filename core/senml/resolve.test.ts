import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJsonPack, resolvePack } from './resolve.ts';

type Published = {
  readonly name: string;
  readonly pack: unknown;
  readonly resolved: readonly { n: string; u: string; t: number; v: number }[];
};
const { packs } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../test/vectors/senml-rfc8428.json'), 'utf8'),
) as { packs: readonly Published[] };

const NOW_MS = 1_763_805_600_000;
const resolve = (pack: unknown) => resolveText(JSON.stringify(pack));

function resolveText(text: string) {
  const pack = readJsonPack(text);
  return pack.ok ? resolvePack(pack.value, NOW_MS) : pack;
}

function detailOf(pack: unknown): string {
  const result = resolve(pack);
  if (result.ok || result.error.reason !== 'not-senml') throw new Error(JSON.stringify(result));
  return `${result.error.record}: ${result.error.detail}`;
}

test.each(packs)('RFC 8428 $name resolves as published', ({ pack, resolved }) => {
  const result = resolve(pack);
  expect(
    result.ok &&
      result.value.map(({ name, unit, timeSeconds, value }) => ({ n: name, u: unit, t: timeSeconds, v: value })),
  ).toEqual(resolved);
});

test('base fields hold until they are redefined', () => {
  const result = resolve([
    { bn: 'urn:dev:a:', bt: 1_700_000_000, bu: 'Cel', bv: 20, n: 'temp', v: 1.5 },
    { bu: 'K', n: 'temp', t: 5, v: 2 },
    { bn: 'urn:dev:b:', bv: 0, n: 'rh', u: '%RH', v: 3 },
  ]);
  expect(result).toEqual({
    ok: true,
    value: [
      { name: 'urn:dev:a:temp', unit: 'Cel', timeSeconds: 1_700_000_000, value: 21.5, record: 0 },
      { name: 'urn:dev:a:temp', unit: 'K', timeSeconds: 1_700_000_005, value: 22, record: 1 },
      { name: 'urn:dev:b:rh', unit: '%RH', timeSeconds: 1_700_000_000, value: 3, record: 2 },
    ],
  });
});

test('a missing time is now, a small one is relative to now, and 2^28 is the first absolute one', () => {
  const result = resolve([
    { n: 'temp', v: 1 },
    { n: 'temp', t: -60, v: 1 },
    { n: 'temp', t: 60, v: 1 },
    { n: 'temp', t: 2 ** 28, v: 1 },
  ]);
  const now = NOW_MS / 1000;
  expect(result.ok && result.value.map((record) => record.timeSeconds)).toEqual([now, now - 60, now + 60, 2 ** 28]);
});

test('a record of base fields alone is no reading', () => {
  const result = resolve([
    { bn: 'urn:dev:a:', bver: 10 },
    { n: 'temp', v: 1 },
  ]);
  expect(result.ok && result.value.map((record) => record.record)).toEqual([1]);
  expect(resolve([{ bn: 'urn:dev:a:' }])).toEqual({ ok: false, error: { reason: 'empty-pack' } });
});

test('an empty pack and a text that is no JSON have their own reasons', () => {
  expect(resolve([])).toEqual({ ok: false, error: { reason: 'empty-pack' } });
  expect(resolveText('[{"n":')).toMatchObject({ ok: false, error: { reason: 'not-json' } });
});

test('more than 5,000 records are refused', () => {
  const pack = Array.from({ length: 5001 }, () => ({ n: 'temp', v: 1 }));
  expect(resolve(pack)).toEqual({ ok: false, error: { reason: 'too-many-records', count: 5001, limit: 5000 } });
  expect(resolve(pack.slice(1)).ok).toBe(true);
});

test.each<[string, unknown]>([
  ['0: a SenML pack is an array of records', { n: 'temp', v: 1 }],
  ['0: a record is a map of labels', [[]]],
  ['1: a record is a map of labels', [{ n: 'temp', v: 1 }, null]],
  ['0: bt is a number of seconds', [{ bt: '1700000000', n: 'temp', v: 1 }]],
  ['0: t is a number', [{ n: 'temp', t: null, v: 1 }]],
  ['0: n is a string', [{ n: 7, v: 1 }]],
  ['0: a record has one of v, vs, vb and vd', [{ n: 'temp', v: 1, vs: 'warm' }]],
  ['0: the record has no value', [{ n: 'temp', t: 0 }]],
  ['0: a sum without a value is not accepted', [{ n: 'temp', s: 4 }]],
  ['0: the label l_ must be understood and is not', [{ n: 'temp', v: 1, l_: 1 }]],
  ['0: bver is a positive whole number', [{ bver: 0, n: 'temp', v: 1 }]],
  ['0: bver 11 has features that are not understood', [{ bver: 11, n: 'temp', v: 1 }]],
  ['0: bver 58 has features that are not understood', [{ bver: 58, n: 'temp', v: 1 }]],
  [
    '1: bver is the same in all records',
    [
      { bver: 10, n: 'temp', v: 1 },
      { bver: 26, n: 'temp', v: 1 },
    ],
  ],
  ['0: times are in seconds since 1970, not in milliseconds', [{ n: 'temp', t: NOW_MS, v: 1 }]],
  ['0: times are in seconds since 1970, not in milliseconds', [{ n: 'temp', t: -NOW_MS, v: 1 }]],
  ['0: a name starts with a letter or digit and has only letters, digits and - : . / _', [{ n: '_temp', v: 1 }]],
  ['0: a name starts with a letter or digit and has only letters, digits and - : . / _', [{ n: 'temp erature', v: 1 }]],
  ['0: a name starts with a letter or digit and has only letters, digits and - : . / _', [{ v: 1 }]],
])('refused: %s', (detail, pack) => {
  expect(detailOf(pack)).toBe(detail);
});

test('a label of the prototype is refused like any other that ends in an underscore', () => {
  expect(resolveText('[{"n":"temp","v":1,"__proto__":{"v":2}}]')).toMatchObject({
    ok: false,
    error: { reason: 'not-senml' },
  });
});

test('versions 10 and 26, older ones and none are understood', () => {
  for (const bver of [1, 5, 10, 26, undefined]) expect(resolve([{ bver, n: 'temp', v: 1 }]).ok).toBe(true);
});

test('unknown labels that need not be understood are ignored, however deep', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  expect(resolveText(`[{"n":"temp","v":1,"x":${deep}}]`)).toMatchObject({
    ok: true,
    value: [{ name: 'temp', value: 1 }],
  });
  expect(resolveText('['.repeat(200_000))).toMatchObject({ ok: false, error: { reason: 'not-json' } });
});

test('any JSON gives a value or a refusal, never an exception', () => {
  const record = fc.dictionary(
    fc.constantFrom('bn', 'bt', 'bu', 'bv', 'bver', 'n', 'u', 't', 'v', 'vs', 'vb', 's', 'ut', 'x_'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.array(record, { maxLength: 4 })), (pack) => {
      expect(typeof resolve(pack).ok).toBe('boolean');
    }),
    { numRuns: 500 },
  );
});
