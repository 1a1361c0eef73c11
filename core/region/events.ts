/** Anomaly events: a stretch of hours in which one test flags one quantity. Told when it begins, worsens and ends. */
import { quantityByIndex } from '../reading/quantity.ts';
import { FAIL, SUSPECT } from '../reading/reading.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { orderOf } from '../qc/consistency.ts';
import { findingSeverity } from '../qc/severity.ts';
import { CONSISTENCY, FLAT, RANGE, STEP, TEST_BITS } from '../qc/tests.ts';
import { cellSum } from './cells.ts';
import type { Finding } from '../qc/finding.ts';
import type { Findings } from '../qc/judge-hour.ts';
import { standingAt } from './neighbors.ts';
import type { AnomalyEvent, Outputs } from './outputs.ts';
import type { Cell, DeviceState, OpenEvent, RegionState } from './state.ts';

/** A device that says nothing for longer has ended its event with its last word. */
const SILENT_HOURS = 6;
/** Devices named in an event: as many as are asked at most (qc/view.ts). */
const MOST_AGAINST = 8;

export function updateEvents(
  state: RegionState,
  slot: number,
  hour: number,
  cells: readonly Cell[],
  findings: Findings,
  rules: RuleSet,
  outputs: Outputs,
): void {
  const device = state.devices[slot];
  if (device === undefined || (device.events.length === 0 && !cells.some(isFlagged))) return;
  const still: OpenEvent[] = [];
  for (const event of device.events) {
    const cell = cells.find((candidate) => candidate.quantity === event.quantity);
    if (cell === undefined) {
      if (hour - event.lastHour <= SILENT_HOURS) still.push(event);
      else emit(outputs, slot, 'end', event, event.lastHour + 1);
    } else if (isFlagged(cell) && (cell.tests & event.test) !== 0) {
      event.lastHour = hour;
      event.severity = Math.max(event.severity, severityOf(cell, event.test, findings));
      still.push(event);
      if (cell.flag > event.flag) {
        event.flag = cell.flag;
        emit(outputs, slot, 'worsen', event, null);
      }
    } else {
      emit(outputs, slot, 'end', event, hour);
    }
  }
  for (const cell of cells) {
    if (!isFlagged(cell)) continue;
    for (const [, test] of TEST_BITS) {
      if ((cell.tests & test) === 0 || still.some((event) => event.quantity === cell.quantity && event.test === test))
        continue;
      const event = openEvent(state, device, cell, cells, test, findings, rules);
      still.push(event);
      emit(outputs, slot, 'begin', event, null);
    }
  }
  device.events = still;
}

function isFlagged(cell: Cell): boolean {
  return cell.flag === SUSPECT || cell.flag === FAIL;
}

function emit(
  outputs: Outputs,
  slot: number,
  change: AnomalyEvent['change'],
  { lastHour: _lastHour, ...event }: OpenEvent,
  endHour: number | null,
): void {
  outputs.events.push({ change, slot, ...event, endHour });
}

function openEvent(
  state: RegionState,
  device: DeviceState,
  cell: Cell,
  cells: readonly Cell[],
  test: number,
  findings: Findings,
  rules: RuleSet,
): OpenEvent {
  const found = findings.get(cell)?.find((finding) => finding.test === test);
  const facts = found === undefined ? factsOf(device, cell, cells, test, rules) : foundFacts(state, found);
  return {
    device: device.membership.device,
    quantity: cell.quantity,
    test,
    startHour: cell.hour,
    lastHour: cell.hour,
    flag: cell.flag,
    severity: severityOf(cell, test, findings),
    ...facts,
  };
}

function severityOf(cell: Cell, test: number, findings: Findings): number {
  const found = findings.get(cell)?.find((finding) => finding.test === test);
  return found === undefined ? cell.severity : findingSeverity(found);
}

function foundFacts(state: RegionState, { measured, low, high, slots }: Finding): Facts {
  // By name: slots across the border are given anew when a device leaves.
  const against = slots.slice(0, MOST_AGAINST).flatMap((slot) => standingAt(state, slot)?.device ?? []);
  return { measured, low, high, against };
}

type Facts = Pick<OpenEvent, 'measured' | 'low' | 'high' | 'against'>;

function factsOf(device: DeviceState, cell: Cell, cells: readonly Cell[], test: number, rules: RuleSet): Facts {
  const quantity = quantityByIndex(cell.quantity);
  const scale = quantity?.stepsPerUnit ?? 1;
  const limits = quantity === undefined ? undefined : rules.quality[quantity.code];
  const { count, sum } = cellSum(cell);
  const mean = sum / count / scale;
  // The failed readings are what the range and step tests mean, not the good ones that speak for the hour.
  const measured = cell.failed > 0 ? cell.failedSum / cell.failed / scale : mean;
  const none = { low: null, high: null, against: [] };
  const series = device.quantities.find((candidate) => candidate.quantity === cell.quantity);
  switch (test) {
    case RANGE:
      return cell.flag === FAIL || cell.failed > 0
        ? { measured, low: limits?.failMin ?? null, high: limits?.failMax ?? null, against: [] }
        : { measured, low: limits?.suspectMin ?? null, high: limits?.suspectMax ?? null, against: [] };
    case STEP: {
      const reach = (limits?.stepBase ?? 0) + (limits?.stepPerHour ?? 0);
      const level = series === undefined ? null : series.levelSteps / scale;
      return {
        measured,
        low: level === null ? null : level - reach,
        high: level === null ? null : level + reach,
        against: [],
      };
    }
    case FLAT: {
      const hours = series === undefined ? 0 : (series.lastMs - series.runStartMs) / (rules.time.hourSeconds * 1000);
      return { measured: hours, low: null, high: limits?.flatHours ?? null, against: [] };
    }
    case CONSISTENCY:
      return { measured, ...bandBeside(cell, cells), against: [] };
    default:
      return { measured, ...none };
  }
}

/** What the other quantities of the hour that it is held against leave to this one. */
function bandBeside(cell: Cell, cells: readonly Cell[]): Pick<Facts, 'low' | 'high'> {
  const order = orderOf(cell.quantity);
  const own = order.indexOf(cell.quantity);
  const meanOf = (other: Cell): number => {
    const { count, sum } = cellSum(other);
    return sum / count / (quantityByIndex(other.quantity)?.stepsPerUnit ?? 1);
  };
  const others = cells.filter((other) => other !== cell && order.includes(other.quantity));
  const below = others.filter((other) => order.indexOf(other.quantity) < own).map(meanOf);
  const above = others.filter((other) => order.indexOf(other.quantity) > own).map(meanOf);
  return {
    low: below.length === 0 ? null : Math.max(...below),
    high: above.length === 0 ? null : Math.min(...above),
  };
}
