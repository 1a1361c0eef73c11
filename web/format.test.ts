import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationText, shortText, tokenText, unitText, valueText } from './format.ts';

test('token amounts are cut, never rounded up, and never through a float', () => {
  expect(tokenText('0')).toBe('0');
  expect(tokenText('1999999999999999999')).toBe('1.99');
  expect(tokenText('123456789000000000000000001')).toBe(`${(123456789).toLocaleString()}.00`);
  expect(tokenText('50000000000000000')).toBe('0.05');
  expect(tokenText('1')).toBe('< 0.000001');
  expect(tokenText('1250000', 6)).toBe('1.25');
});

test('the token text never exceeds the amount', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 10n ** 18n, max: 10n ** 27n }), (amount) => {
      const [whole = '', fraction = ''] = tokenText(amount.toString()).replaceAll(',', '').split('.');
      const shown = BigInt(whole) * 10n ** 18n + BigInt(fraction) * 10n ** 16n;
      return shown <= amount && amount - shown < 10n ** 16n;
    }),
  );
});

test('an amount that is not a number is shown as it came', () => {
  expect(tokenText('many')).toBe('many');
});

test('durations read as people say them', () => {
  expect([0, 20_000, 480_000, 65_000, 3_600_000, 5_400_000, 86_400_000].map(durationText)).toEqual([
    '0 s',
    '20 s',
    '8 min',
    '1 min 05 s',
    '1 h',
    '1 h 30 min',
    '24 h',
  ]);
});

test('values have the decimals of their resolution and units their signs', () => {
  expect([valueText(12.34, 0.1), valueText(12.3, 0.01), valueText(12.6, 1)]).toEqual(['12.3', '12.30', '13']);
  expect(['ug/m3', 'Cel', 'ppb', '1'].map(unitText)).toEqual(['µg/m³', '°C', 'ppb', '']);
});

test('a long id keeps its ends', () => {
  expect(shortText('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK')).toBe('z6MkhaXg…2doK');
  expect(shortText('short')).toBe('short');
});
