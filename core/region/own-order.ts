/**
 * The final verdict of an hour does not depend on the order in which a device's readings came. A reading that was
 * overtaken is judged at its receipt by what was known then; when its hour closes, the series is judged once more in order
 * of measurement, from the history as it was before the hour. Work and memory are those of the duplicate window
 * (coverage.ts): at most 720 readings a series. Of an hour that it does not hold in whole (more readings than that, or
 * open for longer than the window), the second look can add flags and take none away.
 */
import { contradictionAt } from '../qc/consistency.ts';
import { quantityByIndex, type Quantity } from '../reading/quantity.ts';
import { FAIL, SUSPECT, type Flag, type Reading } from '../reading/reading.ts';
import type { RuleSet, TimeRules } from '../rules/rule-set.ts';
import { hourOf, hourStartMs } from '../time.ts';
import { addVerdict, emptyCell } from './cells.ts';
import { MAXIMUM_RECENT } from './coverage.ts';
import { judgeReading, noHistory, remember, withContradiction, withTime, type History } from './point-history.ts';
import type { Cell, DeviceState, SeriesState } from './state.ts';

/** Numbers of one entry of `SeriesState.starts`: hour and history. */
const START = 6;
/** Numbers of one entry of `SeriesState.doubted`: time, flag and seconds of delay. */
const DOUBT = 3;

/** Before the newest reading of the series is remembered: the first of its hour leaves behind what was known. */
export function noteStart({ starts }: SeriesState, history: History, hour: number): void {
  if (starts.length > 0 && (starts[starts.length - START] ?? hour) >= hour) return;
  const { lastMs, lastSteps, levelMs, levelSteps, runStartMs } = history;
  starts.push(hour, lastMs, lastSteps, levelMs, levelSteps, runStartMs);
}

/** A reading of an hour that is closed already still is what the next open hour began with. */
export function noteOvertaken(series: SeriesState, measuredMs: number, hour: number, isLate: boolean): void {
  if (!isLate) return noteDisorder(series, hour);
  const [first, lastMs] = series.starts;
  if (first !== undefined && lastMs !== undefined && measuredMs > lastMs) noteDisorder(series, first);
}

/** Readings of the hour and of later ones are to be judged again. */
export function noteDisorder(series: SeriesState, hour: number): void {
  if (series.disorder === null || hour < series.disorder) series.disorder = hour;
}

/** Whether a post's times are believed is decided at its receipt: the second look must know. */
export function noteDoubt({ doubted }: SeriesState, measuredMs: number, time: Flag, lateSeconds: number): void {
  doubted.push(measuredMs, time, lateSeconds);
  if (doubted.length > DOUBT * MAXIMUM_RECENT) doubted.splice(0, DOUBT);
}

/** At the close of all hours up to `hour`, before their cells get their own verdict. */
export function restoreOrder(device: DeviceState, hour: number, rules: RuleSet): void {
  for (const series of device.quantities) {
    if (series.disorder !== null && series.disorder <= hour) judgeAgain(device, series, series.disorder, rules);
    forget(series, hour, rules.time);
  }
}

function forget(series: SeriesState, hour: number, time: TimeRules): void {
  const { starts, doubted } = series;
  let drop = 0;
  while (drop < starts.length && (starts[drop] ?? Infinity) <= hour) drop += START;
  if (drop > 0) starts.splice(0, drop);
  if (doubted.length === 0) return;
  const untilMs = hourStartMs(hour + 1, time);
  series.doubted = doubted.filter((_, at) => (doubted[at - (at % DOUBT)] ?? 0) >= untilMs);
}

/** Before the window moves on: what it is about to forget is judged while it is still known. Once a post at most. */
export function keepOrder(device: DeviceState, series: SeriesState, rules: RuleSet): void {
  const { disorder, recent } = series;
  if (disorder === null) return;
  const [oldestMs = Infinity] = recent;
  const floorMs = device.newestMs - rules.time.duplicateWindowSeconds * 1000;
  const isShortened = recent.length >= 2 * MAXIMUM_RECENT && hourOf(oldestMs, rules.time) >= disorder;
  if (isShortened || floorMs > Math.max(oldestMs, hourStartMs(disorder, rules.time)))
    judgeAgain(device, series, disorder, rules);
}

