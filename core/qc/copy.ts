/**
 * Copying of a neighbor: a sequential likelihood ratio for each pair of near devices. An hour speaks
 * only where the value moves; what others share, or the pair always shared, carries no evidence: honest twins stay alone.
 */
import { ln } from '../math.ts';
import { FAIL, SUSPECT } from '../reading/reading.ts';
import type { CopySuspicion, DeviceState } from '../region/state.ts';
import type { Finding } from './finding.ts';
import { round5 } from './model.ts';
import { COPY } from './tests.ts';
import { T } from './thresholds.ts';
import { toleranceOf, type HourView, type Sight } from './view.ts';

/** How likely each series was where it was in one hour, given its own place and scatter: by quantity, then by slot. */
export type Homeliness = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** One moving series and who of the near devices has its value. */
type Claim = {
  readonly own: Sight;
  readonly weight: number;
  /** By slot, only devices that measure the quantity. */
  readonly matches: ReadonlyMap<number, boolean>;
  readonly matching: number;
};

/** Updates the suspicions of `device` with one hour. */
export function updateCopies(device: DeviceState, sights: readonly Sight[], view: HourView, homes: Homeliness): void {
  const claims = sights.flatMap((own) => claimOf(own, device.near, view) ?? []);
  if (claims.length === 0) return;
  for (const slot of device.near.slice(0, T.copy.pairs)) {
    const shared = claims.filter(({ matches }) => matches.has(slot));
    if (shared.length > 0) updatePair(suspicionOf(device, slot), slot, shared, homes);
  }
}

function claimOf(own: Sight, near: readonly number[], view: HourView): Claim | null {
  const ofQuantity = view.byQuantity.get(own.cell.quantity);
  if (ofQuantity === undefined || own.model.at < 0 || own.scaled === own.model.value) return null;
  const matches = new Map<number, boolean>();
  let matching = 0;
  for (const slot of near) {
    const other = ofQuantity.get(slot);
    if (other === undefined) continue;
    const isMatch = isSame(own, other);
    matches.set(slot, isMatch);
    if (isMatch) matching += 1;
  }
  return { own, weight: weightOf(own), matches, matching };
}

function updatePair(suspicion: CopySuspicion, slot: number, shared: readonly Claim[], homes: Homeliness): void {
  const matched: Sight[] = [];
  let nats = 0;
  for (const { own, weight, matches, matching } of shared) {
    const isMatch = matches.get(slot) === true;
    if (isMatch) matched.push(own);
    // That two honest devices match: the share of the others that do, or what this pair always had in common.
    const others = matches.size - 1;
    const crowd = others === 0 ? 0.5 : (matching - (isMatch ? 1 : 0)) / others;
    const chance = Math.min(T.copy.mostChance, Math.max(T.copy.leastChance, crowd, suspicion.usual));
    nats += weight * (isMatch ? ln(T.copy.match / chance) : ln((1 - T.copy.match) / (1 - chance)));
  }
  const told = Math.max(-T.copy.hourNats, Math.min(T.copy.hourNats, nats));
  suspicion.nats = Math.round(Math.min(T.copy.capNats, Math.max(0, suspicion.nats + told)) * 100) / 100;
  // Who is alike from the first day on may be a twin; who becomes alike later is none.
  if (suspicion.nats < T.copy.learnNats || suspicion.hours < T.copy.twinHours) {
    suspicion.hours = Math.min(suspicion.hours + 1, T.copy.usualHours);
    suspicion.usual = round5(suspicion.usual + (matched.length / shared.length - suspicion.usual) / suspicion.hours);
  }
  suspicion.lately = round5(
    suspicion.lately + (matched.length / shared.length - suspicion.lately) / T.copy.latelyHours,
  );
  learnLean(suspicion, leanOf(matched, slot, homes));
}

function learnLean(suspicion: CopySuspicion, lean: number | null): void {
  if (suspicion.nats < T.copy.doubtNats / 4) {
    suspicion.lean = 0;
    suspicion.leanHours = 0;
  } else if (lean !== null) {
    suspicion.leanHours = Math.min(suspicion.leanHours + 1, T.copy.leanHours);
    suspicion.lean = round5(suspicion.lean + (lean - suspicion.lean) / suspicion.leanHours);
  }
}

/** A value that hardly moved says little more than it said an hour ago. */
function weightOf(own: Sight): number {
  const moved = Math.abs(own.scaled - own.model.value);
  return Math.min(1, moved / (T.copy.fullMove * toleranceOf(own)));
}

function isSame(one: Sight, other: Sight): boolean {
  return Math.abs(one.scaled - other.scaled) <= Math.max(toleranceOf(one), toleranceOf(other));
}

function suspicionOf(device: DeviceState, slot: number): CopySuspicion {
  const known = device.copies.find((copy) => copy.slot === slot);
  if (known !== undefined) return known;
  const suspicion = { slot, nats: 0, usual: T.copy.firstUsual, lately: 0, hours: 0, lean: 0, leanHours: 0 };
  device.copies.push(suspicion);
  device.copies.sort((a, b) => a.slot - b.slot);
  return suspicion;
}

/** Whose place the common series fits worse: positive where it is this device's own. */
function leanOf(matched: readonly Sight[], slot: number, homes: Homeliness): number | null {
  let lean = 0;
  let count = 0;
  for (const { cell, slot: mine } of matched) {
    const ofQuantity = homes.get(cell.quantity);
    const [own, theirs] = [ofQuantity?.get(mine), ofQuantity?.get(slot)];
    if (own === undefined || theirs === undefined) continue;
    lean += theirs - own;
    count += 1;
  }
  return count === 0 ? null : lean / count;
}

/** The device that this one is held to copy: the series are one, and this one left its place while the other kept its own. */
export function copyFinding(device: DeviceState): Finding | null {
  let worst: CopySuspicion | null = null;
  for (const copy of device.copies) {
    if (copy.nats <= T.copy.suspectNats || copy.lean < T.copy.leastLean) continue;
    // What speaks for a copy that has ended fades within days; the accusation ends at once.
    if (copy.lately < copy.usual + T.copy.leastLately * (1 - copy.usual)) continue;
    if (worst === null || copy.nats > worst.nats) worst = copy;
  }
  if (worst === null) return null;
  return {
    test: COPY,
    flag: worst.lean > T.copy.failLean && worst.leanHours >= T.copy.failHours ? FAIL : SUSPECT,
    severity: worst.nats,
    measured: worst.nats,
    low: null,
    high: null,
    slots: [worst.slot],
  };
}

/** While this much speaks for a copy, little is learned of either series: whose place it fits worse must stay visible. */
export function isSuspected(device: DeviceState): boolean {
  return device.copies.some((copy) => copy.nats > T.copy.doubtNats);
}
