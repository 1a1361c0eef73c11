import { expect, test } from 'vitest';
import { readIdempotencyKey } from './bearer.ts';

test.each([
  [undefined, null],
  ['7f3c', '7f3c'],
  ['"7f3c"', '7f3c'],
  ['x'.repeat(255), 'x'.repeat(255)],
])('%j names the purchase %j', (header, key) => expect(readIdempotencyKey(header)).toEqual({ ok: true, value: key }));

test.each(['', '""', '"a', 'a b', 'a\u00e9', 'x'.repeat(256)])('%j names none', (header) =>
  expect(readIdempotencyKey(header)).toEqual({ ok: false, error: { reason: 'bad-idempotency-key' } }),
);
