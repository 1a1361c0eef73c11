/**
 * Readings of one device and one moment that cannot all be true. Each order lists quantities of which none can exceed a
 * later one, whatever the weather; the rule set says by how much two honest instruments may disagree.
 *
 * - Particle fractions: PM10 contains PM2.5 contains PM1 (they are cuts of one aerosol, ISO 7708). Two instruments at one
 *   place differ by tens of percent (heated inlets lose volatile matter), so only a multiple counts.
 * - Dew point and temperature: air cannot be more than saturated. Near saturation a thermometer that is off by half a
 *   kelvin and a hygrometer that reads 105 % make the dew point 1.3 K too high.
 * - Mean wind and gust: the gust is the highest of what the mean is of. Stations round to knots or km/h and update the
 *   two at different moments, so a little more is left alone.
 *
 * WMO code also has direction 0 where the speed is 0 (Zahumensky 2004). That is a convention of reports, not physics: a
 * vane keeps its direction in calm air, it turns in air too slow for the cups, and most small stations mean north by 0.
 * So it is told in the receipt (`isCalmWithDirection`) and never enters a verdict.
 */
import { quantityByCode, type QuantityCode } from '../reading/quantity.ts';
import { FAIL, SUSPECT, type Flag, type Reading } from '../reading/reading.ts';
import { findRecent } from '../region/coverage.ts';
import type { SeriesState } from '../region/state.ts';
import type { ConsistencyRules } from '../rules/rule-set.ts';

type Order = {
  readonly rules: keyof ConsistencyRules;
  /** None can exceed a later one; one resolution for all, so steps compare. */
  readonly members: readonly number[];
  /** Positions of two members, the lower first. */
  readonly pairs: readonly (readonly [low: number, high: number])[];
  readonly stepsPerUnit: number;
};

const indexOf = (code: QuantityCode): number => quantityByCode(code)?.index ?? -1;
const order = (rules: keyof ConsistencyRules, codes: readonly [QuantityCode, ...QuantityCode[]]): Order => ({
  rules,
  members: codes.map(indexOf),
  pairs: codes.flatMap((_, low) => codes.slice(low + 1).map((_more, at) => [low, low + 1 + at] as const)),
  stepsPerUnit: quantityByCode(codes[0])?.stepsPerUnit ?? 1,
});

const ORDERS: readonly Order[] = [
  order('fractions', ['pm1', 'pm25', 'pm10']),
  order('dewPoint', ['dew_point', 'temp']),
  order('gust', ['wind_speed', 'wind_gust']),
];

const WIND_SPEED = indexOf('wind_speed');
const WIND_DIRECTION = indexOf('wind_dir');

/** The quantities that are held against this one, from what cannot exceed it to what it cannot exceed. */
export function orderOf(quantity: number): readonly number[] {
  return ORDERS.find(({ members }) => members.includes(quantity))?.members ?? [];
}

export type Contradiction = {
  readonly flag: Flag;
  /** Times the tolerated excess. */
  readonly severity: number;
  /** One of the two came in an earlier post. */
  readonly isAcross: boolean;
};

/** By reading of this post. A post with one of them alone is held against the last of the others, of the same moment. */
export function contradictionsIn(
  readings: readonly Reading[],
  known: readonly SeriesState[],
  rules: ConsistencyRules,
): ReadonlyMap<Reading, Contradiction> {
  const found = new Map<Reading, Contradiction>();
  for (const one of ORDERS) holdAgainst(one, readings, known, rules, found);
  return found;
}

