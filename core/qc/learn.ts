/** What an hour teaches about a series, after its verdict. A flagged hour teaches little, so that a fault is not learned as normal. */
import {
  biasZ,
  correlations,
  fisher,
  isBelow,
  possibleCorrelation,
  ratiosOf,
  residualOf,
  sameHours,
  usualSpread,
  zeroHours,
} from './hourly-tests.ts';
import { historyLevel, writeHistory } from './history.ts';
import { round5, toward, type Model } from './model.ts';
import { JUMP } from './tests.ts';
import { T } from './thresholds.ts';
import { quarterOf, type Neighbors, type Sight } from './view.ts';

const LAGS = 6;

export function learn(own: Sight, neighbors: Neighbors | null, trust: number, isPlaceHeld: boolean): void {
  const { model } = own;
  if (neighbors !== null) {
    learnAgreement(own, neighbors, trust);
    learnResidual(own, neighbors, trust);
    if (!isPlaceHeld) learnPlace(own, neighbors, trust);
    learnRatios(own, neighbors, trust);
  }
  learnOwn(own, trust, neighbors !== null && isBelow(own, neighbors));
  const isJump = neighbors === null && (own.cell.tests & JUMP) !== 0;
  if (isJump && own.cell.hour - model.jumped > T.jump.newsHours) model.jumped = own.cell.hour;
  // Two that are one would count twice.
  model.flagged = trust < 1 || isPlaceHeld ? model.flagged + 1 : 0;
  model.history = writeHistory(model.history, model.at, own.cell.hour, historyLevel(own));
  model.at = own.cell.hour;
  model.value = own.scaled;
  model.steps = own.steps;
}

function learnResidual(own: Sight, neighbors: Neighbors, trust: number): void {
  const { model, traits } = own;
  const residual = residualOf(own, neighbors);
  model.neighbors = round5(neighbors.median);
  const spread = Math.max(model.spread, traits.floor);
  const quarter = quarterOf(own.cell.hour);
  const hours = (model.offsetHours[quarter] ?? 0) + 1;
  model.offsetHours[quarter] = Math.min(hours, 1000);
  const clip = T.offset.clip * spread;
  // The more speaks for a bias, the less of it is learned as normal.
  const doubt = Math.min(1, biasZ(own) / T.bias.doubtZ);
  learnRestlessness(own, residual, trust);
  learnStray(own, neighbors, residual, trust);
  const belief = trust * (1 - doubt * doubt);
  const clipped = hours <= 3 ? residual : Math.max(-clip, Math.min(clip, residual));
  const rate = Math.max(T.offset.rate, 1 / hours);
  model.offset[quarter] = round5(
    (model.offset[quarter] ?? 0) + Math.max(belief, T.offset.flaggedRate) * rate * clipped,
  );
  model.hours = Math.min(model.hours + 1, 100_000);
  const size = Math.min(Math.abs(residual), clip) * 1.2533;
  // The first hours of each quarter only find the offset.
  if (hours > 3) model.spread = toward(model.spread, size, trust * Math.max(T.offset.spreadRate, 1 / model.hours));
  const biasClip = T.bias.clip * spread;
  const step = Math.max(-biasClip, Math.min(biasClip, residual));
  model.bias = toward(model.bias, hours > 3 ? step : 0, 1 / T.bias.memoryHours);
  if (model.hours > T.bias.memoryHours)
    model.biasSquare = toward(
      model.biasSquare,
      model.bias * model.bias,
      trust * Math.max(1 / T.bias.usualHours, 1 / model.hours),
    );
}

/** As the usual distance and spread are learned, slower. A copier must not make the copied place its own. */
function learnPlace(own: Sight, neighbors: Neighbors, trust: number): void {
  const { model, traits } = own;
  const quarter = quarterOf(own.cell.hour);
  const hours = model.offsetHours[quarter] ?? 1;
  const before = model.place[quarter] ?? 0;
  const away = own.scaled - neighbors.median - before;
  model.place[quarter] = round5(before + trust * Math.max(T.copy.placeRate, 1 / hours) * away);
  if (hours <= 3) return;
  const size = 1.2533 * Math.min(Math.abs(away), T.offset.clip * Math.max(model.spread, traits.floor));
  model.placeSpread = toward(model.placeSpread, size, trust * Math.max(T.copy.placeSpreadRate, 1 / model.hours));
}

function learnStray(own: Sight, neighbors: Neighbors, residual: number, trust: number): void {
  const { model } = own;
  if (model.hours < T.stray.fromHours) return;
  const z = residual / usualSpread(own, neighbors);
  model.stray = toward(model.stray, Math.min(T.stray.cap, z * z), 1 / T.stray.memoryHours);
  const rate = trust * Math.max(1 / T.stray.usualHours, 1 / (model.hours - T.stray.fromHours + 1));
  const away = model.stray - model.usualStray;
  model.usualStray = round5(model.usualStray + rate * away);
  model.strayVar = toward(model.strayVar, away * away, rate);
}

