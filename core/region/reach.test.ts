import { expect, test } from 'vitest';
import { charterOf } from '../../test/support/region-log.ts';
import { MAIN_RULES } from '../rules/main.ts';
import { isWithinReach } from './reach.ts';

test('regions with corners in common are within reach, those a region apart are not', () => {
  const boundaryAt = (degreesEast: number) => charterOf(MAIN_RULES, undefined, degreesEast).boundary;
  expect(isWithinReach(boundaryAt(0), boundaryAt(1))).toBe(true);
  expect(isWithinReach(boundaryAt(0), boundaryAt(3))).toBe(false);
  expect(isWithinReach(boundaryAt(183), boundaryAt(-177))).toBe(true);
});
