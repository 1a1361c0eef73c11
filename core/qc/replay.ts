/**
 * Replay of the device's own history: a sequential likelihood ratio for each lag of one to four weeks.
 * A value that many lags have in common now carries no evidence, so weather that repeats itself accuses nobody.
 */
import { ln } from '../math.ts';
import type { DeviceState } from '../region/state.ts';
import type { Finding } from './finding.ts';
import { FINENESS, HISTORY_HOURS, historyLevel, levelAt, levelDistance, wrapLevel } from './history.ts';
import { FAIL } from '../reading/reading.ts';
import { REPLAY } from './tests.ts';
import { T } from './thresholds.ts';
import { fromScale } from './traits.ts';
import type { Sight } from './view.ts';

const LAGS = HISTORY_HOURS - T.replay.firstLag + 1;
const LEAST_LAGS = 24;

/** Scratch of one call, overwritten by each: an hour of a region makes thousands. */
const nats = new Float64Array(LAGS);
const match = new Int8Array(LAGS);

/** Updates the evidence with one hour; before the history learns it. */
export function updateReplay(device: DeviceState, sights: readonly Sight[]): void {
  nats.fill(0);
  let told = 0;
  for (const own of sights) told += addEvidence(own);
  if (told === 0) return;
  if (device.lags.length === 0) device.lags = Array.from({ length: LAGS }, () => 0);
  const { lags } = device;
  for (let at = 0; at < LAGS; at += 1) {
    const now = nats[at] ?? 0;
    const before = lags[at] ?? 0;
    if (now === 0 || (now < 0 && before === 0)) continue;
    const clipped = now < T.replay.least ? T.replay.least : now > T.replay.most ? T.replay.most : now;
    const sum = before + clipped;
    lags[at] = sum <= 0 ? 0 : sum >= T.replay.capNats ? T.replay.capNats : Math.round(sum * 10) / 10;
  }
}

/** Adds what one series says to each lag; 0 where it says nothing. */
function addEvidence(own: Sight): number {
  const { model, traits } = own;
  // At the detection limit every series is like every other.
  if (model.history === '' || fromScale(own.scaled, traits) <= traits.stillBelow) return 0;
  const tolerance = Math.max(FINENESS, (0.55 * own.grain * FINENESS) / traits.same);
  // After a pause the youngest lags point to hours without values.
  const first = Math.max(0, own.cell.hour - model.at - T.replay.firstLag);
  const { known, matching } = matchLags(model.history, own.cell.hour, first, historyLevel(own), tolerance);
  if (known < LEAST_LAGS) return 0;
  const chance = Math.min((matching + 1) / (known + 2), 0.9);
  const weight = own.scaled === model.value ? T.replay.still : 1;
  const same = weight * ln(T.replay.honest / chance);
  const other = weight * ln((1 - T.replay.honest) / (1 - chance));
  for (let at = first; at < LAGS; at += 1) {
    const is = match[at];
    if (is !== 0) nats[at] = (nats[at] ?? 0) + (is === 1 ? same : other);
  }
  return 1;
}

/** Fills `match` from lag `first` on: 1 the same, -1 another value, 0 nothing there. */
function matchLags(
  history: string,
  hour: number,
  first: number,
  wanted: number,
  tolerance: number,
): { readonly known: number; readonly matching: number } {
  const level = wrapLevel(wanted);
  let known = 0;
  let matching = 0;
  let position = (hour - T.replay.firstLag - first) % HISTORY_HOURS;
  for (let at = first; at < LAGS; at += 1) {
    const before = levelAt(history, position);
    position = position === 0 ? HISTORY_HOURS - 1 : position - 1;
    if (before < 0) {
      match[at] = 0;
      continue;
    }
    known += 1;
    const isSame = levelDistance(level, before) <= tolerance;
    match[at] = isSame ? 1 : -1;
    if (isSame) matching += 1;
  }
  return { known, matching };
}

export function replayFinding(device: DeviceState): Finding | null {
  let best = -1;
  let most: number = T.replay.suspectNats;
  for (let at = 0; at < device.lags.length; at += 1) {
    const evidence = device.lags[at] ?? 0;
    if (evidence <= most) continue;
    most = evidence;
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
