import { expect, test } from 'vitest';
import { remedyOf } from './refusal.ts';

const refusal = (status: number, code: string) =>
  remedyOf({ status, code, detail: '', remedy: null, serverMs: null, highest: null });

test('only what was measured is given up; an address, a key, a clock or an unknown code may be mended', () => {
  for (const code of ['not-a-number', 'out-of-type', 'unknown-quantity', 'unknown-unit'])
    expect(refusal(422, code)).toBe('give-up');
  expect(refusal(400, 'not-senml')).toBe('give-up');
  expect(refusal(422, 'wrong-base-name')).toBe('remake');
  for (const [status, code] of [
    [403, 'unknown-device'],
    [404, 'unknown-ingest-address'],
    [401, 'signature-invalid'],
    [400, 'malformed-signature'],
    [422, 'weak-key'],
    [451, 'http-451'],
  ] as const)
    expect(refusal(status, code)).toBe('wait');
  expect([refusal(409, 'nonce-reused'), refusal(409, 'nonce-too-old')]).toEqual(['renumber', 'renumber']);
  expect([refusal(413, 'too-many-records'), refusal(413, 'http-413')]).toEqual(['split', 'split']);
});
