/** The tests a verdict can name. Bits are stored in cells: never renumber, only append. */
import type { CheckCode } from '../region/receipt.ts';

export type TestCode =
  | CheckCode
  | 'copy'
  | 'neighbour'
  | 'bias'
  | 'place'
  | 'quiet'
  | 'noisy'
  | 'apart'
  | 'shifted'
  | 'replay'
  | 'jump'
  | 'zero';

export const RANGE = 1;
export const STEP = 2;
export const FLAT = 4;
export const LATE = 8;
export const COPY = 16;
/** Receive time against device time. */
export const TIME = 32;
/** One hour far from the neighbors. */
export const NEIGHBOUR = 64;
/** A day or more away from its usual distance to the neighbors. */
export const BIAS = 128;
/** Absolute values that do not fit the place. */
export const PLACE = 256;
/** Moves far less than the neighbors: indoors, sheltered, simulated. */
export const QUIET = 512;
/** Moves far more than the neighbors. */
export const NOISY = 1024;
/** No longer moves with the neighbors. */
export const APART = 2048;
/** Moves with the neighbors, but hours later. */
export const SHIFTED = 4096;
/** Repeats its own history. */
export const REPLAY = 8192;
/** Left its own level, where no neighbors can tell. */
export const JUMP = 16_384;
/** Readings of one moment contradict each other. */
export const CONSISTENCY = 32_768;
/** Exactly nothing for hours, where the neighbors measure something. */
export const ZERO = 65_536;

export const TEST_BITS: readonly (readonly [TestCode, number])[] = [
  ['range', RANGE],
  ['step', STEP],
  ['flat', FLAT],
  ['late', LATE],
  ['copy', COPY],
  ['time', TIME],
  ['neighbour', NEIGHBOUR],
  ['bias', BIAS],
  ['place', PLACE],
  ['quiet', QUIET],
  ['noisy', NOISY],
  ['apart', APART],
  ['shifted', SHIFTED],
  ['replay', REPLAY],
  ['jump', JUMP],
  ['consistency', CONSISTENCY],
  ['zero', ZERO],
];

export function testCodes(mask: number): TestCode[] {
  return TEST_BITS.filter(([, bit]) => (mask & bit) !== 0).map(([code]) => code);
}

const POINT_TESTS: readonly (readonly [CheckCode, number])[] = [
  ['range', RANGE],
  ['step', STEP],
  ['flat', FLAT],
  ['late', LATE],
  ['time', TIME],
  ['consistency', CONSISTENCY],
];

/** Those of single readings, which a receipt can name. */
export function pointCodes(mask: number): CheckCode[] {
  return POINT_TESTS.filter(([, bit]) => (mask & bit) !== 0).map(([code]) => code);
}
