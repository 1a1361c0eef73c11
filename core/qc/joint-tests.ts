/**
 * What no single series shows but all together do: a device that left its place a little in everything it measures, or
 * follows the neighbors hours later. Two series at least; their sum is weighed as if they had two fifths in common.
 */
import { SUSPECT } from '../reading/reading.ts';
import type { Finding } from './finding.ts';
import { biasZ, correlations } from './hourly-tests.ts';
import { APART, SHIFTED } from './tests.ts';
import { T } from './thresholds.ts';
import type { Sight } from './view.ts';

export function jointFindings(sights: readonly Sight[]): Finding[] {
  if (sights.length < 2) return [];
  const findings: Finding[] = [];
  const shift = jointShift(sights);
  if (shift !== null) findings.push(shift);
  const stray = jointStray(sights);
  const bias = sights.reduce((sum, own) => sum + Math.min(T.stray.most, biasZ(own)), 0) / sights.length;
  const share = Math.max(stray / T.stray.joint, bias / T.stray.jointBias);
  if (share > 1)
    findings.push({ test: APART, flag: SUSPECT, severity: share, measured: share, low: null, high: 1, slots: [] });
  return findings;
}

function jointStray(sights: readonly Sight[]): number {
  let sum = 0;
  for (const { model } of sights) {
    const usual = Math.max(T.stray.least, Math.sqrt(model.strayVar));
    sum += Math.max(-1, Math.min(T.stray.most, (model.stray - model.usualStray) / usual));
  }
  const count = sights.length;
  return sum / Math.sqrt(count * (1 + T.stray.common * (count - 1)));
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
  if (best - now <= T.stray.jointShift) return null;
  const flag = SUSPECT;
  return { test: SHIFTED, flag, severity: best - now, measured: 2 * lags.indexOf(best), low: null, high: 0, slots: [] };
}
