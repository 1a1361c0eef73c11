/**
 * The fold: (state, entry, rules) -> state and what became of it. Total: no entry can make it throw. It owns the state
 * and changes it in place, for speed; the same log gives the same bytes on every engine.
 */
import { unpackReadings } from '../reading/pack.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { applyBatch, type BatchEffect } from './apply-batch.ts';
import { followChain, keepFrozen, liftQuarantine } from './chain.ts';
import { freezeHours, judgeHours } from './close.ts';
import { rememberBatch } from './decide.ts';
import { newHabit } from '../qc/receipt-time.ts';
import { distanceMeters } from '../geo.ts';
import { charterFacts, membershipFacts } from './facts.ts';
import type { BatchBody, LogEntry, MembershipBody } from './entry.ts';
import { arrive, depart } from './hand-over.ts';
import { announce } from './maintenance.ts';
import { updateNeighbors } from './neighbors.ts';
import type { Outputs } from './outputs.ts';
import { moveTo } from './relocation.ts';
import type { DeviceState, RegionState } from './state.ts';
import { succeed } from './succession.ts';

/** Null for entries other than batches. */
export function applyEntry(state: RegionState, entry: LogEntry, rules: RuleSet, outputs: Outputs): BatchEffect | null {
  state.seq = entry.seq;
  state.lastReceivedMs = Math.max(state.lastReceivedMs, entry.receivedMs);
  switch (entry.kind) {
    case 'rule-set':
      state.charter = charterFacts(entry);
      return null;
    case 'membership':
      applyMembership(state, membershipFacts(entry), entry.receivedMs, rules);
      return null;
    case 'batch':
      return foldBatch(state, entry, rules);
    case 'hour-close':
      freezeHours(state, entry.hour, rules);
      return null;
    case 'neighbour-cells':
      judgeHours(state, entry, rules, outputs);
      return null;
    case 'maintenance':
      announce(state, entry, rules);
      return null;
    case 'inherit':
      if (entry.reputation === null) succeed(state, entry, rules.time);
      else arrive(state, entry, rules);
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
  // It is back, and its history goes on here.
  device.departure = null;
  followChain(device, entry, rules.time);
  return applyBatch(state, device, readings.value, entry.receivedMs, rules);
}

function applyMembership(state: RegionState, membership: MembershipBody, receivedMs: number, rules: RuleSet): void {
  const known = state.devices.findIndex((device) => device.membership.device === membership.device);
  const device = state.devices[known];
  if (device === undefined) {
    // A key that has a successor here is retired, whatever the registry's row of it says.
    if (state.devices.some(({ former }) => former.some((key) => key.device === membership.device))) return;
    state.devices.push(newDevice(membership));
    updateNeighbors(state, [state.devices.length - 1]);
    return;
  }
  if (membership.version <= device.membership.version) return;
  keepFrozen(device, membership.status);
  liftQuarantine(device, membership.status);
  const wasRetired = device.membership.status === 'retired';
  const meters = distanceMeters(device.membership, membership);
  if (meters > 0) moveTo(device, meters, receivedMs, rules);
  if (device.membership.density !== membership.density) device.settledMs = receivedMs;
  device.membership = membership;
  if (meters > 0) updateNeighbors(state, [known]);
  if (membership.status === 'retired' && !wasRetired) depart(state, device, receivedMs, rules);
}

function newDevice(membership: MembershipBody): DeviceState {
  return {
    membership,
    former: [],
    placedMs: 0,
    settledMs: 0,
    frozen: false,
    departure: null,
    measuring: false,
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
    reliabilityBps: 0,
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
