/** Folds one batch: every reading is taken, counted as a duplicate or refused; taken ones are checked and enter their hour's cell. */
import { contradictionsIn, type Contradiction } from '../qc/consistency.ts';
import { checkPoint, type PointHistory, type PointVerdict } from '../qc/point-checks.ts';
import { judgePost } from '../qc/receipt-time.ts';
import { provisionalFlag } from '../qc/provisional.ts';
import { CONSISTENCY, pointCodes, RANGE, STEP, TIME } from '../qc/tests.ts';
import { quantityByIndex, type Quantity } from '../reading/quantity.ts';
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT, type Flag, type Reading } from '../reading/reading.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { firstHourOf, epochOf, hourOf, rfc3339 } from '../time.ts';
import { addReading } from './cells.ts';
import { cover, coverageOf, newSeries } from './coverage.ts';
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

  const series = seriesOf(device, quantity.index, receivedMs, measuredMs, rules);
  const coverage = coverageOf(series, measuredMs, steps);
  if (coverage === 'duplicate') {
    effect.duplicate += 1;
    return;
  }
  if (coverage === 'conflicting-value') device.conflicts += 1;
  if (coverage === 'conflicting-value' || coverage === 'already-covered') return refuse(coverage);

  const isFirst = series.recent.length === 0;
  if (measuredMs > device.newestMs) device.newestMs = measuredMs;
  const value = judge(device, series, coverage === 'newest' && !isFirst, reading, quantity, rules);
  const consistent = contradiction === undefined ? value : withContradiction(value, contradiction);
  const verdict = time === GOOD ? consistent : withTime(consistent, time, (receivedMs - measuredMs) / 1000);
  cover(series, measuredMs, steps, coverage, device.newestMs, rules.time);
  if (coverage === 'newest') remember(series, reading, verdict, isFirst);

  effect.accepted += 1;
  const hour = hourOf(measuredMs, rules.time);
  const isLate =
    (state.frozenThrough !== null && hour <= state.frozenThrough) ||
    (state.firstHour !== null && hour < state.firstHour);
  if (isLate) {
    addLate(device, hour, reading);
    effect.late += 1;
  } else {
    addReading(device.open, hour, reading, verdict, receivedMs);
  }
  if (verdict.flag === SUSPECT || verdict.flag === FAIL) {
    for (const test of pointCodes(verdict.tests)) {
      effect.flags.push({ quantity: quantity.code, time: rfc3339(measuredMs), test, flag: verdict.flag });
    }
  }
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

function withTime(verdict: PointVerdict, time: Flag, lateSeconds: number): PointVerdict {
  if (verdict.flag === NOT_EVALUATED) return verdict;
  if (verdict.flag !== GOOD)
    return { ...verdict, tests: verdict.tests | TIME, flag: verdict.flag === FAIL ? FAIL : time };
  return { flag: time, tests: TIME, measured: lateSeconds, low: null, high: null };
}

function withContradiction(verdict: PointVerdict, { flag, severity }: Contradiction): PointVerdict {
  if (verdict.flag === NOT_EVALUATED) return verdict;
  if (verdict.flag === GOOD) return { flag, tests: CONSISTENCY, measured: severity, low: null, high: 1 };
  return { ...verdict, tests: verdict.tests | CONSISTENCY, flag: verdict.flag === FAIL ? FAIL : flag };
}

/** What the neighbors' last closed hour says of the newest reading of each quantity: told, never scored. */
function addProvisional(device: DeviceState, readings: readonly Reading[], rules: RuleSet, effect: BatchEffect): void {
  for (const [at, { quantity: index, measuredMs }] of readings.entries()) {
    // A packed post has its readings by quantity and time: the last of each quantity is its newest.
    if (readings[at + 1]?.quantity === index) continue;
    const series = device.quantities.find((one) => one.quantity === index);
    const quantity = quantityByIndex(index);
    if (series === undefined || series.nearby === null || quantity === undefined) continue;
    if (series.lastMs !== measuredMs || isUnderMaintenance(device, measuredMs)) continue;
    const flag = provisionalFlag(series, series.lastSteps / quantity.stepsPerUnit, hourOf(measuredMs, rules.time));
    if (flag === null) continue;
    effect.provisional.push({ quantity: quantity.code, time: rfc3339(measuredMs), test: 'neighbour', flag });
  }
}

const UNEVALUATED: PointVerdict = { flag: NOT_EVALUATED, tests: 0, measured: 0, low: null, high: null };

function judge(
  device: DeviceState,
  series: SeriesState,
  hasHistory: boolean,
  reading: Reading,
  quantity: Quantity,
  rules: RuleSet,
): PointVerdict {
  if (isUnderMaintenance(device, reading.measuredMs)) return UNEVALUATED;
  const scale = quantity.stepsPerUnit;
  const history: PointHistory = hasHistory
    ? {
        lastMs: series.lastMs,
        last: series.lastSteps / scale,
        levelMs: series.levelMs,
        level: series.levelSteps / scale,
        runStartMs: series.runStartMs,
      }
    : null;
  return checkPoint(
    reading.steps / scale,
    reading.measuredMs,
    history,
    rules.quality[quantity.code],
    rules.time.hourSeconds * 1000,
  );
}

function remember(series: SeriesState, reading: Reading, verdict: PointVerdict, isFirst: boolean): void {
  if (isFirst || series.lastSteps !== reading.steps) series.runStartMs = reading.measuredMs;
  series.lastMs = reading.measuredMs;
  series.lastSteps = reading.steps;
  // A value out of range or after a jump is no level to hold the next one against; the very first is all there is.
  if (isFirst || (verdict.tests & (RANGE | STEP)) === 0) {
    series.levelMs = reading.measuredMs;
    series.levelSteps = reading.steps;
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
