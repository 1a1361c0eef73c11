/** The claim page imports nothing of the core: what it signs must be what the core reads. */
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import { expect, test } from 'vitest';
import { parseAct } from '../../core/lifecycle/parse-act.ts';
import { commitPosition } from '../../core/lifecycle/position.ts';
import { typedDataOf } from '../../core/lifecycle/typed-data.ts';
import { exactPosition as positionOfCommand } from '../../scripts/registry/acts.ts';
import { publicPlaceOf } from '../../scripts/place.ts';
import { claimTypedData } from '../../web/claim/act.ts';
import { parseNumber, readForm } from '../../web/claim/form.ts';
import { parseClaimLink } from '../../web/claim/link.ts';
import { cellsOf, commitmentOf, exactPosition } from '../../web/claim/place.ts';

const CONTRACT = `0x${'d1'.repeat(20)}` as const;
const DEVICE = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';

test('page and core hash the same claim to the same digest', () => {
  const fields = {
    device: DEVICE,
    owner: `0x${'ab'.repeat(20)}`,
    region: '83390cfffffffff',
    place: '87390ca20ffffff',
    position: `0x${'cd'.repeat(32)}`,
    name: 'Büro “Süd”',
    type: 'own design',
    tier: 0,
    issuedAt: 1_795_000_000,
    code: `0x${'01'.repeat(16)}`,
  };
  const act = parseAct('claim', fields);
  if (!act.ok) throw new Error(act.error.detail);
  const { domain, message, types } = typedDataOf(act.value, { chainId: 10, contract: CONTRACT });
  const core = hashTypedData({
    domain,
    primaryType: 'Claim',
    message: { ...message },
    types: { Claim: [...(types['Claim'] ?? [])] },
  });
  // Through JSON, as it goes to the wallet.
  const page = JSON.parse(JSON.stringify(claimTypedData(fields, 10, CONTRACT))) as Parameters<typeof hashTypedData>[0];
  expect(hashTypedData(page)).toBe(core);
});

test('page, command and core agree on cells and commitment of every place', async () => {
  const place = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    elevationM: fc.option(fc.double({ min: -500, max: 9000, noNaN: true })),
    heightM: fc.option(fc.double({ min: 0, max: 1000, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(place, async (site) => {
      const position = positionOfCommand(site);
      expect(exactPosition(site, position.salt)).toEqual(position);
      expect(await commitmentOf(position)).toBe(commitPosition(position));
      const { cell, place: cellOfPlace } = publicPlaceOf(site);
      expect(cellsOf(site.latitude, site.longitude)).toMatchObject({ region: cell, place: cellOfPlace });
    }),
  );
});

test('the outline of a public cell goes on across the antimeridian', () => {
  for (const { outline } of [cellsOf(-16.8, 179.999), cellsOf(-16.8, -179.999)]) {
    const longitudes = outline.map(([, longitude]) => longitude);
    expect(Math.max(...longitudes) - Math.min(...longitudes)).toBeLessThan(0.1);
  }
});

test.each([
  ['40.5', 40.5],
  [' 40,5 ', 40.5],
  ['−3.7', -3.7],
  ['-.5', -0.5],
  ['', null],
])('"%s" is the number %s', (text, value) => expect(parseNumber(text)).toBe(value));

test.each(['1e3', '0x10', '1,234.5', 'north', '--1', 'Infinity'])('"%s" is no number', (text) => {
  expect(parseNumber(text)).toBeNaN();
});

test('a form is whole with place, name and model alone', () => {
  const typed = { lat: '40,4', lon: '-3.7', elevation: '', height: '', name: ' Roof ', type: 'SDS011' };
  expect(readForm(typed)).toEqual({
    site: { latitude: 40.4, longitude: -3.7, elevationM: null, heightM: null, name: 'Roof', type: 'SDS011' },
    errors: {},
  });
  expect(Object.keys(readForm({ ...typed, lat: '91', height: '-1', name: ' ' }).errors)).toEqual([
    'lat',
    'height',
    'name',
  ]);
});

test.each([
  ['', null],
  [`#device=${DEVICE}`, null],
  [`#device=${DEVICE}&code=${'0g'.repeat(16)}`, null],
  [`#device=did:web:x&code=${'01'.repeat(16)}`, null],
  [`#device=${DEVICE}&code=${'AB'.repeat(16)}`, { device: DEVICE, code: 'ab'.repeat(16) }],
  [`#code=${'01'.repeat(16)}&device=${encodeURIComponent(DEVICE)}`, { device: DEVICE, code: '01'.repeat(16) }],
])('the link %s is read as %o', (fragment, link) => expect(parseClaimLink(fragment)).toEqual(link));
