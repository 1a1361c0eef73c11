import fc from 'fast-check';
import { expect, test } from 'vitest';
import { charactersOf, levelDistance, levelOf, markNear, readHistory, wrapLevel, writeHistory } from './history.ts';

const level = fc.integer({ min: -20_000, max: 20_000 });

test('what is read of all hours at once is what is read of one', () => {
  fc.assert(
    fc.property(fc.array(level, { minLength: 1, maxLength: 60 }), fc.nat(2000), (levels, start) => {
      const history = levels.reduce((text, one, at) => writeHistory(text, start + at - 1, start + at, one), '');
      for (const [at, one] of levels.entries()) {
        const position = (start + at) % 672;
        const bytes = charactersOf(history);
        expect(readHistory(history, start + at)).toBe(wrapLevel(one));
        expect(levelOf(bytes[position * 2] ?? 0, bytes[position * 2 + 1] ?? 0)).toBe(wrapLevel(one));
      }
    }),
    { numRuns: 30 },
  );
});

test('no level within the tolerance is passed over by its first character', () => {
  const tolerances = fc.double({ min: 1, max: 5000, noNaN: true });
  const near = new Uint8Array(128);
  fc.assert(
    fc.property(level, fc.integer({ min: -300, max: 300 }), tolerances, (one, away, tolerance) => {
      const [wanted, found] = [wrapLevel(one), wrapLevel(one + away)];
      markNear(near, wanted, tolerance);
      const first = charactersOf(writeHistory('', -1, 0, found))[0] ?? 0;
      fc.pre(levelDistance(wanted, found) <= tolerance);
      expect(near[first]).toBe(1);
    }),
    { numRuns: 500 },
  );
});
