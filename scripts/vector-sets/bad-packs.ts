/** Packs that are no good in either form, well signed. */
import { type Expected, refused, type World } from './vector.ts';

export type BadPack = { readonly says: string; readonly pack: unknown; readonly expected: Expected };

type Fields = Readonly<Record<string, unknown>>;
const GOOD = { n: 'temp', u: 'Cel', v: 21.4 };

export function badPacks({ stranger, nowSeconds: now }: World): Readonly<Record<string, BadPack>> {
  const senml = (says: string, pack: unknown, record = 0): BadPack => ({
    says,
    pack,
    expected: refused(400, 'not-senml', { record }),
  });
  const one = (fields: Fields) => [{ ...GOOD, ...fields }];
  const reading = (says: string, code: string, pack: readonly Fields[], members = {}): BadPack => ({
    says,
    pack,
    expected: refused(422, code, { record: pack.length - 1, ...members }),
  });
  return {
    'an empty pack': { says: 'No record at all.', pack: [], expected: refused(400, 'empty-pack') },
    'base fields alone': {
      says: 'A record of base fields is no reading.',
      pack: [{ bn: 'urn:dev:mac:24a160fffe123456:', bt: now }],
      expected: refused(400, 'empty-pack'),
    },
    'a map for a pack': senml('A pack is an array of records.', GOOD),
    'an array for a record': senml('A record is a map.', [GOOD, ['temp', 21.4]], 1),
    'two values': senml('One of v, vs, vb and vd.', one({ vs: 'warm' })),
    'no value': senml('A time is no value.', [{ n: 'temp', u: 'Cel', t: 0 }]),
    'a sum alone': senml('A record with s and no value is SenML, but no measurement.', [{ n: 'temp', u: 'Cel', s: 4 }]),
    'a time in text': senml('t is a number.', one({ t: String(now) })),
    'a time in milliseconds': senml('Times are in seconds.', one({ t: now * 1000 })),
    'a time before 1970': senml('Minus sixty years from created.', one({ t: -1_893_456_000 })),
    'a name with a space': senml('RFC 8428 section 4.5.1 names the characters.', one({ bn: 'urn:dev:my roof:' })),
    'a name that begins with a mark': senml('The first character is a letter or a digit.', one({ bn: '_' })),
    'a label that must be understood': senml(
      'RFC 8428 section 4.4: a label that ends with an underscore.',
      one({ quality_: 1 }),
    ),
    'an unknown version': senml('bver 11.', one({ bver: 11 })),
    'an unknown feature': senml('bver 58 has a feature beside secondary units (RFC 9100).', one({ bver: 58 })),
    'two versions': senml(
      'bver is the same in all records.',
      [
        { ...GOOD, bver: 10 },
        { ...GOOD, bver: 26 },
      ],
      1,
    ),
    "another device's name": reading(
      'The base name is that of another key.',
      'wrong-base-name',
      one({ bn: `${stranger.did}:` }),
    ),
    'a name of no device': reading('Neither this key nor urn:dev:.', 'wrong-base-name', one({ n: 'kitchen:temp' })),
    'an unknown quantity': reading('radon is not in the catalogue.', 'unknown-quantity', [
      GOOD,
      { n: 'radon', u: 'Bq', v: 30 },
    ]),
    'an unknown unit': reading('The second record.', 'unknown-unit', [GOOD, { n: 'temp', u: 'degF', v: 70 }], {
      quantity: 'temp',
      accepted: ['Cel', 'K'],
    }),
    'a percent sign': reading(
      'In SenML % is a ratio from 0 to 1; nobody means that.',
      'unknown-unit',
      [{ n: 'rh', u: '%', v: 54 }],
      {
        quantity: 'rh',
        accepted: ['%RH', '/100', '/'],
      },
    ),
    'no unit': reading('A number alone is no measurement.', 'unknown-unit', [{ n: 'temp', v: 21.4 }], {
      quantity: 'temp',
    }),
    'text for a number': reading('v is a number.', 'not-a-number', one({ v: '21.4' })),
    'nothing for a number': reading('null in v.', 'not-a-number', one({ v: null })),
    'a text value': reading('SenML allows vs; our quantities are numbers.', 'not-a-number', [
      { n: 'temp', u: 'Cel', vs: 'warm' },
    ]),
    'a truth value': reading('Likewise vb.', 'not-a-number', [{ n: 'temp', u: 'Cel', vb: true }]),
    'the least number of 32 bits': reading(
      '-2^31 steps: 2^31 - 1 either way.',
      'out-of-type',
      one({ v: -21_474_836.48 }),
      {
        quantity: 'temp',
      },
    ),
    'a number out of its type': reading('More than 2^31 steps of .01 degrees.', 'out-of-type', one({ v: 1e12 }), {
      quantity: 'temp',
    }),
  };
}
