import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../core/canonical-json.ts';

const key = fc.string().filter((text) => !/^\d+$/.test(text) && text !== '__proto__');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value')),
  ),
}));

test('any plain data is written as the library of the authors of RFC 8785 writes it', () => {
  fc.assert(
    fc.property(value, (data) => {
      expect(canonicalJson(data)).toBe(canonicalize(data));
    }),
  );
});

test('keys are ordered by code units and absent ones left out: the example of RFC 8785, section 3.2.3', () => {
  const data = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    one: 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
    absent: undefined,
  };
  expect(Object.values(JSON.parse(canonicalJson(data)) as object)).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});
