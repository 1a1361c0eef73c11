import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochLink, parseRoute, regionLink, stationLink } from './route.ts';

test('a link leads back to what it names', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((id) => id.isWellFormed()),
      (id) => {
        expect(parseRoute(regionLink(id))).toEqual({ kind: 'region', cell: id });
        expect(parseRoute(stationLink(id))).toEqual({ kind: 'station', device: id });
      },
    ),
  );
  expect(parseRoute(epochLink(3740380))).toEqual({ kind: 'epoch', epoch: 3740380 });
});

test('anchors of the page and broken links name no view', () => {
  expect(parseRoute('')).toEqual({ kind: 'home' });
  for (const fragment of ['#stations-section', '#region/', '#epoch/abc', '#epoch/-1', '#other/1'])
    expect(parseRoute(fragment)).toBeNull();
  expect(parseRoute('#station/100%')).toEqual({ kind: 'station', device: '100%' });
});
