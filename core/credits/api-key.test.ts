import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OwnerAddress } from '../ids.ts';
import { firstSecret, hashApiKey, keyIdOf, makeApiKey, readApiKey, SECRET_BYTES } from './api-key.ts';

const TAG_KEY = 'test-only-ingest-tag-key';
const ACCOUNT = `0x${'ab'.repeat(20)}` as OwnerAddress;
const KEY = makeApiKey(ACCOUNT, new Uint8Array(SECRET_BYTES).fill(7), TAG_KEY);

test('a key names its account, and is known by its hash', () => {
  expect(KEY).toMatch(/^isk_(ab){20}(07){16}[0-9a-f]{16}$/);
  expect(readApiKey(KEY, TAG_KEY)).toEqual({ ok: true, value: { account: ACCOUNT, hash: hashApiKey(KEY) } });
  expect(keyIdOf(hashApiKey(KEY))).toMatch(/^[0-9a-f]{16}$/);
});

test('a key with any digit changed, or of another network, is unknown', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: KEY.length - 1 }), fc.integer({ min: 1, max: 15 }), (at, by) => {
      const digit = ((Number.parseInt(KEY[at] ?? '', 16) + by) % 16).toString(16);
      const changed = KEY.slice(0, at) + digit + KEY.slice(at + 1);
      expect(readApiKey(changed, TAG_KEY)).toEqual({ ok: false, error: { reason: 'unknown-key' } });
    }),
  );
  expect(readApiKey(KEY, 'another-networks-tag-key').ok).toBe(false);
  for (const text of ['', 'isk_', KEY.toUpperCase(), `${KEY}0`, ` ${KEY}`])
    expect(readApiKey(text, TAG_KEY).ok).toBe(false);
});

test('the first key of a top-up follows from its header and the network, and from nothing less', () => {
  const secret = firstSecret('aa', TAG_KEY);
  expect(secret).toHaveLength(SECRET_BYTES);
  expect(firstSecret('aa', TAG_KEY)).toEqual(secret);
  expect(firstSecret('ab', TAG_KEY)).not.toEqual(secret);
  expect(firstSecret('aa', 'another-networks-tag-key')).not.toEqual(secret);
});
