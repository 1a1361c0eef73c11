/** Runs the region fold over a data set: the entries are what region objects would have logged, the clock is the receipt. */
import { cellToBoundary, cellToLatLng, latLngToCell } from 'h3-js';
import type { DeviceId, OwnerAddress, PlaceCell, RegionCell } from '../../core/ids.ts';
import { packReadings } from '../../core/reading/pack.ts';
import type { Reading } from '../../core/reading/reading.ts';
import type { BatchEffect } from '../../core/region/apply-batch.ts';
import { makeBlock, parseBlock, type Block } from '../../core/region/block.ts';
import {
  blockDeadlineMs,
  dueHour,
  isWorthWaiting,
  nextDueMs,
  nextHour,
  openHour,
  whyNoBlock,
} from '../../core/region/due.ts';
import type { CharterBody, EntryBody, MembershipBody } from '../../core/region/entry.ts';
import { applyEntry } from '../../core/region/fold.ts';
import { chooseBlocks } from '../../core/region/foreign.ts';
import { noOutputs, type Outputs } from '../../core/region/outputs.ts';
import { isWithinReach } from '../../core/region/reach.ts';
import { decodeState, emptyState, encodeState, type RegionState } from '../../core/region/state.ts';
import { hashRuleSet, type RuleSet } from '../../core/rules/rule-set.ts';
import { toSteps, type Row, type Station } from './data-set.ts';

const REGION_RESOLUTION = 3;
const PLACE_RESOLUTION = 7;
/** Stations without coordinates stand alone: a degree apart, beyond every neighbor radius. */
const LONELY_DEGREES = 1;
/** As the objects keep them. */
const KEPT_BLOCKS = 200;

/** Which region a station belongs to; tests cut a set into regions of their own. */
export type RegionOf = (station: Station) => RegionCell;

/** One region: its state, its log's clock and what it has put out. */
export type Region = {
  readonly cell: RegionCell;
  state: RegionState;
  readonly outputs: Outputs;
  /** Regions whose devices may be neighbors of this one's. */
  readonly near: Region[];
  /** Its own blocks by hour. */
  readonly blocks: Map<number, Block>;
  nextDueMs: number;
  nonce: number;
};

/** What a replay goes on from; what a region had put out before is the caller's to keep. */
export type SavedRegion = {
  readonly state: string;
  /** Its own blocks, base64. */
  readonly blocks: readonly string[];
  readonly nextDueMs: number;
  readonly nonce: number;
};

export type Placed = { readonly station: Station; readonly region: Region; readonly slot: number };

export class Replay {
  readonly regions: readonly Region[];
  readonly placed: ReadonlyMap<string, Placed>;
  readonly #rules: RuleSet;