function holdAgainst(
  { rules: name, members, pairs, stepsPerUnit }: Order,
  readings: readonly Reading[],
  known: readonly SeriesState[],
  rules: ConsistencyRules,
  found: Map<Reading, Contradiction>,
): void {
  // Most devices measure one of them or none: they cost a look at each reading's quantity.
  const posted = new Set<number>();
  for (const { quantity } of readings) if (members.includes(quantity)) posted.add(quantity);
  if (posted.size === 0) return;
  const before = known.filter((series) => members.includes(series.quantity) && series.recent.length > 0);
  if (posted.size === 1 && before.every((series) => posted.has(series.quantity))) return;
  const moments = new Map<number, (Reading | undefined)[]>();
  for (const reading of readings) {
    const at = members.indexOf(reading.quantity);
    if (at < 0) continue;
    const moment = moments.get(reading.measuredMs) ?? [];
    moments.set(reading.measuredMs, moment);
    moment[at] = reading;
  }
  for (const [measuredMs, moment] of moments) {
    for (const [low, high] of pairs) {
      const [less, more] = [moment[low], moment[high]];
      if (less === undefined && more === undefined) continue;
      const contradiction = contradictionOf(
        less?.steps ?? stepsAt(before, members[low], measuredMs),
        more?.steps ?? stepsAt(before, members[high], measuredMs),
        rules[name],
        stepsPerUnit,
      );
      if (contradiction === null) continue;
      const isAcross = less === undefined || more === undefined;
      // Which of the two is wrong is not known here: both are told, the neighbors may clear one at the hour's close.
      for (const reading of [less, more]) {
        if (reading === undefined) continue;
        const other = found.get(reading);
        const worse = other === undefined || other.severity < contradiction.severity ? contradiction : other;
        found.set(reading, { ...worse, isAcross: isAcross || other?.isAcross === true });
      }
    }
  }
}

/** Of one reading, against what the device's other series hold of the same moment. */
export function contradictionAt(
  { quantity, measuredMs, steps }: Reading,
  known: readonly SeriesState[],
  rules: ConsistencyRules,
): Contradiction | null {
  const found = ORDERS.find(({ members }) => members.includes(quantity));
  if (found === undefined) return null;
  const { members, pairs, stepsPerUnit } = found;
  let worst: Contradiction | null = null;
  for (const [low, high] of pairs) {
    const [less, more] = [members[low], members[high]];
    if (quantity !== less && quantity !== more) continue;
    const contradiction = contradictionOf(
      quantity === less ? steps : stepsAt(known, less, measuredMs),
      quantity === more ? steps : stepsAt(known, more, measuredMs),
      rules[found.rules],
      stepsPerUnit,
    );
    if (contradiction !== null && (worst === null || worst.severity < contradiction.severity))
      worst = { ...contradiction, isAcross: true };
  }
  return worst;
}

/** Of the newest reading: WMO reports of calm air have direction 0. A hint for the receipt, no verdict. */
export function isCalmWithDirection(
  { quantity, lastMs, lastSteps }: SeriesState,
  known: readonly SeriesState[],
): boolean {
  return quantity === WIND_DIRECTION && lastSteps !== 0 && stepsAt(known, WIND_SPEED, lastMs) === 0;
}

function stepsAt(known: readonly SeriesState[], quantity: number | undefined, measuredMs: number): number | null {
  const recent = known.find((series) => series.quantity === quantity)?.recent ?? [];
  const at = findRecent(recent, measuredMs);
  return recent[at] === measuredMs ? (recent[at + 1] ?? null) : null;
}

function contradictionOf(
  less: number | null,
  more: number | null,
  { suspectFactor, suspectSlack, failFactor, failSlack }: ConsistencyRules[keyof ConsistencyRules],
  stepsPerUnit: number,
): Omit<Contradiction, 'isAcross'> | null {
  if (less === null || more === null) return null;
  const tolerated = (factor: number, slack: number) => (factor - 1) * Math.max(0, more) + slack * stepsPerUnit;
  const suspect = tolerated(suspectFactor, suspectSlack);
  if (less - more <= suspect) return null;
  const isGross = less - more > tolerated(failFactor, failSlack);
  return { flag: isGross ? FAIL : SUSPECT, severity: (less - more) / suspect };
}
