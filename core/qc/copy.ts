/**
 * Copying of a neighbor (anomaly-qc.md T8): a sequential likelihood ratio for each pair of near devices. An hour speaks
 * only where the value moves; what others share, or the pair always shared, carries no evidence: honest twins stay alone.
 */
import { ln } from '../math.ts';
import { FAIL, SUSPECT } from '../reading/reading.ts';
import type { CopySuspicion, DeviceState } from '../region/state.ts';
import type { Finding } from './finding.ts';
import { round5 } from './model.ts';
import { COPY } from './tests.ts';
import { T } from './thresholds.ts';
import type { HourView, Sight } from './view.ts';

/** How likely each series was where it was in one hour, given its own place and scatter: by quantity, then by slot. */
export type Homeliness = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** Updates the suspicions of `device` with one hour. */
export function updateCopies(device: DeviceState, sights: readonly Sight[], view: HourView, homes: Homeliness): void {
  const near = device.near.slice(0, T.copy.pairs);
  for (const slot of near) {
    const tally = tallyOf(slot, sights, view);
    if (tally.shared === 0) continue;
    const suspicion = suspicionOf(device, slot);
    const nats = tally.evidence(suspicion.usual);
    suspicion.nats = Math.round(Math.min(T.copy.capNats, Math.max(0, suspicion.nats + nats)) * 100) / 100;
    // Who is alike from the first day on may be a twin; who becomes alike later is none.
    if (suspicion.nats < T.copy.learnNats || suspicion.hours < T.copy.twinHours) {
      suspicion.hours = Math.min(suspicion.hours + 1, T.copy.usualHours);
      suspicion.usual = round5(suspicion.usual + (tally.matching / tally.shared - suspicion.usual) / suspicion.hours);
    }
    const lean = leanOf(tally.matched, slot, homes);
    if (suspicion.nats < T.copy.doubtNats / 4) {
      suspicion.lean = 0;
      suspicion.leanHours = 0;
    } else if (lean !== null) {
      suspicion.leanHours = Math.min(suspicion.leanHours + 1, T.copy.leanHours);
      suspicion.lean = round5(suspicion.lean + (lean - suspicion.lean) / suspicion.leanHours);
    }
  }
}

type Tally = {
  readonly shared: number;
  readonly matched: readonly Sight[];
  readonly matching: number;
  readonly evidence: (usual: number) => number;
};

function tallyOf(slot: number, sights: readonly Sight[], view: HourView): Tally {
  let shared = 0;
  const matched: Sight[] = [];
  const found: { isMatch: boolean; crowd: number; weight: number }[] = [];
  for (const own of sights) {
    const ofQuantity = view.byQuantity.get(own.cell.quantity);
    const other = ofQuantity?.get(slot);
    if (ofQuantity === undefined || other === undefined || own.model.at < 0) continue;
    if (own.scaled === own.model.value) continue;
    shared += 1;
    const isMatch = isSame(own, other);
    if (isMatch) matched.push(own);
    found.push({ isMatch, crowd: crowdOf(own, slot, ofQuantity), weight: weightOf(own) });
  }
  return {
    shared,
    matched,
    matching: matched.length,
    evidence: (usual) => {
      let nats = 0;
      for (const { isMatch, crowd, weight } of found) {
        const chance = Math.min(T.copy.mostChance, Math.max(T.copy.leastChance, crowd, usual));
        nats += weight * (isMatch ? ln(T.copy.match / chance) : ln((1 - T.copy.match) / (1 - chance)));
      }
      return Math.max(-T.copy.hourNats, Math.min(T.copy.hourNats, nats));
    },
  };
}

/** A value that hardly moved says little more than it said an hour ago. */
function weightOf(own: Sight): number {
  const moved = Math.abs(own.scaled - own.model.value);
  return Math.min(1, moved / (T.copy.fullMove * toleranceOf(own)));
}

function toleranceOf({ traits, grain }: Sight): number {
  return Math.max(traits.same, 0.55 * grain);
}

function isSame(one: Sight, other: Sight): boolean {
  return Math.abs(one.scaled - other.scaled) <= Math.max(toleranceOf(one), toleranceOf(other));
}

/** Share of all other devices that have the same value now. */
function crowdOf(own: Sight, except: number, ofQuantity: ReadonlyMap<number, Sight>): number {
  let all = 0;
  let same = 0;
  for (const other of ofQuantity.values()) {
    if (other.slot === own.slot || other.slot === except) continue;
    all += 1;
    if (isSame(own, other)) same += 1;
  }
  return all === 0 ? 0.5 : same / all;
}

function suspicionOf(device: DeviceState, slot: number): CopySuspicion {
  const known = device.copies.find((copy) => copy.slot === slot);
  if (known !== undefined) return known;
  const suspicion = { slot, nats: 0, usual: T.copy.firstUsual, hours: 0, lean: 0, leanHours: 0 };
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
    if (worst === null || copy.nats > worst.nats) worst = copy;
  }
  if (worst === null) return null;
  return {
    test: COPY,
    flag: worst.lean > T.copy.failLean ? FAIL : SUSPECT,
    severity: worst.nats,
    measured: worst.nats,
    low: null,
    high: null,
    slots: [worst.slot],
  };
}

/** While this much speaks for a copy, and for this device as its author, little is learned of it. */
export function isSuspected(device: DeviceState): boolean {
  return device.copies.some((copy) => copy.nats > T.copy.doubtNats && copy.leanHours > 0 && copy.lean > 0);
}
