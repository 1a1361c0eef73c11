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

type Moment = [Reading | null, Reading | null, Reading | null];

function compareMoment(
  measuredMs: number,
  moment: Moment,
  before: readonly SeriesState[],
  rules: ConsistencyRules,
  found: Map<Reading, Contradiction>,
): void {
  const stepsOf = (size: number): number | null => {
    const reading = moment[size];
    if (reading !== null && reading !== undefined) return reading.steps;
    const series = before.find((one) => one.quantity === FRACTIONS[size] && one.lastMs === measuredMs);
    return series?.lastSteps ?? null;
  };
  for (const [fine, coarse] of [
    [0, 1],
    [1, 2],
    [0, 2],
  ] as const) {
    const [less, more] = [stepsOf(fine), stepsOf(coarse)];
    const contradiction = less === null || more === null ? null : contradictionOf(less, more, rules);
    if (contradiction === null) continue;
    // Which of the two is wrong is not known here: both are told, the neighbors may clear one at the hour's close.
    for (const size of [fine, coarse]) {
      const reading = moment[size];
      if (reading === null) continue;
      const worse = found.get(reading);
      if (worse === undefined || worse.severity < contradiction.severity) found.set(reading, contradiction);
    }
  }
}

function contradictionOf(fine: number, coarse: number, rules: ConsistencyRules): Contradiction | null {
  const most = (factor: number, slack: number) => factor * coarse + slack * STEPS_PER_UNIT;
  const suspect = most(rules.suspectFactor, rules.suspectSlack);
  if (fine <= suspect) return null;
  const isGross = fine > most(rules.failFactor, rules.failSlack);
  return { flag: isGross ? FAIL : SUSPECT, severity: fine / suspect };
}