function judgeAgain(device: DeviceState, series: SeriesState, from: number, rules: RuleSet): void {
  series.disorder = null;
  const quantity = quantityByIndex(series.quantity);
  const held = heldByHour(series, rules.time);
  const open = device.open.filter((cell) => cell.quantity === series.quantity && cell.hour >= from);
  const [first] = open.filter((cell) => held.has(cell.hour));
  if (quantity === undefined || first === undefined) return;
  const again = new Map(open.map((cell) => [cell.hour, emptyCell(cell.hour, cell.quantity)]));
  const isWhole = held.get(first.hour) === first.count + first.failed;
  const history = isWhole ? takeStart(series, first.hour) : null;
  if (history === null) {
    judgeHeld(device, { ...series, starts: [] }, quantity, noHistory(), again, rules);
    for (const cell of open) addFlags(cell, again.get(cell.hour));
  } else {
    judgeHeld(device, series, quantity, history, again, rules);
    for (const cell of open) Object.assign(cell, held.has(cell.hour) ? again.get(cell.hour) : cell);
    Object.assign(series, history);
  }
}

function heldByHour({ recent }: SeriesState, time: TimeRules): ReadonlyMap<number, number> {
  const held = new Map<number, number>();
  for (let at = 0; at < recent.length; at += 2) {
    const hour = hourOf(recent[at] ?? 0, time);
    held.set(hour, (held.get(hour) ?? 0) + 1);
  }
  return held;
}

/** The history before `hour`; that of later hours is removed with it, to be noted anew. */
function takeStart({ starts }: SeriesState, hour: number): History | null {
  let at = 0;
  while (at < starts.length && (starts[at] ?? 0) < hour) at += START;
  const [, lastMs, lastSteps, levelMs, levelSteps, runStartMs] = starts.splice(at);
  if (lastMs === undefined || lastSteps === undefined || levelMs === undefined) return null;
  if (levelSteps === undefined || runStartMs === undefined) return null;
  return { lastMs, lastSteps, levelMs, levelSteps, runStartMs };
}

/** Every held reading after `history`, in order of measurement; those of `cells` are counted there. */
function judgeHeld(
  device: DeviceState,
  series: SeriesState,
  quantity: Quantity,
  history: History,
  cells: ReadonlyMap<number, Cell>,
  rules: RuleSet,
): void {
  const { recent, doubted } = series;
  const doubts = new Map<number, number>();
  for (let at = 0; at < doubted.length; at += DOUBT) doubts.set(doubted[at] ?? 0, at);
  for (let at = 0; at < recent.length; at += 2) {
    const measuredMs = recent[at] ?? 0;
    if (measuredMs <= history.lastMs) continue;
    const reading: Reading = { quantity: series.quantity, measuredMs, steps: recent[at + 1] ?? 0 };
    const value = judgeReading(device, history, reading, quantity, rules);
    const contradiction = contradictionAt(reading, device.quantities, rules.consistency);
    const consistent = contradiction === null ? value : withContradiction(value, contradiction);
    const doubt = doubts.get(measuredMs);
    const verdict =
      doubt === undefined
        ? consistent
        : withTime(consistent, doubted[doubt + 1] === FAIL ? FAIL : SUSPECT, doubted[doubt + 2] ?? 0);
    const hour = hourOf(measuredMs, rules.time);
    const cell = cells.get(hour);
    if (cell !== undefined) {
      noteStart(series, history, hour);
      addVerdict(cell, reading.steps, verdict);
    }
    remember(history, reading, verdict);
  }
}

function addFlags(cell: Cell, again: Cell | undefined): void {
  if (again === undefined) return;
  cell.tests |= again.tests;
  cell.severity = Math.max(cell.severity, again.severity);
  cell.suspect = Math.max(cell.suspect, again.suspect);
}
