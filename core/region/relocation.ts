/**
 * What a new place costs, and what is forgotten with the old one. What speaks for a device shrinks with the distance, what
 * speaks against it stays. The loss is subtracted, not multiplied: many short moves cost at least what a long one does.
 */
import { newModel, type Model } from '../qc/model.ts';
import { T } from '../qc/thresholds.ts';
import type { RuleSet, ScoreRules } from '../rules/rule-set.ts';
import { hourOf } from '../time.ts';
import type { DeviceState } from './state.ts';

/** A score in basis points that lacks nothing. */
export const FULL = 10_000;

/** A device without a scored day has nothing to lose: unknown is not bad, here as there. */
export function loseReputation(device: DeviceState, meters: number, score: ScoreRules): void {
  const loss = Math.ceil((FULL * Math.min(meters, score.relocationMeters)) / score.relocationMeters);
  if (device.scoreDays === 0) return;
  device.score30Bps = Math.max(0, device.score30Bps - loss);
  device.weeklyBps = Math.max(0, device.weeklyBps - loss);
  device.eligible = device.eligible && device.weeklyBps >= score.ineligibleBps;
}

/** Within the region. Cells of open hours stay: what their readings failed at receipt, they failed. */
export function moveTo(device: DeviceState, meters: number, receivedMs: number, rules: RuleSet): void {
  loseReputation(device, meters, rules.score);
  device.placedMs = Math.max(device.placedMs, receivedMs);
  device.reliabilityBps = 0;
  const hour = hourOf(receivedMs, rules.time);
  for (const series of device.quantities) {
    series.model = series.model === null ? null : ownPart(series.model, hour);
    series.nearby = null;
  }
}

/** The sensor goes along: its resolution, its own hours (for a replay of them), its runs, and a bad record. */
function ownPart(model: Model, hour: number): Model {
  const { at, value, steps, mean, swing, change, run, longestRun, zeroRun, grain, flagged, history } = model;
  const own = { at, value, steps, mean, swing, change, run, longestRun, zeroRun, grain, flagged, history };
  // The new level is no news: as if the hours in which a jump counts had passed.
  return { ...newModel(), ...own, jumped: hour - T.jump.newsHours };
}
