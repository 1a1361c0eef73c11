import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAIN_RULES } from '../rules/main.ts';
import { canonicalQuery, parseObservationsRequest, queryHash } from './observations.ts';
import { MAX_DEVICES } from './scope.ts';

const RULES = MAIN_RULES.time;
const NOW = Date.parse('2026-11-22T12:30:00Z');
const DEVICE = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const OTHER = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
const GOOD = `device=${DEVICE}&quantity=pm25&from=2026-11-22T00:00:00Z&until=2026-11-22T06:00:00Z`;

const parse = (query: string, accept?: string) =>
  parseObservationsRequest(new URLSearchParams(query), accept, NOW, RULES);
const refusal = (query: string) => {
  const parsed = parse(query);
  return parsed.ok ? null : parsed.error;
};
const value = (query: string) => {
  const parsed = parse(query);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

test('the least that must be said is device or cell, quantity and times', () => {
  expect(value(GOOD)).toMatchObject({
    scope: { kind: 'devices', devices: [DEVICE] },
    fromMs: Date.parse('2026-11-22T00:00:00Z'),
    untilMs: Date.parse('2026-11-22T06:00:00Z'),
    resolution: 'hour',
    series: ['raw'],
    indices: [],
    flags: null,
    fields: null,
    format: 'json',
    limit: null,
    isDryRun: false,
    cursor: null,
  });
});

test.each([
  ['', { reason: 'one-of', parameters: ['device', 'cell', 'bbox'] }],
  [`${GOOD}&cell=833900fffffffff`, { reason: 'one-of' }],
  [GOOD.replace(DEVICE, 'did:key:zQ3sh'), { reason: 'bad-parameter', parameter: 'device' }],
  [GOOD.replace(`device=${DEVICE}`, 'cell=883900fffffffff'), { reason: 'bad-parameter', parameter: 'cell' }],
  [GOOD.replace(`device=${DEVICE}`, 'bbox=1,2,3'), { reason: 'bad-parameter', parameter: 'bbox' }],
  [`${GOOD}&bbox=1,2,3,4`, { reason: 'one-of' }],
  [GOOD.replace('&quantity=pm25', ''), { reason: 'missing-parameter', parameter: 'quantity' }],
  [GOOD.replace('pm25', 'pm25,dust'), { reason: 'bad-parameter', parameter: 'quantity', given: 'dust' }],
  [GOOD.replace('&from=2026-11-22T00:00:00Z', ''), { reason: 'missing-parameter', parameter: 'from' }],
  [GOOD.replace('2026-11-22T00:00:00Z', '2026-11-22'), { reason: 'bad-parameter', parameter: 'from' }],
  [GOOD.replace('2026-11-22T00:00:00Z', '2026-02-30T00:00:00Z'), { reason: 'bad-parameter', parameter: 'from' }],
  [GOOD.replace('2026-11-22T00:00:00Z', '2026-11-22T00:00:00'), { reason: 'bad-parameter', parameter: 'from' }],
  [GOOD.replace('2026-11-22T06:00:00Z', '2026-11-22T00:00:00Z'), { reason: 'bad-parameter', parameter: 'until' }],
  [GOOD.replaceAll('2026-11-22', '2027-01-01'), { reason: 'bad-parameter', parameter: 'from' }],
  [`${GOOD}&resolution=week`, { reason: 'bad-parameter', parameter: 'resolution' }],
  [`${GOOD}&series=median`, { reason: 'bad-parameter', parameter: 'series' }],
  [`${GOOD}&series=corrected`.replace('pm25', 'temp'), { reason: 'bad-combination', parameter: 'series' }],
  [`${GOOD}&series=corrected&resolution=raw`, { reason: 'bad-combination', parameter: 'series' }],
  [`${GOOD}&index=aqi`, { reason: 'bad-parameter', parameter: 'index' }],
  [`${GOOD}&index=us-aqi`, { reason: 'bad-combination', parameter: 'index' }],
  [`${GOOD}&index=european-aqi&resolution=day`, { reason: 'bad-combination', parameter: 'index' }],
  [`${GOOD}&resolution=day`.replace('pm25', 'wind_dir'), { reason: 'bad-combination', parameter: 'quantity' }],
  [`${GOOD}&flags=9`, { reason: 'bad-parameter', parameter: 'flags' }],
  [`${GOOD}&fields=device,price`, { reason: 'bad-parameter', parameter: 'fields' }],
  [`${GOOD}&dry-run=yes`, { reason: 'bad-parameter', parameter: 'dry-run' }],
  [`${GOOD}&format=xml`, { reason: 'bad-parameter', parameter: 'format' }],
  [`${GOOD}&limit=0`, { reason: 'bad-parameter', parameter: 'limit' }],
  [`${GOOD}&limit=5001`, { reason: 'bad-parameter', parameter: 'limit' }],
  [`${GOOD}&limit=1e3`, { reason: 'bad-parameter', parameter: 'limit' }],
  [`${GOOD}&limit=5&limit=6`, { reason: 'repeated-parameter', parameter: 'limit' }],
  [`${GOOD}&quantities=pm25`, { reason: 'unknown-parameter', parameter: 'quantities' }],
  [GOOD.replaceAll('2026-11', '2026-10') + '&resolution=raw', { reason: 'bad-parameter', parameter: 'from' }],
])('%s is refused by name', (query, expected) => {
  expect(refusal(query)).toMatchObject(expected);
});

test('more devices than allowed are counted in the refusal', () => {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const devices = Array.from({ length: MAX_DEVICES + 1 }, (_, index) => {
    const tail = `${alphabet[index % 58] ?? ''}${alphabet[Math.floor(index / 58)] ?? ''}`;
    return DEVICE.slice(0, -2) + tail;
  });
  expect(refusal(GOOD.replace(DEVICE, devices.join(',')))).toMatchObject({
    reason: 'too-many-values',
    parameter: 'device',
    count: MAX_DEVICES + 1,
  });
});

test('hourly queries cover whole hours, raw ones keep their times', () => {
  const odd = GOOD.replace('00:00:00Z', '00:10:00Z').replace('06:00:00Z', '05:59:00Z');
  expect(value(odd)).toMatchObject({ fromMs: value(GOOD).fromMs, untilMs: value(GOOD).untilMs });
  expect(value(`${odd}&resolution=raw`).fromMs).toBe(Date.parse('2026-11-22T00:10:00Z'));
});

test('an offset whose plus sign arrived as a space is understood', () => {
  expect(value(GOOD.replace('2026-11-22T00:00:00Z', '2026-11-22T01:00:00+01:00')).fromMs).toBe(value(GOOD).fromMs);
});

test('days are UTC days as a whole', () => {
  expect(value(`${GOOD}&resolution=day`)).toMatchObject({
    fromMs: Date.parse('2026-11-22T00:00:00Z'),
    untilMs: Date.parse('2026-11-23T00:00:00Z'),
  });
});

test('an index needs no quantity', () => {
  expect(value(`${GOOD.replace('&quantity=pm25', '')}&index=european-aqi`)).toMatchObject({
    quantities: [],
    indices: ['european-aqi'],
  });
});

test('Accept decides where format= says nothing', () => {
  expect(parse(GOOD, 'text/csv')).toMatchObject({ ok: true, value: { format: 'csv' } });
  expect(parse(`${GOOD}&format=json`, 'text/csv')).toMatchObject({ ok: true, value: { format: 'json' } });
  expect(parse(GOOD, 'text/html')).toMatchObject({ ok: false, error: { reason: 'not-acceptable' } });
});

test('a canonical form is itself a query, and its own canonical form', () => {
  const query = `${GOOD}&fields=value,device&flags=3,1&limit=7&resolution=hour&series=corrected,raw&index=european-aqi`;
  const canonical = canonicalQuery(value(query));
  expect(canonicalQuery(value(canonical))).toBe(canonical);
});

test('spellings of the same question have one hash, other questions another', () => {
  const hash = (query: string) => queryHash('GET', '/v1/observations', canonicalQuery(value(query)));
  const many = `quantity=temp&quantity=pm25&device=${OTHER},${DEVICE}&until=2026-11-22T06:00:00Z&from=2026-11-22T00:00:00Z`;
  const same = `device=${DEVICE}&device=${OTHER}&device=${OTHER}&quantity=pm25,temp&from=2026-11-22T01:00:00%2B01:00&until=2026-11-22T05:30:00Z&dry-run=true`;
  expect(hash(many)).toBe(hash(same));
  expect(hash(many)).toMatch(/^[0-9a-f]{16}$/);
  const others = [
    GOOD,
    `${GOOD}&format=csv`,
    `${GOOD}&limit=7`,
    `${GOOD}&resolution=raw`,
    `${GOOD}&flags=1`,
    `${GOOD}&fields=value`,
    `${GOOD}&series=raw,corrected`,
    `${GOOD}&index=european-aqi`,
    GOOD.replace('pm25', 'pm10'),
  ];
  expect(new Set(others.map(hash)).size).toBe(others.length);
});

test('no query string makes the parser throw', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom('device', 'cell', 'bbox', 'quantity', 'from', 'until', 'fields', 'limit', 'x'),
          fc.string(),
        ),
      ),
      (pairs) => {
        expect(parseObservationsRequest(pairs, '*/*', NOW, RULES)).toHaveProperty('ok');
      },
    ),
  );
});
