/**
 * Score of a device-day in basis points: availability times integrity. Integers throughout;
 * every division rounds down, so a score is never higher than its formula.
 */
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT } from '../reading/reading.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { hoursPerEpoch } from '../time.ts';
import { testCodes } from '../qc/tests.ts';
import type { Cell, DeviceState } from './state.ts';

const FULL = 10_000;
/** A device-hour counts against integrity from this share of bad quantities on. */
const BAD_SHARE_BPS = 3333;
const SCORE_DAYS = 30;

export type ScoreParts = {
  readonly availabilityBps: number;
  readonly integrityBps: number;
  /** Quantity-hours flagged, per test. */
  readonly causes: readonly (readonly [string, number])[];
};

export type DayScore = { readonly scoreBps: number; readonly parts: ScoreParts; readonly badHours: number };

/** `cells` are the judged cells of the day; `expected` the quantities the device has shown lately. */
export function scoreDay(device: DeviceState, cells: readonly Cell[], expected: number, rules: RuleSet): DayScore {
  const hours = hoursPerEpoch(rules.time);
  const badHours = badShareOfDay(cells);
  const availabilityBps = availability(cells, expected, hours, rules);
  const memory = [badHours, ...device.badHours].slice(0, rules.score.memoryDays);
  const remembered = memory.reduce((sum, day) => sum + day, 0);
  // 1 - min(1, 3 * mean over three days): the three days and the factor cancel.
  const integrityBps = FULL - Math.min(FULL, Math.ceil(remembered / hours));
  const scoreBps = Math.floor((availabilityBps * integrityBps) / FULL);
  return { scoreBps, badHours, parts: { availabilityBps, integrityBps, causes: causes(cells) } };
}

function weight(cell: Cell, rules: RuleSet): number {
  // Maintenance is no fault and no data: it neither costs nor earns, so it counts as there.
  if (cell.flag === GOOD || cell.flag === NOT_EVALUATED) return FULL;
  return cell.flag === SUSPECT ? rules.score.suspectBps : 0;
}

function availability(cells: readonly Cell[], expected: number, hours: number, rules: RuleSet): number {
  if (expected === 0) return 0;
  const sum = cells.reduce((total, cell) => total + weight(cell, rules), 0);
  return Math.min(FULL, Math.floor((sum * FULL) / (expected * hours * rules.score.availabilityBps)));
}

/** Sum over hours of the share of bad quantities, in basis points, counting hours in which at least a third was bad. */
function badShareOfDay(cells: readonly Cell[]): number {
  const byHour = new Map<number, { bad: number; all: number }>();
  for (const cell of cells) {
    const hour = byHour.get(cell.hour) ?? { bad: 0, all: 0 };
    hour.all += 1;
    if (cell.flag === FAIL) hour.bad += FULL;
    if (cell.flag === SUSPECT) hour.bad += FULL / 2;
    byHour.set(cell.hour, hour);
  }
  let sum = 0;
  for (const { bad, all } of byHour.values()) {
    const share = Math.floor(bad / all);
    if (share >= BAD_SHARE_BPS) sum += share;
  }
  return sum;
}

function causes(cells: readonly Cell[]): (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const cell of cells) {
    if (cell.flag !== SUSPECT && cell.flag !== FAIL) continue;
    for (const code of testCodes(cell.tests)) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Mean over the first 30 days, exponentially weighted after. */
export function updateScore30(device: DeviceState, scoreBps: number): void {
  device.scoreDays = Math.min(SCORE_DAYS, device.scoreDays + 1);
  device.score30Bps += Math.trunc((scoreBps - device.score30Bps) / device.scoreDays);
}
