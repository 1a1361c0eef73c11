/**
 * A region's log from its first entry to the close of an epoch: folds it, and asks of each entry whether the region was
 * allowed to write it. What the fold cannot know (who owns a device, what was never logged) no replay can find.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { DeviceId, RegionCell } from '../ids.ts';
import { admit } from '../region/decide.ts';
import { makeBlock } from '../region/block.ts';
import { dueHour, nextHour } from '../region/due.ts';
import type { CharterBody, LogEntry, Reputation } from '../region/entry.ts';
import { applyEntry } from '../region/fold.ts';
import { noOutputs, type Outputs, type Seal } from '../region/outputs.ts';
import { emptyState, encodeState, type RegionState } from '../region/state.ts';
import { ALIKE_EPOCHS, withAlike, type SeriesDay } from '../reward/alike.ts';
import type { DeviceDay } from '../reward/weight.ts';
import { ok, type Result } from '../result.ts';
import { hashRuleSet, type RuleSet } from '../rules/rule-set.ts';
import { hoursPerEpoch, rfc3339, toldTime } from '../time.ts';
import { checkActOrder, noActs, type ActsSoFar } from './act-order.ts';
import { toldBlock, usedBlocks, type BlockRecord, type ToldBlock, type UsedBlock } from './compare-blocks.ts';
import { departureKey, type Arrival, type HandOverRecord } from './compare-hand-overs.ts';
import { noMoves, recordMove, type MoveRecord } from './compare-moves.ts';
import { differs, type Difference, type Place } from './difference.ts';

export type RegionReplay = {
  readonly cell: RegionCell;
  readonly rules: RuleSet;
  readonly state: RegionState;
  /** By epoch, as rewards are computed from them. */
  readonly days: Map<number, readonly DeviceDay[]>;
  /** Series of the last days, as far back as a comparison of devices needs them. */
  week: readonly SeriesDay[];
  /** When which hours got their verdicts, in that order. */
  readonly closings: Closing[];
  /** Where the fold ends its segments, oldest first. */
  readonly seals: Seal[];
  /** Blocks of its own that follow from the log, by hour, and those of others that it used. */
  readonly told: Map<number, ToldBlock>;
  readonly used: UsedBlock[];
  /** How devices stood when they left, by device and entry, and what others are said to have brought along. */
  readonly departures: Map<string, Reputation>;
  readonly arrivals: Arrival[];
  /** Of owners and devices, and the moves among them. */
  readonly acts: ActsSoFar;
  readonly moves: MoveRecord;
  /** By key, everybody to whom its device has belonged under it. */
  readonly owners: Map<string, Set<string>>;
};

export type Closing = { readonly hour: number; readonly atMs: number };

export function startReplay(cell: RegionCell, rules: RuleSet): RegionReplay {
  return {
    cell,
    rules,
    state: emptyState(),
    days: new Map(),
    week: [],
    closings: [],
    seals: [],
    told: new Map(),
    used: [],
    departures: new Map(),
    arrivals: [],
    acts: noActs(),
    moves: noMoves(cell),
    owners: new Map(),
  };
}

/** sha-256 of the folded state, as the region object publishes it. */
export function stateHash(replay: RegionReplay): string {
  return bytesToHex(sha256(encodeState(replay.state)));
}

/** @return the device of a batch, null for other entries */
export function replayEntry(replay: RegionReplay, entry: LogEntry): Result<DeviceId | null, Difference> {
  const { cell, rules, state } = replay;
  const at: Place = { region: cell, seq: entry.seq };
  const next = state.seq + 1;
  if (entry.seq !== next) return differs('missing-entries', { region: cell, seq: next }, entry.seq, next);
  if (entry.receivedMs < state.lastReceivedMs) {
    return differs('time-order', at, toldTime(entry.receivedMs), `${rfc3339(state.lastReceivedMs)} or later`);
  }
  const allowed = checkEntry(replay, entry, at);
  if (!allowed.ok) return allowed;
  const ordered = checkActOrder(replay.acts, entry, at);
  if (!ordered.ok) return ordered;
  recordMove(replay.moves, state, entry);
  const outputs = noOutputs();
  const effect = applyEntry(state, entry, rules, outputs);
  if (entry.kind === 'batch' && effect === null) return differs('entry', at, 'a batch', 'its readings are not packed');
  recordBlocks(replay, entry);
  if (entry.kind === 'membership')
    replay.owners.set(entry.device, (replay.owners.get(entry.device) ?? new Set()).add(entry.owner));
  recordHandOver(replay, entry);
  recordDays(replay, outputs.days);
  recordClosing(replay, entry);
  replay.seals.push(...outputs.seals);
  return allowed;
}

