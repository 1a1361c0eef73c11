/** Folds one batch: every reading is taken, counted as a duplicate or refused; taken ones are checked and enter their hour's cell. */
import { contradictionsIn, isCalmWithDirection, orderOf, type Contradiction } from '../qc/consistency.ts';
import { judgePost } from '../qc/receipt-time.ts';
import { provisionalFlag } from '../qc/provisional.ts';
import { pointCodes } from '../qc/tests.ts';
import { quantityByIndex, type Quantity } from '../reading/quantity.ts';
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT, type Flag, type Reading } from '../reading/reading.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { firstHourOf, epochOf, hourOf, rfc3339 } from '../time.ts';
import { addReading } from './cells.ts';
import { cover, coverageOf, newSeries } from './coverage.ts';
import { keepOrder, noteDisorder, noteDoubt, noteOvertaken, noteStart } from './own-order.ts';
import { judgeReading, remember, withContradiction, withTime } from './point-history.ts';
import type { ProvisionalFlag, ReadingRefusal, ReceiptFlag, RefusedReading } from './receipt.ts';
import { isUnderMaintenance, type DeviceState, type RegionState, type SeriesState } from './state.ts';

/** What the receipt says of the readings; the rest of a receipt is known without the fold. */
export type BatchEffect = {
  accepted: number;
  duplicate: number;
  late: number;
  refused: RefusedReading[];
  flags: ReceiptFlag[];
  provisional: ProvisionalFlag[];
};

export function applyBatch(
  state: RegionState,
  device: DeviceState,
  readings: readonly Reading[],
  receivedMs: number,
  rules: RuleSet,
): BatchEffect {
  if (state.firstBatchMs === null) openRegion(state, receivedMs, rules);
  const effect: BatchEffect = { accepted: 0, duplicate: 0, late: 0, refused: [], flags: [], provisional: [] };
  const time = judgeTimes(device, readings, receivedMs);
  const contradictions = contradictionsIn(readings, device.quantities, rules.consistency);
  for (const reading of readings) {
    const quantity = quantityByIndex(reading.quantity);
    // The edge packs only catalogue quantities; a log of a later catalogue must not brick this fold.
    if (quantity === undefined) continue;
    applyReading(state, device, reading, quantity, receivedMs, time, contradictions.get(reading), rules, effect);
  }
  addProvisional(device, readings, rules, effect);
  state.batches += 1;
  state.readings += effect.accepted;
  return effect;
}

function openRegion(state: RegionState, receivedMs: number, rules: RuleSet): void {
  state.firstBatchMs = receivedMs;
  const earliest = epochOf(receivedMs - rules.time.backfillSeconds * 1000, rules.time);
  state.firstHour = firstHourOf(earliest, rules.time);
}

function applyReading(
  state: RegionState,
  device: DeviceState,
  reading: Reading,
  quantity: Quantity,
  receivedMs: number,
  time: Flag,
  contradiction: Contradiction | undefined,
  rules: RuleSet,
  effect: BatchEffect,
): void {
  const { measuredMs, steps } = reading;
  const refuse = (code: ReadingRefusal): void => {
    effect.refused.push({ quantity: quantity.code, time: rfc3339(measuredMs), code });
  };
  if (measuredMs > receivedMs + rules.time.maxAheadSeconds * 1000) return refuse('in-the-future');
  if (measuredMs < receivedMs - rules.time.maxAgeSeconds * 1000) return refuse('too-old');
  // Measured somewhere else: here it would be of the wrong place, and could count twice.
  if (measuredMs <= device.placedMs) return refuse('before-move');

  const series = seriesOf(device, quantity.index, receivedMs, measuredMs, rules);
  const coverage = coverageOf(series, measuredMs, steps, device.newestMs, rules.time);
  if (coverage === 'duplicate') {
    effect.duplicate += 1;
    return;
  }
  if (coverage === 'conflicting-value') device.conflicts += 1;
  if (coverage === 'conflicting-value' || coverage === 'already-covered') return refuse(coverage);

  if (measuredMs > device.newestMs) device.newestMs = measuredMs;
  if (series.disorder !== null) keepOrder(device, series, rules);
  const isNewest = coverage === 'newest';
  const value = judgeReading(device, isNewest ? series : null, reading, quantity, rules);
  const consistent = contradiction === undefined ? value : withContradiction(value, contradiction);
  const lateSeconds = (receivedMs - measuredMs) / 1000;
  const verdict = time === GOOD ? consistent : withTime(consistent, time, lateSeconds);
  cover(series, measuredMs, steps, coverage, device.newestMs, rules.time);

  effect.accepted += 1;
  const hour = hourOf(measuredMs, rules.time);
  const isLate =
    (state.frozenThrough !== null && hour <= state.frozenThrough) ||
    (state.firstHour !== null && hour < state.firstHour);
  if (isLate) {
    // Taken under maintenance: kept, not sold.
    if (verdict.flag !== NOT_EVALUATED) addLate(device, hour, reading);
    effect.late += 1;
  } else {
    addReading(device.open, hour, reading, verdict);
    if (isNewest) noteStart(series, series, hour);
    if (time !== GOOD) noteDoubt(series, measuredMs, time, lateSeconds);
    if (contradiction?.isAcross === true) noteContradicted(device, quantity.index, hour);
  }
  if (isNewest) remember(series, reading, verdict);
  else noteOvertaken(series, measuredMs, hour, isLate);
  if (verdict.flag === SUSPECT || verdict.flag === FAIL) {
    for (const test of pointCodes(verdict.tests)) {
      effect.flags.push({ quantity: quantity.code, time: rfc3339(measuredMs), test, flag: verdict.flag });
    }
  }
}

