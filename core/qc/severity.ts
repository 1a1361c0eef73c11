/**
 * How far beyond honest, alike for all tests: in times the test's own limit. 1 is the limit itself, and whatever was
 * flagged is at least there. It ranks findings of different tests; it decides nothing.
 */
import type { Finding } from './finding.ts';
import type { PointVerdict } from './point-checks.ts';
import {
  APART,
  BIAS,
  COPY,
  FLAT,
  JUMP,
  NEIGHBOUR,
  NOISY,
  PLACE,
  QUIET,
  RANGE,
  REPLAY,
  SHIFTED,
  STEP,
  TIME,
  ZERO,
} from './tests.ts';
import { T } from './thresholds.ts';

/** Beyond it every value is absurd alike. */
const MOST = 100;
/** A clock is suspect from here (receipt-time.ts). */
const LATE_SECONDS = 300;

export function pointSeverity({ tests, measured, low, high }: PointVerdict): number {
  if ((tests & (RANGE | STEP)) !== 0 && low !== null && high !== null)
    return bounded(Math.abs(measured - (low + high) / 2) / ((high - low) / 2));
  if ((tests & TIME) !== 0 && high === null) return bounded(Math.abs(measured) / LATE_SECONDS);
  // Flat runs, and contradictions in times of what is tolerated.
  return bounded(measured / (high ?? measured));
}

/** Each test's own measure at the edge of suspicion. */
const LIMITS: ReadonlyMap<number, number> = new Map([
  [NEIGHBOUR, T.neighbor.suspectZ],
  [BIAS, T.bias.suspectZ],
  [PLACE, T.place.z],
  [JUMP, T.jump.z],
  [REPLAY, T.replay.suspectNats],
  [COPY, T.copy.suspectNats],
  [SHIFTED, T.joint.shift],
  // These are told in times of a limit of their own.
  [FLAT, 1],
  [ZERO, T.zero.leastHours],
]);

export function findingSeverity({ test, severity, high }: Finding): number {
  // Alone, a series falls apart by a drop of correlation; together, the measure is a share already.
  if (test === APART) return bounded(high === null ? severity / T.agreement.drop : severity);
  if (test === QUIET || test === NOISY) return bounded(severity / (high ?? severity));
  return bounded(severity / (LIMITS.get(test) ?? severity));
}

function bounded(times: number): number {
  return times > 1 ? Math.min(MOST, Math.round(times * 100) / 100) : 1;
}
