/**
 * The tests of one series in one hour against its neighbors and its own past. They
 * read the model; learning comes after all verdicts of the hour, so the order of devices does not matter.
 */
import { ln } from '../math.ts';
import { FAIL, SUSPECT } from '../reading/reading.ts';
import type { Finding } from './finding.ts';
import type { Model } from './model.ts';
import { FINENESS, historyLevel, levelDistance, readHistory, wrapLevel } from './history.ts';
import { APART, BIAS, FLAT, JUMP, NEIGHBOUR, NOISY, PLACE, QUIET, SHIFTED, ZERO } from './tests.ts';
import { T } from './thresholds.ts';
import { fromScale } from './traits.ts';
import { medianOf, type Neighbors, type Sight } from './view.ts';

/** What an honest residual may be: the series' own, the neighbors' among themselves, the place's and the sensor's. */
export function usualSpread(own: Sight, neighbors: Neighbors): number {
  return Math.max(own.model.spread, neighbors.spread, own.traits.floor, own.grain);
}

export function residualOf(own: Sight, neighbors: Neighbors): number {
  return own.relative - neighbors.median;
}

export function seriesTests(own: Sight, neighbors: Neighbors | null): Finding[] {
  const findings: Finding[] = [];
  const push = (finding: Finding | null): void => {
    if (finding !== null) findings.push(finding);
  };
  if (neighbors === null) {
    push(flatTest(own, true, 0));
    push(jumpTest(own));
    return findings;
  }
  push(neighborTest(own, neighbors));
  push(biasTest(own, neighbors));
  push(placeTest(own, neighbors));
  push(zeroTest(own, neighbors));
  push(quietTest(own, neighbors));
  push(noisyTest(own, neighbors));
  push(flatTest(own, moves(own, neighbors), neighbors.stillHours));
  return findings;
}

/** Size of the residual; a front reaches the places of a region an hour apart. */
function awayOf(own: Sight, neighbors: Neighbors): number {
  const residual = residualOf(own, neighbors);
  if (own.cell.hour - own.model.at > 2) return Math.abs(residual);
  const before = own.relative - own.model.neighbors;
  return residual * before <= 0 ? 0 : Math.min(Math.abs(residual), Math.abs(before));
}

function neighborTest(own: Sight, neighbors: Neighbors): Finding | null {
  const { model } = own;
  if (model.hours < T.neighbor.learnHours) return null;
  const residual = residualOf(own, neighbors);
  const spread = usualSpread(own, neighbors);
  const isFresh = own.cell.hour - model.at <= 2;
  const z = awayOf(own, neighbors) / spread;
  const jump = own.scaled - model.value;
  const jumpZ = isFresh ? Math.abs(jump) / Math.max(Math.sqrt(model.change), own.traits.floor, own.grain) : 0;
  const isJump = z > T.neighbor.jumpZ && jumpZ > T.neighbor.jump && jump * residual > 0;
  if (z <= T.neighbor.suspectZ && !isJump) return null;
  const center = own.scaled - residual;
  return finding(
    own,
    NEIGHBOUR,
    z > T.neighbor.failZ ? FAIL : SUSPECT,
    z,
    center,
    (z > T.neighbor.suspectZ ? T.neighbor.suspectZ : T.neighbor.jumpZ) * spread,
    neighbors,
  );
}

function usualBias({ model, traits, grain }: Sight): number {
  return Math.max(Math.sqrt(model.biasSquare), T.bias.spreadShare * Math.max(model.spread, traits.floor, grain));
}

export function biasZ(own: Sight): number {
  return Math.abs(own.model.bias) / usualBias(own);
}

function biasTest(own: Sight, neighbors: Neighbors): Finding | null {
  const { model } = own;
  if (model.hours < T.bias.learnHours) return null;
  const usual = usualBias(own);
  const z = biasZ(own);
  // Remembered bias of a series that is back in place accuses nobody.
  if (z <= T.bias.suspectZ || model.bias * residualOf(own, neighbors) <= 0) return null;
  const center = own.scaled - residualOf(own, neighbors);
  const found = finding(own, BIAS, z > T.bias.failZ ? FAIL : SUSPECT, z, center, T.bias.suspectZ * usual, neighbors);
  // What the device would read now if it were as far away as it has been lately.
  return { ...found, measured: fromScale(center + model.bias, own.traits) };
}

