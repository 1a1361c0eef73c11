/** Hourly cells: exact sums of one device, quantity and hour. */
import type { PointVerdict } from '../qc/point-checks.ts';
import { pointSeverity } from '../qc/severity.ts';
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT, type Flag, type Reading } from '../reading/reading.ts';
import type { JudgedCell } from './outputs.ts';
import type { Cell } from './state.ts';

export function addReading(open: Cell[], hour: number, reading: Reading, verdict: PointVerdict): void {
  addVerdict(cellOf(open, hour, reading.quantity), reading.steps, verdict);
}

export function addVerdict(cell: Cell, steps: number, verdict: PointVerdict): void {
  cell.tests |= verdict.tests;
  if (verdict.tests !== 0) cell.severity = Math.max(cell.severity, pointSeverity(verdict));
  if (verdict.flag === FAIL) {
    // Counted, but the good readings of the hour speak for it.
    cell.failed += 1;
    cell.failedSum += steps;
    return;
  }
  cell.min = cell.count === 0 ? steps : Math.min(cell.min, steps);
  cell.max = cell.count === 0 ? steps : Math.max(cell.max, steps);
  cell.count += 1;
  cell.sum += steps;
  if (verdict.flag === SUSPECT) cell.suspect += 1;
  if (verdict.flag === NOT_EVALUATED) cell.unevaluated += 1;
}

function cellOf(open: Cell[], hour: number, quantity: number): Cell {
  let at = open.length;
  // Sorted by hour and quantity; new readings are mostly of the newest hour, which is at the end.
  while (at > 0) {
    const before = open[at - 1];
    if (before === undefined || before.hour < hour || (before.hour === hour && before.quantity < quantity)) break;
    if (before.hour === hour && before.quantity === quantity) return before;
    at -= 1;
  }
  const cell = emptyCell(hour, quantity);
  open.splice(at, 0, cell);
  return cell;
}

export function emptyCell(hour: number, quantity: number): Cell {
  return {
    hour,
    quantity,
    count: 0,
    sum: 0,
    min: 0,
    max: 0,
    failed: 0,
    failedSum: 0,
    suspect: 0,
    unevaluated: 0,
    tests: 0,
    flag: GOOD,
    neighbors: 0,
    severity: 0,
  };
}

/** An hour fails when at least half of its readings do, and is suspect when any failed or half are suspect. */
export function selfVerdict(cell: Cell): Flag {
  if (cell.unevaluated > 0) return NOT_EVALUATED;
  const all = cell.count + cell.failed;
  if (cell.failed > 0) return cell.failed * 2 >= all ? FAIL : SUSPECT;
  return cell.suspect > 0 && cell.suspect * 2 >= all ? SUSPECT : GOOD;
}

/** The failed readings count as suspect ones after all; they all have one value. */
export function believeFailed(cell: Cell): void {
  if (cell.failed === 0) return;
  const value = cell.failedSum / cell.failed;
  cell.min = cell.count === 0 ? value : Math.min(cell.min, value);
  cell.max = cell.count === 0 ? value : Math.max(cell.max, value);
  cell.count += cell.failed;
  cell.sum += cell.failedSum;
  cell.suspect += cell.failed;
  cell.failed = 0;
  cell.failedSum = 0;
  if (cell.flag === FAIL) cell.flag = SUSPECT;
}

/** Readings and sum that speak for the hour: the good ones, or where every reading failed, those. */
export function cellSum(cell: Cell): { readonly count: number; readonly sum: number } {
  return cell.count > 0 ? { count: cell.count, sum: cell.sum } : { count: cell.failed, sum: cell.failedSum };
}

export function judgedCell(slot: number, cell: Cell): JudgedCell {
  const { count, sum } = cellSum(cell);
  const mean = Math.round(sum / count);
  const [min, max] = cell.count > 0 ? [cell.min, cell.max] : [mean, mean];
  return [slot, cell.quantity, count, sum, min, max, cell.flag, cell.tests];
}