function learnRestlessness(own: Sight, residual: number, trust: number): void {
  const { model } = own;
  if (own.cell.hour === model.at + 1 && model.hours > 1) {
    const usual = Math.max(Math.sqrt(model.usualStep), own.traits.floor / 4, own.grain / 2);
    const step = Math.abs(residual - model.residual);
    model.steppedHours = Math.min(model.steppedHours + 1, T.restless.usualHours);
    // Squares up to a cap: a single spike is one hour's share, not days of noise.
    const times = step / (T.restless.steps * usual);
    const share = Math.min(1, times * times);
    if (model.steppedHours > T.restless.startHours)
      model.restlessness = toward(model.restlessness, share, 1 / T.restless.memoryHours);
    const size = model.steppedHours > 10 ? Math.min(step, T.restless.clip * usual) : step;
    const rate = model.restlessness < 0.5 ? trust : T.offset.flaggedRate;
    model.usualStep = toward(model.usualStep, size * size, rate / model.steppedHours);
  }
  model.residual = round5(residual);
}

function learnRatios(own: Sight, neighbors: Neighbors, trust: number): void {
  const { model } = own;
  const ratios = ratiosOf(own, neighbors);
  if (ratios === null || model.hours < 24) return;
  const rate = trust * Math.max(1 / T.spread.usualHours, 1 / (model.hours - 23));
  const change = ratios.change - model.changeRatio;
  const swing = ratios.swing - model.swingRatio;
  model.changeRatio = round5(model.changeRatio + rate * change);
  model.swingRatio = round5(model.swingRatio + rate * swing);
  model.changeRatioVar = toward(model.changeRatioVar, change * change, rate);
  model.swingRatioVar = toward(model.swingRatioVar, swing * swing, rate);
}

function learnAgreement(own: Sight, neighbors: Neighbors, trust: number): void {
  const { model } = own;
  const rate = 1 / T.agreement.memoryHours;
  // One absurd hour says nothing about how the days go together.
  const clip = T.agreement.clip * Math.max(usualSpread(own, neighbors), Math.sqrt(model.others));
  const swing = Math.max(neighbors.swing - clip, Math.min(neighbors.swing + clip, own.swing));
  model.own = toward(model.own, swing * swing, rate);
  model.others = toward(model.others, neighbors.swing * neighbors.swing, rate);
  if (own.cell.hour !== model.at + 1) model.lagged.length = 0;
  model.lagged.unshift(round5(neighbors.swing));
  if (model.lagged.length > 2 * LAGS - 1) model.lagged.length = 2 * LAGS - 1;
  for (let lag = 0; lag < LAGS; lag += 1)
    model.cross[lag] = toward(model.cross[lag] ?? 0, swing * (model.lagged[2 * lag] ?? 0), rate);
  const correlation = correlations(model);
  if (correlation === null || model.hours < T.agreement.memoryHours) return;
  const now = fisher(correlation[0] ?? 0);
  const isLearned = model.hours >= T.agreement.learnHours;
  const drop = Math.max(T.agreement.drop, T.agreement.dropSds * Math.sqrt(model.agreementVar));
  const usual = Math.min(model.agreement, fisher(possibleCorrelation(own)));
  model.apart = isLearned && now < usual - drop ? model.apart + 1 : 0;
  const best = Math.max(...correlation);
  const isShifted = isLearned && best > (correlation[0] ?? 0) + T.agreement.better && best > T.agreement.least;
  model.shifted = isShifted ? model.shifted + 1 : 0;
  const learning = trust * Math.max(1 / T.agreement.usualHours, 1 / (model.hours - T.agreement.memoryHours + 1));
  const away = now - model.agreement;
  model.agreement = round5(model.agreement + learning * away);
  model.agreementVar = toward(model.agreementVar, away * away, learning);
}

function learnOwn(own: Sight, trust: number, isBelowNeighbors: boolean): void {
  const { model } = own;
  const isNext = own.cell.hour === model.at + 1;
  const change = own.scaled - model.value;
  const rate = 1 / T.spread.memoryHours;
  if (model.at < 0) model.mean = round5(own.scaled);
  else {
    const swing = own.scaled - model.mean;
    model.swing = toward(model.swing, swing * swing, rate);
    model.mean = toward(model.mean, own.scaled, rate);
  }
  if (isNext) {
    model.change = toward(model.change, change * change, rate);
    learnGrain(own, model);
  }
  model.zeroRun = zeroHours(own);
  if (trust === 1 && !isBelowNeighbors) model.longestZero = Math.max(model.longestZero, model.zeroRun);
  model.run = sameHours(own);
  if (trust === 1 && model.run > model.longestRun) model.longestRun = model.run;
}

/** Smallest change of the hourly value, in steps. */
function learnGrain(own: Sight, model: Model): void {
  if (own.cell.count !== 1) {
    model.grain = 1;
    return;
  }
  const change = Math.abs(own.steps - model.steps);
  if (change > 0 && (model.grain === 0 || change < model.grain)) model.grain = change;
}
