import { expect, test } from 'vitest';
import { chooseFormat, contentTypeOf, FORMATS } from './formats.ts';

const choose = (accept: string | undefined, format?: string) => chooseFormat({ accept, format }, FORMATS);

test.each([
  [undefined, 'json'],
  ['*/*', 'json'],
  ['text/csv', 'csv'],
  ['TEXT/CSV;Q=0.5', 'csv'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'json'],
  ['application/geo+json;q=0.9, text/csv;q=0.8', 'geojson'],
  ['application/json;q=0.1, application/vnd.apache.parquet', 'parquet'],
  ['application/x-ndjson, application/json', 'json'],
  ['application/jsonl', 'ndjson'],
  ['text/*', 'csv'],
  // The specific range speaks, not the wildcard beside it.
  ['*/*, application/json;q=0', 'csv'],
])('Accept: %s brings %s', (accept, format) => {
  expect(choose(accept)).toEqual({ ok: true, value: format });
});

test('format= wins over Accept', () => {
  expect(choose('text/csv', 'parquet')).toEqual({ ok: true, value: 'parquet' });
  expect(choose('text/csv', 'xml')).toMatchObject({
    ok: false,
    error: { reason: 'bad-parameter', parameter: 'format' },
  });
});

test.each(['text/html', 'application/json;q=0', 'nonsense', 'application/json;q=2'])('nothing suits %s', (accept) => {
  expect(choose(accept)).toMatchObject({
    ok: false,
    error: { reason: 'not-acceptable', mediaTypes: FORMATS.map((format) => contentTypeOf(format).split(';')[0]) },
  });
});
