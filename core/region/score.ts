/**
 * Score of a device-day in basis points: availability x integrity x reliability. Every division rounds down, so a score
 * is never higher than its formula, and `costs` says where each missing point went.
 */
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT } from '../reading/reading.ts';
import type { RuleSet, ScoreRules } from '../rules/rule-set.ts';
import { hoursPerEpoch } from '../time.ts';
import { testCodes } from '../qc/tests.ts';
import { traitsOf } from '../qc/traits.ts';
import type { MaintenanceDay } from './maintenance.ts';
import { addCosts, blame, splitLoss, type Cost } from './score-costs.ts';
import type { Cell, DeviceState } from './state.ts';

const FULL = 10_000;
/** A device-hour counts against integrity from this share of bad quantities on. */
const BAD_SHARE_BPS = 3333;
const SCORE_DAYS = 30;

export type ScoreParts = {
  readonly availabilityBps: number;
  readonly integrityBps: number;
  readonly reliabilityBps: number;
  /** Quantity-hours flagged, per test. */
  readonly causes: readonly (readonly [string, number])[];
  /** What each cause took from 10,000; the sum is what the score lacks. */
  readonly costs: readonly Cost[];
};

export type DayScore = { readonly scoreBps: number; readonly parts: ScoreParts; readonly badHours: number };
type Part = { readonly bps: number; readonly weights: ReadonlyMap<string, number> };

/** `cells` are the judged cells of the day; `expected` the quantities the device has shown lately. */
export function scoreDay(
  device: DeviceState,
  cells: readonly Cell[],
  expected: number,
  maintenance: MaintenanceDay,
  rules: RuleSet,
): DayScore {
  const hours = hoursPerEpoch(rules.time);
  const availability = availabilityOf(cells, expected, hours, maintenance, rules.score);
  const { badHours, ...integrity } = integrityOf(device, cells, hours, rules.score);
  const reliability = reliabilityOf(device, cells, rules.score);
  const untainted = Math.floor((availability.bps * integrity.bps) / FULL);
  const scoreBps = Math.floor((untainted * reliability.bps) / FULL);
  const costs = addCosts([
    splitLoss(FULL - availability.bps, availability.weights),
    splitLoss(availability.bps - untainted, integrity.weights),
    splitLoss(untainted - scoreBps, reliability.weights),
  ]);
  const parts = {
    availabilityBps: availability.bps,
    integrityBps: integrity.bps,
    reliabilityBps: reliability.bps,
    causes: causes(cells),
    costs,
  };
  return { scoreBps, badHours, parts };
}

/** Share of expected quantity-hours that are good. Excused maintenance counts as good, other maintenance as missing. */
function availabilityOf(
  cells: readonly Cell[],
  expected: number,
  hours: number,
  { excused, unexcused }: MaintenanceDay,
  score: ScoreRules,
): Part {
  const weights = new Map<string, number>();
  let missing = expected * (hours - excused.size - unexcused.size) * FULL;
  let maintained = expected * unexcused.size * FULL;
  let sum = expected * excused.size * FULL;
  for (const cell of cells) {
    if (excused.has(cell.hour) || cell.flag === NOT_EVALUATED) continue;
    const weight = cell.flag === GOOD ? FULL : cell.flag === SUSPECT ? score.suspectBps : 0;
    sum += weight;
    if (weight < FULL) blame(weights, testCodes(cell.tests), FULL - weight);
    if (unexcused.has(cell.hour)) maintained -= FULL;
    else missing -= FULL;
  }
  weights.set('missing', missing);
  weights.set('maintenance', maintained);
  if (expected === 0) return { bps: 0, weights: new Map([['missing', 1]]) };
  return { bps: Math.min(FULL, Math.floor((sum * FULL) / (expected * hours * score.availabilityBps))), weights };
}

/** 1 - min(1, 3 x mean over three days of the share of bad quantities): the three days and the factor cancel. */
function integrityOf(
  device: DeviceState,
  cells: readonly Cell[],
  hours: number,
  score: ScoreRules,
): Part & { readonly badHours: number } {
  const weights = new Map<string, number>();
  const badHours = badShareOfDay(cells, weights);
  const memory = device.badHours.slice(0, score.memoryDays - 1).reduce((sum, day) => sum + day, 0);
  weights.set('memory', memory);
  return { bps: FULL - Math.min(FULL, Math.ceil((badHours + memory) / hours)), weights, badHours };
}

