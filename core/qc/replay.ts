/**
 * Replay of the device's own history (anomaly-qc.md T7): a sequential likelihood ratio for each lag of one to four weeks.
 * A value that many lags have in common now carries no evidence, so weather that repeats itself accuses nobody.
 */
import { ln } from '../math.ts';
import type { DeviceState } from '../region/state.ts';
import type { Finding } from './finding.ts';
import { FINENESS, HISTORY_HOURS, historyLevel, levelDistance, LEVELS, readHistory } from './history.ts';
import { FAIL } from '../reading/reading.ts';
import { REPLAY } from './tests.ts';
import { T } from './thresholds.ts';
import { fromScale } from './traits.ts';
import type { Sight } from './view.ts';

const LAGS = HISTORY_HOURS - T.replay.firstLag + 1;
const LEAST_LAGS = 24;

/** Updates the evidence with one hour; before the history learns it. */
export function updateReplay(device: DeviceState, sights: readonly Sight[]): void {
  const nats = new Float64Array(LAGS);
  let told = 0;
  for (const own of sights) told += addEvidence(own, nats);
  if (told === 0) return;
  if (device.lags.length === 0) device.lags = Array.from({ length: LAGS }, () => 0);
  const { lags } = device;
  for (let at = 0; at < LAGS; at += 1) {
    const now = nats[at] ?? 0;
    if (now === 0) continue;
    const clipped = now < T.replay.least ? T.replay.least : now > T.replay.most ? T.replay.most : now;
    const sum = (lags[at] ?? 0) + clipped;
    lags[at] = sum <= 0 ? 0 : sum >= T.replay.capNats ? T.replay.capNats : Math.round(sum * 10) / 10;
  }
}

/** Adds what one series says to each lag; 0 where it says nothing. */
function addEvidence(own: Sight, nats: Float64Array): number {
  const { model, traits } = own;
  // At the detection limit every series is like every other.
  if (model.history === '' || fromScale(own.scaled, traits) <= traits.stillBelow) return 0;
  const level = ((historyLevel(own) % LEVELS) + LEVELS) % LEVELS;
  const tolerance = Math.max(FINENESS, (0.55 * own.grain * FINENESS) / traits.same);
  const { history } = model;
  const { hour } = own.cell;
  const oldest = model.at - HISTORY_HOURS;
  const match = new Int8Array(LAGS);
  let known = 0;
  let matching = 0;
  for (let at = 0; at < LAGS; at += 1) {
    const then = hour - T.replay.firstLag - at;
    if (then > model.at || then <= oldest) continue;
    const before = readHistory(history, then);
    if (before < 0) continue;
    known += 1;
    if (levelDistance(level, before) <= tolerance) {
      match[at] = 1;
      matching += 1;
    } else match[at] = -1;
  }
  if (known < LEAST_LAGS) return 0;
  const chance = (matching + 1) / (known + 2);
  const weight = own.scaled === model.value ? T.replay.still : 1;
  const same = weight * ln(T.replay.honest / Math.min(chance, 0.9));
  const other = weight * ln((1 - T.replay.honest) / (1 - Math.min(chance, 0.9)));
  for (let at = 0; at < LAGS; at += 1) {
    const is = match[at];
    if (is === 1) nats[at] = (nats[at] ?? 0) + same;
    else if (is === -1) nats[at] = (nats[at] ?? 0) + other;
  }
  return 1;
}

export function replayFinding(device: DeviceState): Finding | null {
  let best = -1;
  let most: number = T.replay.suspectNats;
  for (const [at, nats] of device.lags.entries()) {
    if (nats <= most) continue;
    most = nats;
    best = at;
  }
  if (best < 0) return null;
  return {
    test: REPLAY,
    flag: FAIL,
    severity: most,
    measured: best + T.replay.firstLag,
    low: null,
    high: null,
    slots: [],
  };
}
