/**
 * Readings of one device and one moment that cannot all be true. What the catalogue allows to be held together:
 *
 * - Particle fractions: PM10 contains PM2.5 contains PM1 (they are cuts of one aerosol, ISO 7708), so a finer one cannot
 *   exceed a coarser one. Two instruments at one place differ by tens of percent (heated inlets lose volatile matter), so
 *   only a multiple counts.
 * - Dew point: not in the catalogue. Made from temperature and humidity it is never above the temperature unless the
 *   humidity is above 100 %, which is the range test's business.
 * - Gust against mean wind: the catalogue has no gust.
 * - Calm: WMO code has direction 0 for calm, many sensors have 0 for north, and a vane keeps or changes its direction in
 *   air too slow for the cups. So no pair of speed and direction is a contradiction. A cup that is stuck is found by
 *   comparison with the neighbors (`quiet`).
 */
import { quantityByCode } from '../reading/quantity.ts';
import { FAIL, SUSPECT, type Flag, type Reading } from '../reading/reading.ts';
import { findRecent } from '../region/coverage.ts';
import type { SeriesState } from '../region/state.ts';
import type { ConsistencyRules } from '../rules/rule-set.ts';

/** Each contains those before it; one resolution for all, so steps compare. */
export const FRACTIONS: readonly number[] = (['pm1', 'pm25', 'pm10'] as const).map(
  (code) => quantityByCode(code)?.index ?? -1,
);
const STEPS_PER_UNIT = quantityByCode('pm10')?.stepsPerUnit ?? 1;

export type Contradiction = {
  readonly flag: Flag;
  /** Times the tolerated excess. */
  readonly severity: number;
  /** One of the two came in an earlier post. */
  readonly isAcross: boolean;
};

const NONE: ReadonlyMap<Reading, Contradiction> = new Map();

/** By reading of this post. A post with one fraction alone is held against the last of the others, of the same moment. */
export function contradictionsIn(
  readings: readonly Reading[],
  known: readonly SeriesState[],
  rules: ConsistencyRules,
): ReadonlyMap<Reading, Contradiction> {
  // Most devices measure one fraction or none: they cost a look at each reading's quantity.
  const posted = new Set<number>();
  for (const { quantity } of readings) if (FRACTIONS.includes(quantity)) posted.add(quantity);
  if (posted.size === 0) return NONE;
  const before = known.filter((series) => FRACTIONS.includes(series.quantity) && series.recent.length > 0);
  if (posted.size === 1 && before.every((series) => posted.has(series.quantity))) return NONE;
  const moments = new Map<number, Moment>();
  for (const reading of readings) {
    const size = FRACTIONS.indexOf(reading.quantity);
    if (size < 0) continue;
    const moment = moments.get(reading.measuredMs) ?? [null, null, null];
    moments.set(reading.measuredMs, moment);
    moment[size] = reading;
  }
  const found = new Map<Reading, Contradiction>();
  for (const [measuredMs, moment] of moments) compareMoment(measuredMs, moment, before, rules, found);
  return found;
}

/** Finer and coarser, by position in `FRACTIONS`. */
const PAIRS = [
  [0, 1],
  [1, 2],
  [0, 2],
] as const;

type Moment = [Reading | null, Reading | null, Reading | null];

function compareMoment(
  measuredMs: number,
  moment: Moment,
  before: readonly SeriesState[],
  rules: ConsistencyRules,
  found: Map<Reading, Contradiction>,
): void {
  for (const [fine, coarse] of PAIRS) {
    const [less, more] = [moment[fine], moment[coarse]];
    if (less === null && more === null) continue;
    const contradiction = contradictionOf(
      less?.steps ?? stepsAt(before, fine, measuredMs),
      more?.steps ?? stepsAt(before, coarse, measuredMs),
      rules,
    );
    if (contradiction === null) continue;
    const isAcross = less === null || more === null;
    // Which of the two is wrong is not known here: both are told, the neighbors may clear one at the hour's close.
    for (const reading of [less, more]) {
      if (reading === null) continue;
      const other = found.get(reading);
      const worse = other === undefined || other.severity < contradiction.severity ? contradiction : other;
      found.set(reading, { ...worse, isAcross: isAcross || other?.isAcross === true });
    }
  }
}

/** Of one reading, against what the device's other series hold of the same moment. */
export function contradictionAt(
  { quantity, measuredMs, steps }: Reading,
  known: readonly SeriesState[],
  rules: ConsistencyRules,
): Contradiction | null {
  const size = FRACTIONS.indexOf(quantity);
  if (size < 0) return null;
  let worst: Contradiction | null = null;
  for (const [fine, coarse] of PAIRS) {
    if (size !== fine && size !== coarse) continue;
    const contradiction = contradictionOf(
      size === fine ? steps : stepsAt(known, fine, measuredMs),
      size === coarse ? steps : stepsAt(known, coarse, measuredMs),
      rules,
    );
    if (contradiction !== null && (worst === null || worst.severity < contradiction.severity))
      worst = { ...contradiction, isAcross: true };
  }
  return worst;
}

function stepsAt(known: readonly SeriesState[], size: number, measuredMs: number): number | null {
  const recent = known.find((series) => series.quantity === FRACTIONS[size])?.recent ?? [];
  const at = findRecent(recent, measuredMs);
  return recent[at] === measuredMs ? (recent[at + 1] ?? null) : null;
}

function contradictionOf(
  fine: number | null,
  coarse: number | null,
  rules: ConsistencyRules,
): Omit<Contradiction, 'isAcross'> | null {
  if (fine === null || coarse === null) return null;
  const most = (factor: number, slack: number) => factor * coarse + slack * STEPS_PER_UNIT;
  const suspect = most(rules.suspectFactor, rules.suspectSlack);
  if (fine <= suspect) return null;
  const isGross = fine > most(rules.failFactor, rules.failSlack);
  return { flag: isGross ? FAIL : SUSPECT, severity: fine / suspect };
}
