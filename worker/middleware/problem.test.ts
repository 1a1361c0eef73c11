import { expect, test } from 'vitest';
import type { Problem } from '../../schema/api/public.ts';
import type { EdgeRefusal } from './edge-problems.ts';
import { describeEdgeRefusal } from './edge-problems.ts';
import { describeIngestRefusal } from './ingest-problems.ts';
import { problemResponse } from './problem.ts';
import type { IngestRefusal } from '../../core/errors.ts';

const INGEST: readonly IngestRefusal[] = [
  { reason: 'invalid-id', kind: 'device', given: 'x' },
  { reason: 'wrong-content-type', given: null },
  { reason: 'unsupported-encoding', given: 'br' },
  { reason: 'body-too-large', limitBytes: 1 },
  { reason: 'inflated-too-large', limitBytes: 1 },
  { reason: 'bad-gzip' },
  { reason: 'unknown-ingest-address' },
  { reason: 'unsigned', missing: 'signature' },
  { reason: 'malformed-signature', detail: 'what is wrong' },
  { reason: 'weak-coverage', missing: '@path' },
  { reason: 'wrong-authority', given: 'x' },
  { reason: 'bad-nonce', given: 'x' },
  { reason: 'clock-skew', createdSeconds: 1, serverSeconds: 1_763_805_600 },
  { reason: 'wrong-digest' },
  { reason: 'wrong-key' },
  { reason: 'wrong-signature' },
  { reason: 'not-json', detail: 'what is wrong' },
  { reason: 'not-senml', record: 0, detail: 'what is wrong' },
  { reason: 'empty-pack' },
  { reason: 'too-many-records', count: 2, limit: 1 },
  { reason: 'unknown-quantity', record: 0, given: 'x' },
  { reason: 'unknown-unit', record: 0, quantity: 'temp', given: 'F', accepted: ['Cel', 'K'] },
  { reason: 'not-a-number', record: 0, given: 'string' },
  { reason: 'out-of-type', record: 0, quantity: 'temp', given: 1e99 },
  { reason: 'wrong-base-name', record: 0, given: 'x' },
  { reason: 'unknown-device', device: 'x' },
  { reason: 'retired-device', device: 'x' },
  { reason: 'wrong-region', owner: '831fb0fffffffff' },
  { reason: 'region-not-open', cell: 'x' },
  { reason: 'nonce-reused', nonce: 'x' },
  { reason: 'nonce-too-old', nonce: 'x', highest: '000000000000ffff' },
];

const EDGE: readonly EdgeRefusal[] = [
  { reason: 'unknown-route', path: '/x' },
  { reason: 'no-such', kind: 'region', given: 'x' },
  { reason: 'bad-query', parameter: 'from', detail: 'what is wrong' },
  { reason: 'bad-field', pointer: '/tier', detail: 'what is wrong' },
  { reason: 'unauthorized' },
  { reason: 'bad-sign-in', detail: 'what is wrong' },
  { reason: 'not-the-owner', signer: 'x', owner: 'y' },
  { reason: 'weak-key', detail: 'what is wrong' },
  { reason: 'version-conflict', current: 3 },
  { reason: 'region-unavailable' },
  { reason: 'not-a-websocket' },
  { reason: 'live-full', isOwn: true },
  { reason: 'internal', requestId: 'x' },
];

const all = [...INGEST.map(describeIngestRefusal), ...EDGE.map(describeEdgeRefusal)];

test('every refusal has a title, a detail and a remedy, and an error status', () => {
  for (const parts of all) {
    expect(parts.status).toBeGreaterThanOrEqual(400);
    for (const text of [parts.code, parts.title, parts.detail, parts.remedy]) expect(text.length).toBeGreaterThan(3);
  }
});

test('each reason has a code of its own, but for the wrong key and the wrong signature', () => {
  const codes = all.map((parts) => parts.code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual(['signature-invalid']);
  expect(describeIngestRefusal({ reason: 'wrong-key' })).toEqual(describeIngestRefusal({ reason: 'wrong-signature' }));
});

test('a problem is written as RFC 9457 asks, with its extra members beside the standard ones', async () => {
  const response = problemResponse(
    describeIngestRefusal({ reason: 'clock-skew', createdSeconds: 1, serverSeconds: 1_763_805_600 }),
  );
  expect(response.status).toBe(401);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = await response.json<Problem>();
  expect(body).toMatchObject({
    type: 'https://isobar.example/problems/clock-skew',
    status: 401,
    code: 'clock-skew',
    'server-time': '2025-11-22T10:00:00.000Z',
    'server-seconds': 1_763_805_600,
  });
});
