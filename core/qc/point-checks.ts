/** Checks of one reading against its own device, at once: QARTOD gross range, rate of change and flat line, in time and not in samples. */
import { FAIL, GOOD, SUSPECT, type Flag } from '../reading/reading.ts';
import type { QualityRules } from '../rules/rule-set.ts';
import { FLAT, RANGE, STEP } from './tests.ts';

export type PointVerdict = {
  readonly flag: Flag;
  readonly tests: number;
  /** Facts of the worst test, in the quantity's unit (hours for flat). */
  readonly measured: number;
  readonly low: number | null;
  readonly high: number | null;
};

/** What the checks know of the series before the reading; null before the first reading. */
export type PointHistory = {
  readonly lastMs: number;
  readonly last: number;
  readonly levelMs: number;
  readonly level: number;
  readonly runStartMs: number;
} | null;

export function checkRange(value: number, rules: QualityRules): Flag {
  if (value < rules.failMin || value > rules.failMax) return FAIL;
  return value < rules.suspectMin || value > rules.suspectMax ? SUSPECT : GOOD;
}

/** Largest honest change over `hours`; WeatherXM and Zahumensky let it grow with the distance of the readings. */
function stepLimit(rules: QualityRules, hours: number): number {
  return (rules.stepBase ?? Infinity) + rules.stepPerHour * hours;
}

/**
 * A jump is laid to the reading that leaves the last good level; if the next one agrees with it, the level has moved and
 * both are honest from then on.
 */
function checkStep(
  value: number,
  measuredMs: number,
  history: NonNullable<PointHistory>,
  rules: QualityRules,
  hourMs: number,
): number {
  const limit = stepLimit(rules, (measuredMs - history.levelMs) / hourMs);
  if (Math.abs(value - history.level) <= limit) return 0;
  const fromLast = stepLimit(rules, (measuredMs - history.lastMs) / hourMs);
  const moved = history.lastMs !== history.levelMs && Math.abs(value - history.last) <= fromLast;
  return moved ? 0 : limit;
}

export function checkPoint(
  value: number,
  measuredMs: number,
  history: PointHistory,
  rules: QualityRules,
  hourMs: number,
): PointVerdict {
  const range = checkRange(value, rules);
  if (range !== GOOD) {
    const bad = range === FAIL;
    return {
      flag: range,
      tests: RANGE,
      measured: value,
      low: bad ? rules.failMin : rules.suspectMin,
      high: bad ? rules.failMax : rules.suspectMax,
    };
  }
  if (
    history !== null &&
    rules.flatHours !== null &&
    value === history.last &&
    (rules.flatFloor === null || value > rules.flatFloor)
  ) {
    const hours = (measuredMs - history.runStartMs) / hourMs;
    if (hours > rules.flatHours) {
      return {
        flag: hours > 2 * rules.flatHours ? FAIL : SUSPECT,
        tests: FLAT,
        measured: hours,
        low: null,
        high: rules.flatHours,
      };
    }
  }
  if (history !== null && rules.stepBase !== null) {
    const limit = checkStep(value, measuredMs, history, rules, hourMs);
    if (limit > 0)
      return { flag: SUSPECT, tests: STEP, measured: value, low: history.level - limit, high: history.level + limit };
  }
  return { flag: GOOD, tests: 0, measured: value, low: null, high: null };
}
