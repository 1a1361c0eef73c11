import { expect, test } from 'vitest';
import type { DeviceId } from '../ids.ts';
import { quantityByCode } from '../reading/quantity.ts';
import { parseReadings } from './parse-readings.ts';

const NOW_MS = 1_763_805_600_123;
const DEVICE = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as DeviceId;
const parse = (pack: unknown) => parseReadings(JSON.stringify(pack), DEVICE, NOW_MS);
const index = (code: string) => quantityByCode(code)?.index;

test('the example of the ingest profile reads as four readings of three quantities', () => {
  const pack = [
    { bn: 'urn:dev:mac:24a160fffe123456:', bt: 1_763_805_600, bver: 26, n: 'pm25', u: 'ug/m3', v: 12.3 },
    { n: 'temp', u: 'Cel', v: 21.4 },
    { n: 'rh', u: '%RH', v: 54 },
    { n: 'pm25', u: 'ug/m3', t: 60, v: 12.6 },
  ];
  expect(parse(pack)).toEqual({
    ok: true,
    value: [
      { quantity: index('pm25'), measuredMs: 1_763_805_600_000, steps: 123 },
      { quantity: index('temp'), measuredMs: 1_763_805_600_000, steps: 2140 },
      { quantity: index('rh'), measuredMs: 1_763_805_600_000, steps: 540 },
      { quantity: index('pm25'), measuredMs: 1_763_805_660_000, steps: 126 },
    ],
  });
});

test('a missing time is the moment of receipt, to the millisecond', () => {
  expect(parse([{ n: 'temp', u: 'Cel', v: 1 }])).toMatchObject({ value: [{ measuredMs: NOW_MS }] });
});

test.each(['', `${DEVICE}:`, `${DEVICE}/`, 'urn:dev:ow:10e2073a01080063:', 'urn:dev:mac:24a160fffe123456/roof/'])(
  'the base name "%s" is accepted',
  (bn) => {
    expect(parse([{ bn, n: 'temp', u: 'Cel', v: 1 }]).ok).toBe(true);
  },
);

test.each([
  'did:key:z6MkwFKyf9bPnAbdMJoWkVmzbSMGtUVVYdZCj5MHbyUbqGTZ:',
  'http://example.com/',
  'kitchen:',
  'xurn:dev:a:',
])('the base name "%s" is of another device', (bn) => {
  expect(parse([{ bn, n: 'temp', u: 'Cel', v: 1 }])).toMatchObject({
    ok: false,
    error: { reason: 'wrong-base-name', record: 0 },
  });
});

test('an unknown quantity, an unknown unit and a missing unit name the record', () => {
  const good = { n: 'temp', u: 'Cel', v: 1 };
  expect(parse([good, { n: 'radon', u: 'Bq', v: 1 }])).toEqual({
    ok: false,
    error: { reason: 'unknown-quantity', record: 1, given: 'radon' },
  });
  expect(parse([good, { n: 'temp', u: 'F', v: 1 }])).toMatchObject({
    error: { reason: 'unknown-unit', record: 1, given: 'F', accepted: ['Cel', 'K'] },
  });
  expect(parse([good, { n: 'temp', v: 1 }])).toMatchObject({
    error: { reason: 'unknown-unit', record: 1, given: 'no unit' },
  });
});

test('a unit that changes between records of one name converts each by its own', () => {
  const result = parse([
    { n: 'temp', u: 'Cel', v: 1 },
    { n: 'temp', u: 'K', v: 274.15 },
    { n: 'temp', u: 'Cel', v: 1 },
  ]);
  expect(result.ok && result.value.map((reading) => reading.steps)).toEqual([100, 100, 100]);
});

test.each([
  ['text in v', '[{"n":"temp","u":"Cel","v":"21.4"}]', { reason: 'not-a-number', record: 0, given: 'string' }],
  ['null in v', '[{"n":"temp","u":"Cel","v":null}]', { reason: 'not-a-number', record: 0, given: 'null' }],
  ['a string value', '[{"n":"temp","u":"Cel","vs":"warm"}]', { reason: 'not-a-number', record: 0, given: 'string' }],
  ['a boolean value', '[{"n":"temp","u":"Cel","vb":true}]', { reason: 'not-a-number', record: 0, given: 'boolean' }],
  [
    'a number beyond 32 bits of steps',
    '[{"n":"temp","u":"Cel","v":1e12}]',
    { reason: 'out-of-type', record: 0, quantity: 'temp', given: 1e12 },
  ],
  [
    'a number beyond a double',
    '[{"n":"temp","u":"Cel","v":1e999}]',
    { reason: 'out-of-type', record: 0, quantity: 'temp', given: Infinity },
  ],
])('%s is refused', (_name, text, error) => {
  expect(parseReadings(text, DEVICE, NOW_MS)).toEqual({ ok: false, error });
});

test('NaN is no JSON', () => {
  expect(parseReadings('[{"n":"temp","u":"Cel","v":NaN}]', DEVICE, NOW_MS)).toMatchObject({
    error: { reason: 'not-json' },
  });
});
