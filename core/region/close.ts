/**
 * The close of an hour in two steps: `hour-close` freezes the self-checked cells, `neighbour-cells` judges them. With the
 * last hour of an epoch come the scores of its device-days and the daily revision for late readings.
 */
import { judgeCells, type Findings, type Foreign } from '../qc/judge-hour.ts';
import { findingSeverity } from '../qc/severity.ts';
import { pointCodes } from '../qc/tests.ts';
import { FAIL, SUSPECT } from '../reading/reading.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { epochOfHour, firstHourOf, hoursPerEpoch } from '../time.ts';
import { takeForks } from './chain.ts';
import { judgedCell, selfVerdict } from './cells.ts';
import { closeDay } from './close-day.ts';
import { updateEvents } from './events.ts';
import type { NeighbourCellsBody } from './entry.ts';
import { meetForeign } from './foreign.ts';
import { updateMeasuring } from './measuring.ts';
import { restoreOrder } from './own-order.ts';
import type { JudgedCell, Outputs } from './outputs.ts';
import type { Cell, RegionState } from './state.ts';

/** Segments hold at least this many entries, or end with an epoch: sparse regions seal daily. */
export const SEAL_MINIMUM_ENTRIES = 50;

/** The last hour that one close may reach: the end of the epoch that is open. Keeps the work of an entry bounded. */
export function closeLimit(state: RegionState, rules: RuleSet): number | null {
  const next = state.closedThrough === null ? state.firstHour : state.closedThrough + 1;
  return next === null ? null : firstHourOf(epochOfHour(next, rules.time) + 1, rules.time) - 1;
}

export function freezeHours(state: RegionState, hour: number, rules: RuleSet): void {
  const limit = closeLimit(state, rules);
  if (state.firstHour === null || limit === null || hour < state.firstHour || hour > limit) return;
  if (state.frozenThrough !== null && hour <= state.frozenThrough) return;
  for (const device of state.devices) {
    restoreOrder(device, hour, rules);
    for (const cell of device.open) {
      if (cell.hour > hour) break;
      cell.flag = selfVerdict(cell);
    }
  }
  state.frozenThrough = hour;
  updateMeasuring(state, hour, rules);
}

export function judgeHours(
  state: RegionState,
  { hour, blocks }: NeighbourCellsBody,
  rules: RuleSet,
  outputs: Outputs,
): void {
  if (state.firstHour === null || state.frozenThrough === null || hour > state.frozenThrough) return;
  const from = state.closedThrough === null ? state.firstHour : state.closedThrough + 1;
  for (let at = from; at <= hour; at += 1) {
    judgeHour(state, at, at === hour ? meetForeign(state, blocks) : [], rules, outputs);
    state.closedThrough = at;
    const isDayEnd = (at + 1) % hoursPerEpoch(rules.time) === 0;
    if (isDayEnd) closeDay(state, epochOfHour(at, rules.time), rules, outputs);
  }
  for (const device of state.devices) {
    for (const { device: key, seq, parent, branches, verdict } of takeForks(device)) {
      const seqs = branches.map((branch) => [...branch.seqs]);
      outputs.forks.push({ device: key, older: branches[0].line, seq, parent, branches: seqs, verdict });
    }
  }
  const isEpochEnd = (hour + 1) % hoursPerEpoch(rules.time) === 0;
  if (isEpochEnd || state.seq - state.sealFromSeq + 1 >= SEAL_MINIMUM_ENTRIES) {
    outputs.seals.push({ fromSeq: state.sealFromSeq, toSeq: state.seq, hour });
    state.sealFromSeq = state.seq + 1;
  }
}

function judgeHour(
  state: RegionState,
  hour: number,
  foreign: readonly Foreign[],
  rules: RuleSet,
  outputs: Outputs,
): void {
  const present = state.devices.flatMap((device, slot) => {
    const cells = takeHour(device.open, hour);
    return cells.length === 0 ? [] : [{ device, slot, cells }];
  });
  const findings = judgeCells(hour, present, foreign);
  const judged: JudgedCell[] = [];
  const severities: number[] = [];
  for (const { device, slot, cells } of present) {
    device.day.push(...cells);
    for (const cell of cells) {
      judged.push(judgedCell(slot, cell));
      severities.push(severityOf(cell, findings));
    }
  }
  const cellsOf = new Map(present.map(({ slot, cells }) => [slot, cells]));
  for (const slot of state.devices.keys()) {
    updateEvents(state, slot, hour, cellsOf.get(slot) ?? [], findings, rules, outputs);
  }
  if (judged.length > 0) outputs.hours.push({ hour, cells: judged, severities });
}

/** Of the tests that the final verdict upholds: what a receipt said may have been taken back. */
function severityOf(cell: Cell, findings: Findings): number {
  if (cell.flag !== SUSPECT && cell.flag !== FAIL) return 0;
  const hourly = (findings.get(cell) ?? []).map(findingSeverity);
  return Math.max(pointCodes(cell.tests).length > 0 ? cell.severity : 0, 1, ...hourly);
}

/** Removes and returns the cells of the hour; `open` is sorted by hour and nothing older than it is left. */
function takeHour(open: Cell[], hour: number): Cell[] {
  let end = 0;
  while (end < open.length && (open[end]?.hour ?? Infinity) <= hour) end += 1;
  return open.splice(0, end);
}
