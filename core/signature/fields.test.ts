import { base64 } from '@scure/base';
import { expect, test } from 'vitest';
import { formatContentDigest, parseContentDigest, parseSignature } from './fields.ts';

const SIGNATURE = base64.encode(new Uint8Array(64).fill(9));
const DIGEST = new Uint8Array(32).fill(5);

test('a signature of 64 bytes under the right label is read', () => {
  expect(parseSignature(`s=:${SIGNATURE}:`, 's')).toEqual({ ok: true, value: new Uint8Array(64).fill(9) });
});

test.each([
  '',
  's',
  `t=:${SIGNATURE}:`,
  `s=${SIGNATURE}`,
  `s=:${SIGNATURE}`,
  's=:',
  's=::',
  `s=:${SIGNATURE}:;x`,
  's=:AAAA:',
  `s=: ${SIGNATURE}:`,
])('the signature "%s" is refused', (header) => {
  expect(parseSignature(header, 's')).toMatchObject({ ok: false, error: { reason: 'malformed-signature' } });
});

test('a DER signature, the commonest mistake with openssl, is refused with its cause', () => {
  const der = base64.encode(new Uint8Array(71).fill(0x30));
  expect(parseSignature(`s=:${der}:`, 's')).toMatchObject({ error: { detail: expect.stringContaining('not DER') } });
});

test('the sha-256 member is found among others', () => {
  const text = formatContentDigest(DIGEST);
  expect(parseContentDigest(text)).toEqual({ ok: true, value: DIGEST });
  expect(parseContentDigest(`sha-512=:AAAA:, ${text}`)).toEqual({ ok: true, value: DIGEST });
});

test.each([
  '',
  'sha-512=:AAAA:',
  'sha-256=:AAAA:',
  `SHA-256=:${base64.encode(DIGEST)}:`,
  `${formatContentDigest(DIGEST)}, ${formatContentDigest(DIGEST)}`,
])('the digest "%s" is refused', (header) => {
  expect(parseContentDigest(header)).toMatchObject({ ok: false, error: { reason: 'malformed-signature' } });
});
