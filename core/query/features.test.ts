import { expect, test } from 'vitest';
import { isWithin, parseFeaturesRequest } from './features.ts';
import { nextAddress } from './places.ts';

const KEY = 'a key of sixteen or more';
const parse = (query: string, collection = 'latest') =>
  parseFeaturesRequest(collection, new URLSearchParams(query), KEY);
const intervalOf = (datetime: string) => {
  const parsed = parse(new URLSearchParams({ datetime }).toString());
  return parsed.ok ? parsed.value.datetime : parsed.error.reason;
};

const NINE = Date.parse('2026-11-22T09:00:00Z');
const TEN = Date.parse('2026-11-22T10:00:00Z');

test.each([
  ['2026-11-22T09:00:00Z', { fromMs: NINE, untilMs: NINE }],
  ['2026-11-22T10:00:00+01:00', { fromMs: NINE, untilMs: NINE }],
  ['2026-11-22T09:00:00Z/2026-11-22T10:00:00Z', { fromMs: NINE, untilMs: TEN }],
  ['2026-11-22T09:00:00Z/..', { fromMs: NINE, untilMs: null }],
  ['2026-11-22T09:00:00Z/', { fromMs: NINE, untilMs: null }],
  ['../2026-11-22T10:00:00Z', { fromMs: null, untilMs: TEN }],
  ['/2026-11-22T10:00:00Z', { fromMs: null, untilMs: TEN }],
])('datetime %s', (text, interval) => {
  expect(intervalOf(text)).toEqual(interval);
});

test.each(['', '..', '../..', '2026-11-22', '2026-11-22T10:00:00Z/2026-11-22T09:00:00Z', 'now', 'a/b/c'])(
  'datetime %j is refused',
  (text) => {
    expect(intervalOf(text)).toBe('bad-parameter');
  },
);

test('an interval holds both of its ends', () => {
  const interval = { fromMs: NINE, untilMs: TEN };
  expect([NINE - 1, NINE, TEN, TEN + 1].map((ms) => isWithin(ms, interval))).toEqual([false, true, true, false]);
  expect(isWithin(0, null)).toBe(true);
  expect(isWithin(TEN, { fromMs: NINE, untilMs: null })).toBe(true);
});

test.each([
  ['1,2,3,4', { west: 1, south: 2, east: 3, north: 4 }],
  ['1,2,-5,3,4,9000.5', { west: 1, south: 2, east: 3, north: 4 }],
])('bbox %s', (bbox, expected) => {
  expect(parse(`bbox=${bbox}`)).toMatchObject({ ok: true, value: { bbox: expected } });
});

test.each([
  'bbox=1,2,3',
  'bbox=1,2,x,3,4,5',
  'bbox=1,2,3,4,5',
  'limit=0',
  'limit=-1',
  'limit=1.5',
  'offset=-1',
  'f=html',
])('%s is refused', (query) => {
  expect(parse(query)).toMatchObject({ ok: false, error: { reason: 'bad-parameter' } });
});

test('a parameter that the API does not define is refused, and one given twice', () => {
  expect(parse('crs=x')).toMatchObject({ ok: false, error: { reason: 'unknown-parameter', parameter: 'crs' } });
  expect(parse('limit=1&limit=2')).toMatchObject({ ok: false, error: { reason: 'repeated-parameter' } });
});

test('more than the largest page is the largest page', () => {
  expect(parse('limit=999999')).toMatchObject({ ok: true, value: { limit: 1000 } });
});

test('a cursor goes on where it was made, in its own query and collection only', () => {
  const first = parse('bbox=1,2,3,4&limit=5&offset=7');
  if (!first.ok) throw new Error(first.error.reason);
  const at = ['83390cfffffffff', 'did:key:z6Mk', 3] as const;
  const next = nextAddress('https://x.example/items?bbox=1,2,3,4&limit=5&offset=7', KEY, first.value.canonical, at);
  const { searchParams } = new URL(next ?? '');
  expect(searchParams.get('offset')).toBeNull();
  expect(parse(searchParams.toString())).toMatchObject({ ok: true, value: { after: at, offset: 0, limit: 5 } });
  expect(parse(searchParams.toString(), 'devices')).toMatchObject({ ok: false, error: { reason: 'bad-cursor' } });
  searchParams.set('bbox', '1,2,3,5');
  expect(parse(searchParams.toString())).toMatchObject({ ok: false, error: { reason: 'bad-cursor' } });
});
