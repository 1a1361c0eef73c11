import { expect, test } from 'vitest';
import { parseCsv } from './csv.ts';

test('quoted fields keep commas and doubled quotes', () => {
  expect(parseCsv('a,b\n1,"x, ""y"""\n,\n')).toEqual([
    { a: '1', b: 'x, "y"' },
    { a: '', b: '' },
  ]);
});
