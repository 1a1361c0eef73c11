/** What one series' readings are held against: the last one, the last good level, the run of equal values. */
import type { Contradiction } from '../qc/consistency.ts';
import { checkPoint, type PointVerdict } from '../qc/point-checks.ts';
import { CONSISTENCY, RANGE, STEP, TIME } from '../qc/tests.ts';
import type { Quantity } from '../reading/quantity.ts';
import { FAIL, GOOD, NOT_EVALUATED, type Flag, type Reading } from '../reading/reading.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { isUnderMaintenance, type DeviceState, type SeriesState } from './state.ts';

export type History = Pick<SeriesState, 'lastMs' | 'lastSteps' | 'levelMs' | 'levelSteps' | 'runStartMs'>;

/** No measurement is that old: before the first reading there is nothing to compare with. */
const NEVER_MS = 0;

export function noHistory(): History {
  return { lastMs: NEVER_MS, lastSteps: 0, levelMs: NEVER_MS, levelSteps: 0, runStartMs: NEVER_MS };
}

const UNEVALUATED: PointVerdict = { flag: NOT_EVALUATED, tests: 0, measured: 0, low: null, high: null };

/** `history` null: what was measured just before is not known. */
export function judgeReading(
  device: DeviceState,
  history: History | null,
  reading: Reading,
  quantity: Quantity,
  rules: RuleSet,
): PointVerdict {
  if (isUnderMaintenance(device, reading.measuredMs)) return UNEVALUATED;
  const scale = quantity.stepsPerUnit;
  // The first level at a new place is no step from the old one's; a value that stands still has not moved at all.
  const isElsewhere = history !== null && history.levelMs <= device.placedMs && device.placedMs < reading.measuredMs;
  const before =
    history === null || history.lastMs === NEVER_MS
      ? null
      : {
          lastMs: history.lastMs,
          last: history.lastSteps / scale,
          levelMs: history.levelMs,
          level: (isElsewhere ? reading.steps : history.levelSteps) / scale,
          runStartMs: history.runStartMs,
        };
  return checkPoint(
    reading.steps / scale,
    reading.measuredMs,
    before,
    rules.quality[quantity.code],
    rules.time.hourSeconds * 1000,
  );
}

/** Changes `history` to what the next reading is held against. */
export function remember(history: History, reading: Reading, verdict: PointVerdict): void {
  const isFirst = history.lastMs === NEVER_MS;
  if (isFirst || history.lastSteps !== reading.steps) history.runStartMs = reading.measuredMs;
  history.lastMs = reading.measuredMs;
  history.lastSteps = reading.steps;
  // A value out of range or after a jump is no level to hold the next one against; the very first is all there is.
  if (isFirst || (verdict.tests & (RANGE | STEP)) === 0) {
    history.levelMs = reading.measuredMs;
    history.levelSteps = reading.steps;
  }
}

export function withTime(verdict: PointVerdict, time: Flag, lateSeconds: number): PointVerdict {
  if (verdict.flag === NOT_EVALUATED) return verdict;
  if (verdict.flag !== GOOD)
    return { ...verdict, tests: verdict.tests | TIME, flag: verdict.flag === FAIL ? FAIL : time };
  return { flag: time, tests: TIME, measured: lateSeconds, low: null, high: null };
}

export function withContradiction(verdict: PointVerdict, { flag, severity }: Contradiction): PointVerdict {
  if (verdict.flag === NOT_EVALUATED) return verdict;
  if (verdict.flag === GOOD) return { flag, tests: CONSISTENCY, measured: severity, low: null, high: 1 };
  return { ...verdict, tests: verdict.tests | CONSISTENCY, flag: verdict.flag === FAIL ? FAIL : flag };
}
