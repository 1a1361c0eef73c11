/**
 * Replay of the device's own history: a sequential likelihood ratio for each lag of one to four weeks.
 * A value that many lags have in common now carries no evidence, so weather that repeats itself accuses nobody.
 */
import { ln } from '../math.ts';
import type { DeviceState } from '../region/state.ts';
import type { Finding } from './finding.ts';
import {
  charactersOf,
  FINENESS,
  HISTORY_HOURS,
  historyLevel,
  levelOf,
  levelDistance,
  markNear,
  NOTHING_CODE,
  wrapLevel,
} from './history.ts';
import { FAIL } from '../reading/reading.ts';
import { REPLAY } from './tests.ts';
import { T } from './thresholds.ts';
import { fromScale } from './traits.ts';
import { toleranceOf, type Sight } from './view.ts';

const LAGS = HISTORY_HOURS - T.replay.firstLag + 1;
const LEAST_LAGS = 24;
const HOURS_OF_DAY = 24;

/** Scratch of one call, overwritten by each: an hour of a region makes thousands. */
const nats = new Float64Array(LAGS);
const match = new Int8Array(LAGS);
const near = new Uint8Array(128);

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
  const tolerance = Math.max(1, (toleranceOf(own) * FINENESS) / traits.same);
  // After a pause the youngest lags point to hours without values.
  const first = Math.max(0, own.cell.hour - model.at - T.replay.firstLag);
  const { known, matching } = matchLags(model.history, own.cell.hour, first, historyLevel(own), tolerance);
  if (known < LEAST_LAGS) return 0;
  const chance = Math.min((matching + 1) / (known + 2), 0.9);
  const weight = own.scaled === model.value ? T.replay.still : 1;
  addLags(first, 1, chance, weight);
  // Clear days are alike at the same time of day: whole days are held to the share of whole days that match.
  const days = countDays(first);
  const dayChance = Math.min((days.matching + 1) / (days.known + 2), 0.9);
  if (dayChance > chance) {
    addLags(days.first, HOURS_OF_DAY, chance, -weight);
    addLags(days.first, HOURS_OF_DAY, dayChance, weight);
  }
  return 1;
}

function addLags(first: number, step: number, chance: number, weight: number): void {
  const same = weight * ln(T.replay.honest / chance);
  const other = weight * ln((1 - T.replay.honest) / (1 - chance));
  for (let at = first; at < LAGS; at += step) {
    const is = match[at];
    if (is !== 0) nats[at] = (nats[at] ?? 0) + (is === 1 ? same : other);
  }
}

function countDays(first: number): { readonly first: number; readonly known: number; readonly matching: number } {
  // Lag `firstLag + at` is a whole number of days.
  const start = first + ((HOURS_OF_DAY - ((T.replay.firstLag + first) % HOURS_OF_DAY)) % HOURS_OF_DAY);
  let known = 0;
  let matching = 0;
  for (let at = start; at < LAGS; at += HOURS_OF_DAY) {
    if (match[at] !== 0) known += 1;
    if (match[at] === 1) matching += 1;
  }
  return { first: start, known, matching };
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
  markNear(near, level, tolerance);
  const characters = charactersOf(history);
  let known = 0;
  let matching = 0;
  let position = (hour - T.replay.firstLag - first) % HISTORY_HOURS;
  for (let at = first; at < LAGS; at += 1) {
    const here = position;
    position = position === 0 ? HISTORY_HOURS - 1 : position - 1;
    const high = characters[here * 2] ?? NOTHING_CODE;
    if (high === NOTHING_CODE) {
      match[at] = 0;
      continue;
    }
    known += 1;
    const isSame = near[high] === 1 && levelDistance(level, levelOf(high, characters[here * 2 + 1] ?? 0)) <= tolerance;
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
