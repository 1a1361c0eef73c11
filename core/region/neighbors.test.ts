import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DAY0_MS, memberOf, TestLog } from '../../test/support/region-log.ts';
import { distanceMeters } from '../geo.ts';

test('after any joins and moves every list holds the twenty-four nearest within sixty kilometers, nearest first', () => {
  const place = fc.record({
    latitudeE5: fc.integer({ min: 4_000_000, max: 4_090_000 }),
    longitudeE5: fc.integer({ min: -400_000, max: -300_000 }),
  });
  fc.assert(
    fc.property(
      fc.array(place, { minLength: 1, maxLength: 28 }),
      fc.array(fc.tuple(fc.nat(27), place), { maxLength: 6 }),
      (joins, moves) => {
        const log = new TestLog(0);
        for (const [slot, at] of joins.entries()) log.add(memberOf(slot, at), DAY0_MS);
        for (const [version, [slot, at]] of moves.entries()) {
          if (slot < joins.length) log.add(memberOf(slot, { ...at, version: version + 2 }), DAY0_MS);
        }
        for (const [slot, device] of log.state.devices.entries()) {
          const expected = log.state.devices
            .map(({ membership }, at) => ({
              at,
              id: membership.device,
              meters: distanceMeters(device.membership, membership),
            }))
            .filter(({ at, meters }) => at !== slot && meters <= 60_000)
            .sort((a, b) => a.meters - b.meters || (a.id < b.id ? -1 : 1))
            .slice(0, 24);
          expect(device.near).toEqual(expected.map(({ at }) => at));
        }
      },
    ),
    { numRuns: 50 },
  );
});
