/** The tests a verdict can name. Bits are stored in cells: never renumber, only append. */
import type { CheckCode } from '../region/receipt.ts';

export type TestCode = CheckCode | 'copy';

export const TEST_BITS: readonly (readonly [TestCode, number])[] = [
  ['range', 1],
  ['step', 2],
  ['flat', 4],
  ['late', 8],
  ['copy', 16],
];

export const RANGE = 1;
export const STEP = 2;
export const FLAT = 4;
export const LATE = 8;
export const COPY = 16;

export function testCodes(mask: number): TestCode[] {
  return TEST_BITS.filter(([, bit]) => (mask & bit) !== 0).map(([code]) => code);
}
