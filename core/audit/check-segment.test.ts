import { expect, test } from 'vitest';
import { DAY0_MS, MADRID, reading, TestLog } from '../../test/support/region-log.ts';
import type { RegionCell } from '../ids.ts';
import { encodeEntryBody, type LogRow } from '../region/codec.ts';
import { sealSegment } from '../region/segment.ts';
import { checkSegment, segmentFile, type ListedSegment } from './check-segment.ts';

const log = new TestLog(1);
log.post(0, DAY0_MS + 1000, [reading('temp', DAY0_MS, 20)]);
log.post(0, DAY0_MS + 2000, [reading('temp', DAY0_MS + 1000, 21)]);
const rows: readonly LogRow[] = log.entries.map(({ seq, receivedMs, ...body }) => ({
  seq,
  receivedMs,
  kind: body.kind,
  body: encodeEntryBody(body),
}));
const sealed = sealSegment(MADRID, rows);
const listed: ListedSegment = { key: sealed.key, root: sealed.root, fromSeq: 1, toSeq: 4, hour: 0 };

test('a segment that is what it is listed as gives its entries', () => {
  const segment = checkSegment(MADRID, listed, sealed.bytes);
  expect(segment.ok && segment.value.entries).toEqual(log.entries);
});

test('changed bytes, bounds, root or region are found with the name of the file', () => {
  const at = { region: MADRID, segment: segmentFile(MADRID, sealed.key) };
  const found = (change: Partial<ListedSegment>, bytes = sealed.bytes, cell = MADRID) =>
    checkSegment(cell, { ...listed, ...change }, bytes);
  const flipped = sealed.bytes.map((byte, index) => (index === 40 ? byte ^ 1 : byte));
  expect(found({}, flipped)).toMatchObject({
    error: { reason: 'segment', at, published: 'hash differs from its name' },
  });
  expect(found({ toSeq: 5 })).toMatchObject({
    error: { at, published: 'entries 1 to 5', recomputed: 'entries 1 to 4' },
  });
  expect(found({ root: '00' })).toMatchObject({ error: { at: { ...at, field: 'root' }, recomputed: sealed.root } });
  const elsewhere = '831fa4fffffffff' as RegionCell;
  expect(found({}, sealed.bytes, elsewhere)).toMatchObject({ error: { reason: 'segment', recomputed: elsewhere } });
});

test('a segment that leaves out an entry has another root', () => {
  const without = sealSegment(MADRID, [...rows.slice(0, 2), ...rows.slice(3)]);
  expect(checkSegment(MADRID, { ...listed, key: without.key }, without.bytes)).toMatchObject({
    error: { at: { field: 'root' } },
  });
});

test('only names of the region are fetched', () => {
  expect(segmentFile(MADRID, sealed.key)).toMatch(/^000000000001-000000000004-[0-9a-f]{64}\.cbor\.gz$/);
  expect(segmentFile(MADRID, '../../etc/passwd')).toBeNull();
  expect(segmentFile('831fa4fffffffff' as RegionCell, sealed.key)).toBeNull();
  expect(segmentFile(MADRID, `${sealed.key}/../x`)).toBeNull();
});