function placeTest(own: Sight, neighbors: Neighbors): Finding | null {
  const { count, mean, spread } = neighbors.level;
  if (count < T.place.leastNeighbors) return null;
  const band = T.place.z * Math.max(spread, T.place.floorFactor * own.traits.placeFloor, own.grain);
  const away = own.leveled - mean;
  if (Math.abs(away) <= band) return null;
  // A place that always differs is not wrong for that.
  if (own.model.hours >= T.neighbor.learnHours) {
    const residual = residualOf(own, neighbors);
    if (awayOf(own, neighbors) <= T.place.relativeZ * usualSpread(own, neighbors) || residual * away <= 0) return null;
  }
  return finding(own, PLACE, SUSPECT, Math.abs(away) / (band / T.place.z), own.scaled - away, band, neighbors);
}

/** Change and swing of the series relative to the neighbors', as logarithms; null: they stand still themselves. */
export function ratiosOf(own: Sight, neighbors: Neighbors): { readonly change: number; readonly swing: number } | null {
  const least = Math.max(own.traits.floor, own.grain);
  const floor = T.spread.noiseShare * least * least;
  if (neighbors.changeSquare < floor || neighbors.swingSquare < floor) return null;
  const tiny = floor / 25;
  return {
    change: ln(Math.max(own.model.change, tiny) / neighbors.changeSquare),
    swing: ln(Math.max(own.model.swing, tiny) / neighbors.swingSquare),
  };
}

function moves(own: Sight, neighbors: Neighbors): boolean {
  const least = Math.max(own.traits.floor, own.grain);
  return neighbors.swingSquare > T.flat.movingShare * least * least;
}

function quietTest(own: Sight, neighbors: Neighbors): Finding | null {
  const ratios = ratiosOf(own, neighbors);
  const { model } = own;
  if (own.traits.isSmooth || ratios === null || model.hours < T.spread.learnHours) return null;
  const change = ratios.change - model.changeRatio;
  const swing = ratios.swing - model.swingRatio;
  const isQuiet =
    change < -Math.max(T.spread.quiet, T.spread.quietSds * Math.sqrt(model.changeRatioVar)) &&
    swing < -Math.max(T.spread.quiet, T.spread.quietSds * Math.sqrt(model.swingRatioVar));
  if (!isQuiet) return null;
  return {
    test: QUIET,
    flag: FAIL,
    severity: -change,
    measured: -change,
    low: null,
    high: T.spread.quiet,
    slots: neighbors.slots,
  };
}

function noisyTest(own: Sight, neighbors: Neighbors): Finding | null {
  const { model } = own;
  if (model.hours < T.restless.learnHours) return null;
  const excess = model.restlessness - neighbors.restless;
  const limit = T.restless.limit;
  if (excess <= limit) return null;
  return {
    test: NOISY,
    flag: SUSPECT,
    severity: excess,
    measured: excess,
    low: null,
    high: limit,
    slots: neighbors.slots,
  };
}

/** A sensor that is off or on calibration gas reports nothing at all; air that clean is clean at the neighbors, too. */
function zeroTest(own: Sight, neighbors: Neighbors): Finding | null {
  const { model, traits } = own;
  if (traits.scale !== 'ratio' || own.steps !== 0 || model.hours < T.neighbor.learnHours) return null;
  const run = zeroHours(own);
  if (run < Math.max(T.zero.leastHours, T.zero.runFactor * model.longestZero + 1)) return null;
  if (!isBelow(own, neighbors)) return null;
  const center = own.scaled - residualOf(own, neighbors);
  return finding(own, ZERO, SUSPECT, run, center, T.zero.z * usualSpread(own, neighbors), neighbors);
}

export function isBelow(own: Sight, neighbors: Neighbors): boolean {
  return -residualOf(own, neighbors) > T.zero.z * usualSpread(own, neighbors);
}

/** Alone, a series is held against the median of its own last two days and of its last week (Hampel). */
function jumpTest(own: Sight): Finding | null {
  const { model, traits, cell } = own;
  // The departure is the news; a level that stays may be the place's own.
  const since = cell.hour - model.jumped;
  if (model.jumped >= 0 && since >= T.jump.newsHours && since <= T.jump.hours) return null;
  const now = wrapLevel(historyLevel(own));
  for (const [hours, limit] of [
    [T.jump.hours, T.jump.z],
    [T.jump.weekHours, T.jump.weekZ],
  ] as const) {
    const past = pastOf(own, hours);
    if (past === null) return null;
    const z = (levelDistance(now, past.middle) * (traits.same / FINENESS)) / past.spread;
    if (z <= limit) continue;
    const center = own.scaled + (now > past.middle ? -1 : 1) * z * past.spread;
    return {
      test: JUMP,
      flag: SUSPECT,
      severity: z,
      measured: fromScale(own.scaled, traits),
      low: fromScale(center - limit * past.spread, traits),
      high: fromScale(center + limit * past.spread, traits),
      slots: [],
    };
  }
  return null;
}

