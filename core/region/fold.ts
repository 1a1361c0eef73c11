/**
 * The fold: (state, entry, rules) -> state and what became of it. Total: no entry can make it throw. It owns the state
 * and changes it in place, for speed; the same log gives the same bytes on every engine.
 */
import { unpackReadings } from '../reading/pack.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { applyBatch, type BatchEffect } from './apply-batch.ts';
import { followChain, liftQuarantine } from './chain.ts';
import { freezeHours, judgeHours } from './close.ts';
import { rememberBatch } from './decide.ts';
import { newHabit } from '../qc/receipt-time.ts';
import { distanceMeters } from '../geo.ts';
import { hourOf } from '../time.ts';
import { charterFacts, membershipFacts } from './facts.ts';
import type { BatchBody, InheritBody, LogEntry, MembershipBody } from './entry.ts';
import { updateNeighbors } from './neighbors.ts';
import type { Outputs } from './outputs.ts';
import { noteDisorder } from './own-order.ts';
import type { DeviceState, RegionState } from './state.ts';

/** Null for entries other than batches. */
export function applyEntry(state: RegionState, entry: LogEntry, rules: RuleSet, outputs: Outputs): BatchEffect | null {
  state.seq = entry.seq;
  state.lastReceivedMs = Math.max(state.lastReceivedMs, entry.receivedMs);
  switch (entry.kind) {
    case 'rule-set':
      state.charter = charterFacts(entry);
      return null;
    case 'membership':
      applyMembership(state, membershipFacts(entry));
      return null;
    case 'batch':
      return foldBatch(state, entry, rules);
    case 'hour-close':
      freezeHours(state, entry.hour, rules);
      return null;
    case 'neighbour-cells':
      judgeHours(state, entry, rules, outputs);
      return null;
    case 'maintenance': {
      const device = state.devices.find((candidate) => candidate.membership.device === entry.device);
      // Announced, not excused: a window starts no earlier than its receipt.
      const fromMs = Math.max(entry.fromMs, entry.receivedMs);
      if (device === undefined || fromMs >= entry.untilMs) return null;
      device.maintenance.push([fromMs, entry.untilMs]);
      // A clock that is ahead has sent readings of the window already.
      const hour = Math.max(hourOf(fromMs, rules.time), (state.frozenThrough ?? -1) + 1);
      for (const series of device.quantities) if (series.lastMs >= fromMs) noteDisorder(series, hour);
      return null;
    }
    case 'inherit':
      inherit(state, entry, rules);
      return null;
  }
}

function foldBatch(
  state: RegionState,
  entry: BatchBody & { seq: number; receivedMs: number },
  rules: RuleSet,
): BatchEffect | null {
  const device = state.devices[entry.slot];
  const readings = unpackReadings(entry.readings);
  if (device === undefined || !readings.ok) return null;
  rememberBatch(device, entry.nonce, entry.digest, entry.seq);
  followChain(device, entry, rules.time);
  return applyBatch(state, device, readings.value, entry.receivedMs, rules);
}

function applyMembership(state: RegionState, membership: MembershipBody): void {
  const known = state.devices.findIndex((device) => device.membership.device === membership.device);
  const device = state.devices[known];
  if (device === undefined) {
    state.devices.push(newDevice(membership));
    updateNeighbors(state, state.devices.length - 1);
    return;
  }
  if (membership.version <= device.membership.version) return;
  liftQuarantine(device, membership.status);
  const isMoved = distanceMeters(device.membership, membership) > 0;
  device.membership = membership;
  if (isMoved) updateNeighbors(state, known);
}

function inherit(state: RegionState, entry: InheritBody, rules: RuleSet): void {
  const device = state.devices.find((candidate) => candidate.membership.device === entry.device);
  // Only a device without a history of its own here can bring one along.
  if (device === undefined || device.highNonce !== '') return;
  device.highNonce = entry.highNonce;
  device.badHours = [entry.badHours];
  device.scoreDays = 1;
  device.score30Bps = entry.scoreBps;
  device.weeklyBps = entry.scoreBps;
  // A new key or region is no way back to earning.
  device.eligible = entry.scoreBps >= rules.score.ineligibleBps;
}

function newDevice(membership: MembershipBody): DeviceState {
  return {
    membership,
    near: [],
    highNonce: '',
    recent: [],
    newestMs: 0,
    posting: newHabit(),
    conflicts: 0,
    quantities: [],
    open: [],
    day: [],
    late: [],
    maintenance: [],
    badHours: [],
    maintained: [],
    scoreDays: 0,
    score30Bps: 0,
    weeklyBps: 0,
    // Unknown is not bad.
    eligible: true,
    events: [],
    copies: [],
    lags: [],
    chain: null,
  };
}