/** The other reading came before and was not told of it: both are, at the close. */
function noteContradicted(device: DeviceState, quantity: number, hour: number): void {
  const against = orderOf(quantity);
  for (const series of device.quantities) if (against.includes(series.quantity)) noteDisorder(series, hour);
}

function judgeTimes(device: DeviceState, readings: readonly Reading[], receivedMs: number): Flag {
  let oldestMs = Infinity;
  let newestMs = -Infinity;
  for (const { measuredMs } of readings) {
    if (measuredMs < oldestMs) oldestMs = measuredMs;
    if (measuredMs > newestMs) newestMs = measuredMs;
  }
  return readings.length === 0 ? GOOD : judgePost(device.posting, oldestMs, newestMs, receivedMs);
}

/**
 * What the neighbors' last closed hour says of the newest reading of each quantity, and whether calm air has a direction:
 * told, never scored.
 */
function addProvisional(device: DeviceState, readings: readonly Reading[], rules: RuleSet, effect: BatchEffect): void {
  for (const [at, { quantity: index, measuredMs }] of readings.entries()) {
    // A packed post has its readings by quantity and time: the last of each quantity is its newest.
    if (readings[at + 1]?.quantity === index) continue;
    const series = device.quantities.find((one) => one.quantity === index);
    const quantity = quantityByIndex(index);
    if (series === undefined || quantity === undefined) continue;
    if (series.lastMs !== measuredMs || isUnderMaintenance(device, measuredMs)) continue;
    const told = { quantity: quantity.code, time: rfc3339(measuredMs) };
    const flag = provisionalFlag(series, series.lastSteps / quantity.stepsPerUnit, hourOf(measuredMs, rules.time));
    if (flag !== null) effect.provisional.push({ ...told, test: 'neighbour', flag });
    if (isCalmWithDirection(series, device.quantities))
      effect.provisional.push({ ...told, test: 'consistency', flag: SUSPECT });
  }
}

function seriesOf(
  device: DeviceState,
  quantity: number,
  receivedMs: number,
  measuredMs: number,
  rules: RuleSet,
): SeriesState {
  for (const series of device.quantities) if (series.quantity === quantity) return series;
  const series = newSeries(quantity, receivedMs, measuredMs, rules.time);
  device.quantities.push(series);
  device.quantities.sort((a, b) => a.quantity - b.quantity);
  return series;
}

function addLate(device: DeviceState, hour: number, reading: Reading): void {
  for (const cell of device.late) {
    if (cell.hour !== hour || cell.quantity !== reading.quantity) continue;
    cell.count += 1;
    cell.sum += reading.steps;
    cell.revised = false;
    return;
  }
  device.late.push({ hour, quantity: reading.quantity, count: 1, sum: reading.steps, revised: false });
}