/** One close reaches to the end of its epoch at most: all days are of one. */
function recordDays(replay: RegionReplay, days: Outputs['days']): void {
  const epoch = days[0]?.epoch;
  if (epoch === undefined) return;
  const own = days.map(({ member, series }): SeriesDay => ({ device: member.origin ?? member.device, epoch, series }));
  replay.week = [...replay.week.filter((day) => day.epoch > epoch - ALIKE_EPOCHS), ...own];
  const weighed = days.map(({ member, scoreBps, score30Bps, eligible }): DeviceDay => {
    // The report says what is paid, not where.
    const { latitudeE5: _latitude, longitudeE5: _longitude, ...paid } = member;
    return { ...paid, cell: replay.cell, scoreBps, score30Bps, eligible };
  });
  replay.days.set(epoch, withAlike(weighed, replay.week, epoch, hoursPerEpoch(replay.rules.time)));
}

function recordHandOver({ state, departures, arrivals }: RegionReplay, entry: LogEntry): void {
  if (entry.kind === 'inherit' && entry.reputation !== null) arrivals.push(entry);
  if (entry.kind !== 'membership' || entry.status !== 'retired') return;
  const device = state.devices.find(({ membership }) => membership.device === entry.device);
  if (device?.departure?.seq === entry.seq)
    departures.set(departureKey(entry.device, entry.seq), device.departure.reputation);
}

function recordClosing({ state, closings }: RegionReplay, entry: LogEntry): void {
  const { closedThrough: hour } = state;
  if (entry.kind !== 'neighbour-cells' || hour === null || hour === closings.at(-1)?.hour) return;
  closings.push({ hour, atMs: entry.receivedMs });
}

export function blockRecord({ cell, told, used, state }: RegionReplay): BlockRecord {
  return { cell, told, used, toldThrough: state.frozenThrough };
}

export function handOverRecord({ cell, departures, arrivals, state }: RegionReplay): HandOverRecord {
  return { cell, departures, arrivals, throughSeq: state.seq };
}

function recordBlocks({ state, told, used }: RegionReplay, entry: LogEntry): void {
  if (entry.kind === 'neighbour-cells') used.push(...usedBlocks(entry, entry.seq));
  // A region that closes several hours at once had nobody to tell them to.
  if (entry.kind !== 'hour-close' || entry.hour !== nextHour(state)) return;
  const block = makeBlock(state, entry.hour);
  if (block !== null) told.set(entry.hour, toldBlock(block));
}

function checkEntry(replay: RegionReplay, entry: LogEntry, at: Place): Result<DeviceId | null, Difference> {
  const { state, rules } = replay;
  if (state.charter === null && entry.kind !== 'rule-set') return differs('charter', at, entry.kind, 'rule-set');
  switch (entry.kind) {
    case 'rule-set':
      return checkCharter(replay, entry, at);
    case 'batch': {
      const device = state.devices[entry.slot];
      if (device === undefined) return differs('unknown-device', at, `slot ${entry.slot}`, state.devices.length);
      const admitted = admit(device, entry.nonce, entry.digest);
      const found = admitted.ok ? admitted.value.kind : admitted.error.reason;
      const id = device.membership.device;
      return found === 'new' ? ok(id) : differs('repeated', { ...at, device: id }, 'counted', found);
    }
    case 'hour-close': {
      const due = dueHour(state, entry.receivedMs, rules);
      if (due === null || entry.hour > due) {
        return differs('early-close', at, `hour ${entry.hour}`, due === null ? 'nothing was due' : `hour ${due}`);
      }
      return ok(null);
    }
    case 'inherit': {
      const known = entry.reputation === null ? entry.from : entry.device;
      const isKnown = state.devices.some(({ membership }) => membership.device === known);
      return isKnown ? ok(null) : differs('unknown-device', at, known, 'a device of this region');
    }
    case 'membership':
    case 'neighbour-cells':
    case 'maintenance':
      return ok(null);
  }
}

/** A later `rule-set` entry repeats the first one, perhaps under another name of the region. */
function checkCharter({ cell, rules }: RegionReplay, charter: CharterBody, at: Place): Result<null, Difference> {
  if (charter.cell !== cell) return differs('charter', { ...at, field: 'cell' }, charter.cell, cell);
  if (charter.rules !== rules.name) return differs('charter', { ...at, field: 'rules' }, charter.rules, rules.name);
  const hash = hashRuleSet(rules);
  if (charter.ruleSetHash === hash) return ok(null);
  return differs('charter', { ...at, field: 'ruleSetHash' }, charter.ruleSetHash, hash);
}
