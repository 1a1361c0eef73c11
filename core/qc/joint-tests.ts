/**
 * What no single series shows but all together do: a device that left its place a little in everything it measures, or
 * follows the neighbors hours later. Two series at least; their sum is weighed as if they had two fifths in common.
 */
import { SUSPECT } from '../reading/reading.ts';
import type { Finding } from './finding.ts';
import { biasZ, correlations, fisher, possibleCorrelation, ratiosOf } from './hourly-tests.ts';
import { APART, QUIET, SHIFTED } from './tests.ts';
import { T } from './thresholds.ts';
import type { Neighbors, Sight } from './view.ts';

export type Compared = { readonly own: Sight; readonly neighbors: Neighbors | null };

export function jointFindings(seen: readonly Compared[]): Finding[] {
  const sights = seen.map((one) => one.own);
  if (sights.length < 2) return [];
  const findings: Finding[] = [];
  // Two series go together by chance more easily than many.
  const caution = sights.length === 2 ? T.joint.pairFactor : 1;
  const drop = jointDrop(sights) / caution;
  const shift = drop > T.joint.shiftDrop ? jointShift(sights) : null;
  if (shift !== null) findings.push(shift);
  const bias = meanOf(sights.map((own) => Math.min(T.joint.most, biasZ(own)))) / caution;
  const share = Math.max(jointStray(sights) / caution / T.joint.stray, bias / T.joint.bias, drop / T.joint.drop);
  if (share > 1)
    findings.push({ test: APART, flag: SUSPECT, severity: share, measured: share, low: null, high: 1, slots: [] });
  const quiet = jointQuiet(seen) / caution;
  if (quiet > T.joint.quiet)
    findings.push({
      test: QUIET,
      flag: SUSPECT,
      severity: quiet,
      measured: quiet,
      low: null,
      high: T.joint.quiet,
      slots: [],
    });
  return findings;
}

function jointStray(sights: readonly Sight[]): number {
  let sum = 0;
  for (const { model } of sights) {
    const usual = Math.max(T.joint.least, Math.sqrt(model.strayVar));
    sum += Math.max(-1, Math.min(T.joint.most, (model.stray - model.usualStray) / usual));
  }
  const count = sights.length;
  return sum / Math.sqrt(count * (1 + T.joint.common * (count - 1)));
}

function jointShift(sights: readonly Sight[]): Finding | null {
  const known = sights.flatMap(({ model }) => {
    const correlation = correlations(model);
    return correlation === null ? [] : [correlation];
  });
  if (known.length < 2) return null;
  const lags = (known[0] ?? []).map((_, lag) => known.reduce((sum, of) => sum + (of[lag] ?? 0), 0) / known.length);
  const now = lags[0] ?? 0;
  const best = Math.max(...lags);
  if (best - now <= T.joint.shift) return null;
  const flag = SUSPECT;
  return { test: SHIFTED, flag, severity: best - now, measured: 2 * lags.indexOf(best), low: null, high: 0, slots: [] };
}

/** How far the correlation with the neighbors fell below what it usually is and could be. */
function jointDrop(sights: readonly Sight[]): number {
  const drops = sights.flatMap((own) => {
    const correlation = correlations(own.model);
    if (correlation === null) return [];
    const { model } = own;
    const usual = Math.min(model.agreement, fisher(possibleCorrelation(own)));
    const z = (usual - fisher(correlation[0] ?? 0)) / Math.max(T.joint.least, Math.sqrt(model.agreementVar));
    return [Math.max(-1, Math.min(T.joint.most, z))];
  });
  return meanOf(drops);
}

/** How much less than usual everything moves, against neighbors that do move. */
function jointQuiet(seen: readonly Compared[]): number {
  const values = seen.flatMap(({ own, neighbors }) => {
    const ratios = neighbors === null ? null : ratiosOf(own, neighbors);
    if (ratios === null) return [];
    const z = (own.model.changeRatio - ratios.change) / Math.max(T.joint.least, Math.sqrt(own.model.changeRatioVar));
    return [Math.max(-1, Math.min(T.joint.most, z))];
  });
  return values.length < 2 ? 0 : meanOf(values);
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
