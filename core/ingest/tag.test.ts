import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import type { DeviceId, RegionCell } from '../ids.ts';
import { ingestTag, ingestUrlPath, sameText } from './tag.ts';

const CELL = '831fb4fffffffff' as RegionCell;
const DEVICE = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as DeviceId;
const KEY = 'a key of at least sixteen characters';

test('the tag is the first 16 hex digits of the keyed digest over region and device', () => {
  const expected = createHmac('sha256', KEY).update(`isobar-ingest-v1|${CELL}|${DEVICE}`).digest('hex').slice(0, 16);
  expect(ingestTag(CELL, DEVICE, KEY)).toBe(expected);
  expect(ingestUrlPath(CELL, DEVICE, KEY)).toBe(`/v1/regions/${CELL}/readings/${expected}`);
});

test('another region, device or key gives another tag', () => {
  const tags = new Set([
    ingestTag(CELL, DEVICE, KEY),
    ingestTag('831fb0fffffffff' as RegionCell, DEVICE, KEY),
    ingestTag(CELL, 'did:key:z6MkwFKyf9bPnAbdMJoWkVmzbSMGtUVVYdZCj5MHbyUbqGTZ' as DeviceId, KEY),
    ingestTag(CELL, DEVICE, `${KEY}2`),
  ]);
  expect(tags.size).toBe(4);
});

test('texts are the same only if every character is', () => {
  expect(sameText('abc', 'abc')).toBe(true);
  for (const other of ['abd', 'bbc', 'ab', 'abcd', '']) expect(sameText('abc', other)).toBe(false);
});
