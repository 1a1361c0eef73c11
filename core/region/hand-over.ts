/**
 * What goes along when a device moves to another region. The old region notes with the entry that retires the device how
 * it stands, so that the answer is the same whenever it is asked, and an audit finds it in the old region's log.
 */
import { distanceMeters } from '../geo.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { epochOf, epochOfHour, hourOf, hourStartMs } from '../time.ts';
import { bringProof, isProven } from './chain.ts';
import type { ArrivalBody, Reputation } from './entry.ts';
import { budgetLeft, hoursMaintained, MOST_WINDOWS } from './maintenance.ts';
import { FULL, loseReputation } from './relocation.ts';
import { badShareOfDay } from './score.ts';
import type { DeviceState, RegionState } from './state.ts';

/** The device is retired now: nothing is measured here any more, and windows that go on, go on elsewhere. */
export function depart(state: RegionState, device: DeviceState, receivedMs: number, rules: RuleSet): void {
  const reputation = reputationOf(state, device, receivedMs, rules);
  device.maintenance = before(device.maintenance, receivedMs);
  device.departure = { seq: state.seq, reputation };
}

function before(windows: DeviceState['maintenance'], ms: number): DeviceState['maintenance'] {
  return windows.flatMap(({ fromMs, untilMs, announcedMs }) =>
    fromMs < ms ? [{ fromMs, untilMs: Math.min(untilMs, ms), announcedMs }] : [],
  );
}

function reputationOf(state: RegionState, device: DeviceState, receivedMs: number, rules: RuleSet): Reputation {
  const { latitudeE5, longitudeE5, density } = device.membership;
  const { settledMs, highNonce, newestMs, placedMs, conflicts } = device;
  const { scoreDays, score30Bps, weeklyBps, eligible } = standingScore(device);
  const today = badShareOfDay(device.day);
  const [yesterday = 0, ...earlier] = device.badHours;
  const maintained = maintainedSoFar(state, device, receivedMs, rules);
  return {
    leftMs: receivedMs,
    latitudeE5,
    longitudeE5,
    density,
    settledMs,
    highNonce,
    // Of the regions before this one, too.
    newestMs: Math.max(newestMs, placedMs),
    conflicts,
    isProven: isProven(device),
    scoreDays,
    score30Bps,
    weeklyBps,
    eligible,
    badHours: today === 0 ? [...device.badHours] : [today + yesterday, ...earlier],
    maintained: maintained === 0 ? [...device.maintained] : [maintained, ...device.maintained],
    maintenance: device.maintenance.filter(({ untilMs }) => untilMs > receivedMs),
  };
}

type StandingScore = Pick<Reputation, 'scoreDays' | 'score30Bps' | 'weeklyBps' | 'eligible'>;

/** Its first day, if it has measured on it, counts as a full one: else it could have first days in one region after the other. */
function standingScore({ scoreDays, score30Bps, weeklyBps, eligible, day, open }: DeviceState): StandingScore {
  return scoreDays === 0 && day.length + open.length > 0
    ? { scoreDays: 1, score30Bps: FULL, weeklyBps: FULL, eligible: true }
    : { scoreDays, score30Bps, weeklyBps, eligible };
}

/** Hours that the day's close here may yet excuse: another region must not excuse as many again. */
function maintainedSoFar(state: RegionState, device: DeviceState, receivedMs: number, rules: RuleSet): number {
  const next = state.closedThrough === null ? state.firstHour : state.closedThrough + 1;
  if (next === null || device.maintenance.length === 0) return 0;
  const windows = before(device.maintenance, receivedMs);
  let hours = 0;
  const [from, until] = [epochOfHour(next, rules.time), epochOf(receivedMs, rules.time)];
  for (let epoch: number = from; epoch <= until; epoch += 1)
    hours += hoursMaintained(windows, epoch, rules.time).length;
  return Math.max(0, Math.min(hours, budgetLeft(device, rules.score)));
}

/** The first word on a device that is new here, or comes back; its membership has said where it stands. */
export function arrive(state: RegionState, { device: id, reputation }: ArrivalBody, rules: RuleSet): void {
  const device = state.devices.find(({ membership }) => membership.device === id);
  if (device === undefined || !mayBring(device)) return;
  const { leftMs, highNonce, newestMs, conflicts, scoreDays, score30Bps, weeklyBps, eligible } = reputation;
  if (highNonce > device.highNonce) device.highNonce = highNonce;
  // The hour that was begun elsewhere counts there: nowhere a second time.
  const begunMs = newestMs === 0 ? 0 : hourStartMs(hourOf(newestMs, rules.time) + 1, rules.time) - 1;
  device.placedMs = Math.max(device.placedMs, leftMs, begunMs);
  device.settledMs = device.membership.density === reputation.density ? reputation.settledMs : leftMs;
  device.conflicts = conflicts;
  device.scoreDays = scoreDays;
  device.score30Bps = score30Bps;
  device.weeklyBps = weeklyBps;
  device.eligible = eligible;
  device.badHours = reputation.badHours.slice(0, rules.score.memoryDays - 1);
  device.maintained = reputation.maintained.slice(0, rules.score.maintenanceDays - 1);
  for (const { fromMs, untilMs, announcedMs } of reputation.maintenance) {
    device.maintenance.push({ fromMs: Math.max(fromMs, leftMs), untilMs, announcedMs });
  }
  device.maintenance = device.maintenance.slice(-MOST_WINDOWS);
  device.departure = null;
  bringProof(device, state.seq, reputation.isProven);
  loseReputation(device, distanceMeters(reputation, device.membership), rules.score);
}

/** Only a device without a history of its own here, or whose history went on elsewhere, can bring one along. */
export function mayBring({ highNonce, newestMs, departure }: DeviceState): boolean {
  return departure !== null || (highNonce === '' && newestMs === 0);
}