/** Sum over hours of the share of bad quantities, in basis points, counting hours in which at least a third was bad. */
export function badShareOfDay(cells: readonly Cell[], weights: Map<string, number> = new Map()): number {
  let sum = 0;
  for (const ofHour of byHour(cells)) {
    const bad = ofHour.reduce((total, { flag }) => total + badness(flag), 0);
    const share = Math.floor(bad / ofHour.length);
    if (share < BAD_SHARE_BPS) continue;
    sum += share;
    for (const { flag, tests } of ofHour) blame(weights, testCodes(tests), (badness(flag) * share) / bad);
  }
  return sum;
}

const badness = (flag: number): number => (flag === FAIL ? FULL : flag === SUSPECT ? FULL / 2 : 0);

/**
 * Values that no neighbor could confirm are no full marks (an isolated station may be right; nobody can say). An hour is
 * confirmed when at least half of the device's comparable quantities had enough neighbors: one quantity that many
 * measure does not vouch for all the others, and one that few measure costs nothing. Rain, light and directions are not
 * compared anywhere, so beside others they do not count; alone they stay unconfirmed.
 */
function reliabilityOf({ reliabilityBps }: DeviceState, cells: readonly Cell[], score: ScoreRules): Part {
  let judged = 0;
  let confirmed = 0;
  for (const ofHour of byHour(cells.filter((cell) => cell.flag !== NOT_EVALUATED))) {
    judged += 1;
    const comparable = ofHour.filter((cell) => traitsOf(cell.quantity) !== null);
    const compared = comparable.filter((cell) => cell.neighbors > 0).length;
    if (compared > 0 && compared * FULL >= comparable.length * score.confirmedShareBps) confirmed += 1;
  }
  const bonus = FULL - score.unverifiedBps;
  // Maintenance all day is worth what its last day was, not more than a day on which nobody confirmed it.
  const bps =
    judged === 0
      ? Math.max(score.unverifiedBps, reliabilityBps)
      : score.unverifiedBps + Math.floor((bonus * confirmed) / judged);
  return { bps, weights: new Map([['unverified', 1]]) };
}

function byHour(cells: readonly Cell[]): Iterable<readonly Cell[]> {
  const hours = new Map<number, Cell[]>();
  for (const cell of cells) {
    const known = hours.get(cell.hour);
    if (known === undefined) hours.set(cell.hour, [cell]);
    else known.push(cell);
  }
  return hours.values();
}

function causes(cells: readonly Cell[]): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const cell of cells) {
    if (cell.flag !== SUSPECT && cell.flag !== FAIL) continue;
    for (const code of testCodes(cell.tests)) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * After a day: the 30-day mean (plain over the first 30 days, exponentially weighted after), and the weekly one that
 * decides whether the device earns. Its first day is most often a part of one: it may raise the weekly score above the
 * threshold, not start it below.
 */
export function rememberScore(device: DeviceState, scoreBps: number, score: ScoreRules): void {
  const isFirst = device.scoreDays === 0;
  device.scoreDays = Math.min(SCORE_DAYS, device.scoreDays + 1);
  device.score30Bps += Math.trunc((scoreBps - device.score30Bps) / device.scoreDays);
  device.weeklyBps = isFirst
    ? Math.max(score.eligibleBps, scoreBps)
    : Math.floor(((score.weeklyDays - 1) * device.weeklyBps + scoreBps) / score.weeklyDays);
  device.eligible = device.weeklyBps >= (device.eligible ? score.ineligibleBps : score.eligibleBps);
}

/** A day of silence is a day of nothing for the weekly score; there is no score of it. */
export function rememberSilence(device: DeviceState, score: ScoreRules): void {
  if (device.scoreDays === 0) return;
  device.weeklyBps = Math.floor(((score.weeklyDays - 1) * device.weeklyBps) / score.weeklyDays);
  device.eligible = device.eligible && device.weeklyBps >= score.ineligibleBps;
}
