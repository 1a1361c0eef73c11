/**
 * Has this measurement been taken already? Exact for times within the duplicate window of the device's newest reading;
 * older ones are taken only inside a recorded gap of the device and quantity (docs/protocol.md).
 */
import type { TimeRules } from '../rules/rule-set.ts';
import type { SeriesState } from './state.ts';

export type Coverage = 'newest' | 'fills' | 'duplicate' | 'conflicting-value' | 'already-covered';

export const MAXIMUM_GAPS = 16;
/** 2 h at one reading every 10 s; beyond it the window shortens rather than the memory growing. */
export const MAXIMUM_RECENT = 720;
/** A pause longer than this many usual distances is a gap. */
const GAP_FACTOR = 1.5;

export function newSeries(quantity: number, receivedMs: number, firstMs: number, rules: TimeRules): SeriesState {
  return {
    quantity,
    lastMs: 0,
    lastSteps: 0,
    levelMs: 0,
    levelSteps: 0,
    runStartMs: firstMs,
    typicalMs: 0,
    model: null,
    nearby: null,
    recent: [],
    starts: [],
    doubted: [],
    disorder: null,
    // A device may start live and send what it measured before afterwards.
    gaps: [receivedMs - rules.maxAgeSeconds * 1000 - 1, firstMs],
  };
}

export function coverageOf(
  series: SeriesState,
  measuredMs: number,
  steps: number,
  deviceNewestMs: number,
  rules: TimeRules,
): Coverage {
  const { recent } = series;
  const newest = recent.length === 0 ? -Infinity : (recent[recent.length - 2] ?? -Infinity);
  if (measuredMs > newest) return 'newest';
  const at = findRecent(recent, measuredMs);
  if (recent[at] === measuredMs) return recent[at + 1] === steps ? 'duplicate' : 'conflicting-value';
  // Inside the window everything is known, so what is not there is new; before it only a gap can tell.
  const isShortened = recent.length >= 2 * MAXIMUM_RECENT;
  const floorMs = deviceNewestMs - rules.duplicateWindowSeconds * 1000;
  if (measuredMs > (recent[0] ?? Infinity) || (measuredMs >= floorMs && !isShortened)) return 'fills';
  return gapAt(series.gaps, measuredMs) >= 0 ? 'fills' : 'already-covered';
}

/** Records an accepted measurement. `deviceNewestMs` is the newest of all the device's quantities, this one included. */
export function cover(
  series: SeriesState,
  measuredMs: number,
  steps: number,
  coverage: 'newest' | 'fills',
  deviceNewestMs: number,
  rules: TimeRules,
): void {
  const { recent } = series;
  if (coverage === 'newest') {
    if (recent.length > 0) {
      const last = recent[recent.length - 2] ?? measuredMs;
      const distance = measuredMs - last;
      if (series.typicalMs > 0 && distance > series.typicalMs * GAP_FACTOR) addGap(series.gaps, last, measuredMs);
      series.typicalMs = usualDistance(series.typicalMs, distance);
    }
    recent.push(measuredMs, steps);
  } else {
    recent.splice(findRecent(recent, measuredMs), 0, measuredMs, steps);
    narrowGap(series, measuredMs);
  }
  const floorMs = deviceNewestMs - rules.duplicateWindowSeconds * 1000;
  let drop = 0;
  // The newest pair stays whatever its age: it is what `newest` is measured against.
  while (recent.length - drop > 2 && ((recent[drop] ?? 0) < floorMs || recent.length - drop > 2 * MAXIMUM_RECENT))
    drop += 2;
  if (drop > 0) recent.splice(0, drop);
}

/** Shortens at once, lengthens by a sixteenth: one pause does not hide the next. */
function usualDistance(typicalMs: number, distanceMs: number): number {
  if (typicalMs === 0 || distanceMs < typicalMs) return distanceMs;
  return typicalMs + Math.floor((distanceMs - typicalMs) / 16);
}

/** Position of the first pair of `recent` at or after `measuredMs`. */
export function findRecent(recent: readonly number[], measuredMs: number): number {
  let low = 0;
  let high = recent.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((recent[middle * 2] ?? 0) < measuredMs) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}

function gapAt(gaps: readonly number[], measuredMs: number): number {
  for (let at = 0; at < gaps.length; at += 2) {
    if ((gaps[at] ?? Infinity) < measuredMs && measuredMs < (gaps[at + 1] ?? -Infinity)) return at;
  }
  return -1;
}

function addGap(gaps: number[], fromMs: number, untilMs: number): void {
  gaps.push(fromMs, untilMs);
  if (gaps.length > 2 * MAXIMUM_GAPS) gaps.splice(0, gaps.length - 2 * MAXIMUM_GAPS);
}

/** Splits the gap around the measurement; a part no longer than the usual distance is no gap any more. */
function narrowGap(series: SeriesState, measuredMs: number): void {
  const at = gapAt(series.gaps, measuredMs);
  if (at < 0) return;
  const fromMs = series.gaps[at] ?? measuredMs;
  const untilMs = series.gaps[at + 1] ?? measuredMs;
  const parts: number[] = [];
  const least = Math.max(1, series.typicalMs) * GAP_FACTOR;
  if (measuredMs - fromMs > least) parts.push(fromMs, measuredMs);
  if (untilMs - measuredMs > least) parts.push(measuredMs, untilMs);
  series.gaps.splice(at, 2, ...parts);
  if (series.gaps.length > 2 * MAXIMUM_GAPS) series.gaps.splice(0, series.gaps.length - 2 * MAXIMUM_GAPS);
}