/** Median level of the last `hours` and the spread around it, on the scale; null: not enough of them. */
function pastOf({ model, traits, cell, grain }: Sight, hours: number): { middle: number; spread: number } | null {
  if (model.history === '') return null;
  const levels: number[] = [];
  for (let back = 1; back <= hours; back += 1) {
    const level = cell.hour - back > model.at ? -1 : readHistory(model.history, cell.hour - back);
    if (level >= 0) levels.push(level);
  }
  if (levels.length < Math.max(T.jump.leastHours, hours / 4)) return null;
  const middle = medianOf(levels);
  const away = medianOf(levels.map((level) => levelDistance(level, middle)));
  const spread = Math.max((1.4826 * away * traits.same) / FINENESS, T.jump.floorFactor * traits.placeFloor, grain);
  return { middle, spread };
}

/** Hours with one value, this one included. */
export function sameHours({ cell, scaled, model }: Sight): number {
  const isSame = cell.hour === model.at + 1 && scaled === model.value && cell.min === cell.max;
  return isSame ? model.run + 1 : 1;
}

/** Hours of exactly nothing, this one included. */
export function zeroHours({ cell, steps, model }: Sight): number {
  if (steps !== 0) return 0;
  return cell.hour === model.at + 1 ? model.zeroRun + 1 : 1;
}

function flatTest(own: Sight, isMoving: boolean, stillHours: number): Finding | null {
  const { model, traits } = own;
  const run = sameHours(own);
  if (!isMoving || stillHours * T.flat.stillShare >= run) return null;
  const value = fromScale(own.scaled, traits);
  if (value <= traits.stillBelow || value >= traits.stillAbove) return null;
  const learned = T.flat.runFactor * model.longestRun + T.flat.runHours;
  const limit = Math.max(T.flat.leastHours, Math.min(traits.flatHours, learned));
  if (run <= limit) return null;
  return {
    test: FLAT,
    flag: run > 2 * limit ? FAIL : SUSPECT,
    severity: run / limit,
    measured: run,
    low: null,
    high: limit,
    slots: [],
  };
}

/** Correlation of the last days with the neighbors now and `2 * lag` hours ago. */
export function correlations(model: Model): readonly number[] | null {
  const size = Math.sqrt(model.own * model.others);
  if (!(size > 0)) return null;
  return model.cross.map((product) => Math.max(-0.99, Math.min(0.99, product / size)));
}

export function fisher(correlation: number): number {
  return 0.5 * ln((1 + correlation) / (1 - correlation));
}

/** When the neighbors hardly move, what is left of a correlation is the series' own scatter. */
export function possibleCorrelation({ model, traits, grain }: Sight): number {
  const scatter = Math.max(model.spread, traits.floor, grain);
  return Math.min(0.99, Math.sqrt(model.others / (model.others + scatter * scatter)));
}

export function agreementFinding(own: Sight, what: 'apart' | 'shifted'): Finding | null {
  const correlation = correlations(own.model);
  if (correlation === null) return null;
  const now = correlation[0] ?? 0;
  if (what === 'shifted') {
    const best = Math.max(...correlation);
    return {
      test: SHIFTED,
      flag: SUSPECT,
      severity: best - now,
      measured: correlation.indexOf(best) * 2,
      low: null,
      high: 0,
      slots: [],
    };
  }
  return {
    test: APART,
    flag: SUSPECT,
    severity: own.model.agreement - fisher(now),
    measured: now,
    low: null,
    high: null,
    slots: [],
  };
}

function finding(
  own: Sight,
  test: number,
  flag: 3 | 4,
  severity: number,
  center: number,
  band: number,
  neighbors: Neighbors,
): Finding {
  return {
    test,
    flag,
    severity,
    measured: fromScale(own.scaled, own.traits),
    low: fromScale(center - band, own.traits),
    high: fromScale(center + band, own.traits),
    slots: neighbors.slots,
  };
}