  constructor(stations: readonly Station[], rules: RuleSet, startMs: number, regionOf: RegionOf = trueRegionOf) {
    this.#rules = rules;
    const byCell = Map.groupBy(stations, regionOf);
    const placed = new Map<string, Placed>();
    this.regions = [...byCell]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([cell, members]) => {
        const region: Region = {
          cell,
          state: emptyState(),
          outputs: noOutputs(),
          near: [],
          blocks: new Map(),
          nextDueMs: 0,
          nonce: 0,
        };
        this.#append(region, charterOf(cell, rules), startMs);
        for (const [slot, station] of members.entries()) {
          this.#append(region, membershipOf(station, slot, startMs), startMs);
          placed.set(station.id, { station, region, slot });
        }
        return region;
      });
    for (const region of this.regions) region.near.push(...this.regions.filter((other) => isNear(region, other)));
    this.placed = placed;
  }

  /** One post: rows of one station that were received together. Null: the fold made nothing of it. */
  post({ region, slot, station }: Placed, rows: readonly Row[], receivedMs: number): BatchEffect | null {
    const readings = rows.flatMap((row) => readingsOf(row, station));
    if (readings.length === 0) return null;
    region.nonce += 1;
    const nonce = region.nonce.toString(16).padStart(16, '0');
    const body: EntryBody = {
      kind: 'batch',
      slot,
      nonce,
      digest: new Uint8Array(32),
      readings: packReadings(readings),
      evidence: new Uint8Array(),
    };
    const effect = this.#append(region, body, receivedMs);
    if (region.nextDueMs === 0) region.nextDueMs = nextDueMs(region.state, receivedMs, this.#rules) ?? 0;
    return effect;
  }

  /** Closes every hour that is due by the clock, as the objects' alarms do; each with what the regions around say of it. */
  advance(nowMs: number): void {
    if (this.regions.every((region) => region.nextDueMs === 0 || nowMs < region.nextDueMs)) return;
    for (;;) {
      const closed = this.regions.filter((region) => this.#close(region, nowMs));
      const judged = this.regions.filter((region) => this.#judge(region, nowMs));
      if (closed.length === 0 && judged.length === 0) break;
    }
    for (const region of this.regions) {
      if (region.nextDueMs !== 0) region.nextDueMs = nextDueMs(region.state, nowMs, this.#rules) ?? nowMs;
    }
  }

  /** Step one. */
  #close(region: Region, nowMs: number): boolean {
    const { state } = region;
    const due = openHour(state) === null ? dueHour(state, nowMs, this.#rules) : null;
    if (due === null) return false;
    const hour = region.near.length === 0 ? due : nextHour(state);
    this.#append(region, { kind: 'hour-close', hour }, nowMs);
    const block = region.near.length === 0 ? null : makeBlock(state, hour);
    if (block !== null) region.blocks.set(hour, block);
    region.blocks.delete(hour - KEPT_BLOCKS);
    return true;
  }

  /** Step two, once all have answered or the wait is over. */
  #judge(region: Region, nowMs: number): boolean {
    const { state } = region;
    const hour = openHour(state);
    if (hour === null) return false;
    const isWaiting = region.near.some(
      (other) => !other.blocks.has(hour) && isWorthWaiting(state, whyNoBlock(other.state, hour), nowMs, this.#rules),
    );
    if (isWaiting && nowMs < blockDeadlineMs(state, hour, this.#rules)) return false;
    const asked = region.near.map(({ cell, blocks }) => ({ cell, block: blocks.get(hour) ?? null }));
    this.#append(region, { kind: 'neighbour-cells', hour, blocks: chooseBlocks(state, asked) }, nowMs);
    return true;
  }

  save(): readonly SavedRegion[] {
    return this.regions.map(({ state, blocks, nextDueMs, nonce }) => ({
      state: new TextDecoder().decode(encodeState(state)),
      blocks: [...blocks.values()].map(({ bytes }) => Buffer.from(bytes).toString('base64')),
      nextDueMs,
      nonce,
    }));
  }

  /** Into a new replay of the same stations and rules. */
  restore(saved: readonly SavedRegion[]): void {
    for (const [at, { state, blocks, ...rest }] of saved.entries()) {
      const region = this.regions[at];
      if (region === undefined) continue;
      Object.assign(region, { state: decodeState(new TextEncoder().encode(state)), ...rest });
      for (const bytes of blocks) {
        const block = parseBlock(Buffer.from(bytes, 'base64'));
        if (block.ok) region.blocks.set(block.value.hour, block.value);
      }
    }
  }

  #append(region: Region, body: EntryBody, receivedMs: number): BatchEffect | null {
    const { state, outputs } = region;
    const at = Math.max(state.lastReceivedMs, receivedMs);
    return applyEntry(state, { ...body, seq: state.seq + 1, receivedMs: at }, this.#rules, outputs);
  }
}

function readingsOf(row: Row, station: Station): Reading[] {
  return row.values.flatMap((value) => {
    const steps = toSteps(value, station);
    return steps === null ? [] : [{ quantity: value.quantity, measuredMs: row.measuredMs, steps }];
  });
}

function isNear(region: Region, other: Region): boolean {
  const [one, two] = [region.state.charter, other.state.charter];
  return region !== other && one !== null && two !== null && isWithinReach(one.boundary, two.boundary);
}

function trueRegionOf({ latitude, longitude }: Station): RegionCell {
  return latLngToCell(latitude ?? 0, longitude ?? 0, REGION_RESOLUTION) as RegionCell;
}

function charterOf(cell: RegionCell, rules: RuleSet): CharterBody {
  const boundary = cellToBoundary(cell).map(([latitude, longitude]) => [toE5(longitude), toE5(latitude)] as const);
  return { kind: 'rule-set', rules: rules.name, ruleSetHash: hashRuleSet(rules), cell, regionName: cell, boundary };
}

function membershipOf(station: Station, slot: number, claimedMs: number): MembershipBody {
  const place = latLngToCell(
    station.latitude ?? 0,
    station.longitude ?? slot * LONELY_DEGREES,
    PLACE_RESOLUTION,
  ) as PlaceCell;
  const [latitude, longitude] = cellToLatLng(place);
  return {
    kind: 'membership',
    version: 1,
    device: station.id as DeviceId,
    status: 'active',
    owner: `0x${'0'.repeat(40)}` as OwnerAddress,
    displayName: station.name,
    place,
    latitudeE5: toE5(latitude),
    longitudeE5: toE5(longitude),
    elevationM: station.elevationM === null ? null : Math.round(station.elevationM / 10) * 10,
    tier: 1,
    density: place,
    claimedMs,
  };
}

const toE5 = (degrees: number): number => Math.round(degrees * 1e5);
