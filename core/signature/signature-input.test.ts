import { expect, test } from 'vitest';
import { CHAINED_COMPONENTS, COMPONENTS, parseSignatureInput, standardParams } from './signature-input.ts';

const KEYID = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
const PARAMS = standardParams(1_763_805_600, KEYID, '000000000000a3f1');
const FIVE = '("@method" "@authority" "@path" "content-type" "content-digest")';

test('the standard form is read', () => {
  expect(parseSignatureInput(`s=${PARAMS}`)).toEqual({
    ok: true,
    value: {
      label: 's',
      components: COMPONENTS,
      params: PARAMS,
      createdSeconds: 1_763_805_600,
      expiresSeconds: null,
      keyid: KEYID,
      nonce: '000000000000a3f1',
      alg: null,
    },
  });
});

test('components and parameters may come in another order, with others that mean nothing', () => {
  const params = `("content-digest" "@path" "@method" "content-type" "@authority");nonce="000000000000a3f1";tag="x";keyid="${KEYID}";alg="ed25519";foo;bar=?0;baz=tok/en;expires=9;created=5`;
  expect(parseSignatureInput(`sig1=${params}`)).toMatchObject({
    ok: true,
    value: {
      label: 'sig1',
      params,
      createdSeconds: 5,
      expiresSeconds: 9,
      alg: 'ed25519',
      components: ['content-digest', '@path', '@method', 'content-type', '@authority'],
    },
  });
});

test('the digest of the previous batch may be covered, at any place', () => {
  const params = standardParams(1_763_805_600, KEYID, '000000000000a3f1', true);
  expect(parseSignatureInput(`s=${params}`)).toMatchObject({
    ok: true,
    value: { params, components: CHAINED_COMPONENTS },
  });
  const first = parseSignatureInput(
    `s=${params.replace(' "previous-digest"', '').replace('(', '("previous-digest" ')}`,
  );
  expect(first.ok && first.value.components[0]).toBe('previous-digest');
});

const TAIL = `;created=5;keyid="${KEYID}";nonce="000000000000a3f1"`;
test.each([
  ['empty', ''],
  ['no label', `=${FIVE}${TAIL}`],
  ['a label in capitals', `S=${FIVE}${TAIL}`],
  ['no list', 's=1'],
  ['an open list', 's=("@method"'],
  ['a component twice', `s=("@method" "@method" "@authority" "@path" "content-type" "content-digest")${TAIL}`],
  ['a component that is not ours', `s=("@method" "@authority" "@path" "content-type" "content-digest" "date")${TAIL}`],
  ['a component with a parameter', `s=("@method" "@authority" "@path" "content-type" "content-digest";sf)${TAIL}`],
  ['two spaces', `s=("@method"  "@authority" "@path" "content-type" "content-digest")${TAIL}`],
  ['two signatures', `s=${FIVE}${TAIL}, t=${FIVE}${TAIL}`],
  ['a parameter twice', `s=${FIVE}${TAIL};created=6`],
  ['a decimal created', `s=${FIVE};created=5.0;keyid="${KEYID}";nonce="000000000000a3f1"`],
  ['a quoted created', `s=${FIVE};created="5";keyid="${KEYID}";nonce="000000000000a3f1"`],
  ['a created of 16 digits', `s=${FIVE};created=1234567890123456;keyid="${KEYID}";nonce="000000000000a3f1"`],
  ['an unquoted keyid', `s=${FIVE};created=5;keyid=did;nonce="000000000000a3f1"`],
  ['text after the end', `s=${FIVE}${TAIL} `],
  ['a length beyond reason', `s=${FIVE}${TAIL};x="${'a'.repeat(1000)}"`],
])('refused as malformed: %s', (_name, header) => {
  expect(parseSignatureInput(header)).toMatchObject({ ok: false, error: { reason: 'malformed-signature' } });
});

test.each([
  ['created', `s=${FIVE};keyid="${KEYID}";nonce="000000000000a3f1"`],
  ['keyid', `s=${FIVE};created=5;nonce="000000000000a3f1"`],
  ['nonce', `s=${FIVE};created=5;keyid="${KEYID}"`],
  ['content-digest', `s=("@method" "@authority" "@path" "content-type")${TAIL}`],
  ['@method', `s=()${TAIL}`],
])('refused for what is not covered: %s', (missing, header) => {
  expect(parseSignatureInput(header)).toEqual({ ok: false, error: { reason: 'weak-coverage', missing } });
});

test.each(['a3f1', '000000000000A3F1', '0x0000000000a3f1', '00000000000000000000a3f1', ''])(
  'the nonce "%s" is refused',
  (nonce) => {
    expect(parseSignatureInput(`s=${FIVE};created=5;keyid="x";nonce="${nonce}"`)).toMatchObject({
      error: { reason: 'bad-nonce' },
    });
  },
);

test('text without end is refused in time in proportion to its length', () => {
  const start = performance.now();
  for (let index = 0; index < 200; index += 1) parseSignatureInput(`s=${FIVE}${';a="\\"'.repeat(150)}`);
  expect(performance.now() - start).toBeLessThan(1000);
});
