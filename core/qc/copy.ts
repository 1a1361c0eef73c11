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
import type { Outlook } from './outlook.ts';
import { quarterOf, toleranceOf, type HourView, type Neighbors, type Sight } from './view.ts';

/** Beyond so many spreads a value is just foreign to the place. */
const HOME_CAP = 4;

/** How likely a series is where it is, given its own place and scatter; null: too little is known of either. */
export function homeOf(own: Sight, neighbors: Neighbors | null): number | null {
  if (neighbors === null || own.model.hours < T.copy.placeHours) return null;
  const scatter = Math.max(own.model.placeSpread, own.traits.floor, own.grain);
  // By its place of the last month: the usual distance follows a copier within days.
  const away = own.scaled - (own.model.place[quarterOf(own.cell.hour)] ?? 0) - neighbors.median;
  const z = Math.min(HOME_CAP, Math.abs(away) / scatter);
  return round5(-0.5 * z * z - ln(scatter));
}

/** One moving series and who of the near devices has its value. */
type Claim = {
  readonly own: Sight;
  readonly weight: number;
  /** By position among the near devices; null: it does not measure the quantity. */
  readonly matches: readonly (boolean | null)[];
  readonly others: ReadonlyMap<number, Outlook>;
  /** How many measure the quantity, and how many of them have its value. */
  readonly known: number;
  readonly matching: number;
};

/** Updates the suspicions of `device` with one hour. */
export function updateCopies(device: DeviceState, sights: readonly Sight[], view: HourView): void {
  const claims = sights.flatMap((own) => claimOf(own, device.near, view) ?? []);
  if (claims.length === 0) return;
  for (const [at, slot] of device.near.entries()) {
    if (at >= T.copy.pairs) break;
    const shared = claims.filter(({ matches }) => matches[at] !== null);
    if (shared.length > 0) updatePair(suspicionOf(device, slot), at, slot, shared);
  }
}

function claimOf(own: Sight, near: readonly number[], view: HourView): Claim | null {
  const ofQuantity = view.byQuantity.get(own.cell.quantity);
  if (ofQuantity === undefined || own.model.at < 0 || own.scaled === own.model.value) return null;
  const tolerance = toleranceOf(own);
  let known = 0;
  let matching = 0;
  const matches = near.map((slot) => {
    const other = ofQuantity.get(slot);
    if (other === undefined) return null;
    const isMatch = Math.abs(own.scaled - other.scaled) <= Math.max(tolerance, other.tolerance);
    known += 1;
    if (isMatch) matching += 1;
    return isMatch;
  });
  return { own, weight: weightOf(own, tolerance), matches, others: ofQuantity, known, matching };
}

function updatePair(suspicion: CopySuspicion, at: number, slot: number, shared: readonly Claim[]): void {
  const matched: Claim[] = [];
  let nats = 0;
  for (const claim of shared) {
    const { weight, matches, known, matching } = claim;
    const isMatch = matches[at] === true;
    if (isMatch) matched.push(claim);
    // That two honest devices match: the share of the others that do, or what this pair always had in common.
    const others = known - 1;
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
  learnLean(suspicion, leanOf(matched, slot));
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
function weightOf(own: Sight, tolerance: number): number {
  const moved = Math.abs(own.scaled - own.model.value);
  return Math.min(1, moved / (T.copy.fullMove * tolerance));
}

function suspicionOf(device: DeviceState, slot: number): CopySuspicion {
  const known = device.copies.find((copy) => copy.slot === slot);
  if (known !== undefined) return known;
  const suspicion = { slot, nats: 0, usual: T.copy.firstUsual, lately: 0, hours: 0, lean: 0, leanHours: 0 };
  device.copies.push(suspicion);
  device.copies.sort((a, b) => a.slot - b.slot);
  return suspicion;
}

/**
 * Whose place the common series fits worse: positive where it is this device's own. How it fits the other's place follows
 * from the other's neighbors, so both are taken as of the hour before: those of this hour are not known across a border.
 */
function leanOf(matched: readonly Claim[], slot: number): number | null {
  let lean = 0;
  let count = 0;
  for (const { own, others } of matched) {
    const [mine, theirs] = [own.model.home, others.get(slot)?.home ?? null];
    if (mine === null || theirs === null) continue;
    lean += theirs - mine;
    count += 1;
  }
  return count === 0 ? null : lean / count;
}

/** The device that this one is held to copy: the series are one, and this one left its place while the other kept its own. */
export function copyFinding(device: DeviceState): Finding | null {
  let worst: CopySuspicion | null = null;
  // Of equal evidence the nearest is named.
  for (const slot of device.near.slice(0, T.copy.pairs)) {
    const copy = device.copies.find((known) => known.slot === slot);
    if (copy === undefined || copy.nats <= T.copy.suspectNats || copy.lean < T.copy.leastLean) continue;
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

/** While two series are one, neither learns its place: whose it fits worse must stay visible. After days all is said. */
export function holdsPlace({ copies }: DeviceState): boolean {
  return copies.some(({ nats, leanHours }) => nats > T.copy.doubtNats && leanHours > 0 && leanHours < T.copy.leanHours);
}

/** While this much speaks for a copy, and for this device as its author, little is learned of it. */
export function isSuspected({ copies }: DeviceState): boolean {
  return copies.some(({ nats, lean, leanHours }) => nats > T.copy.doubtNats && leanHours > 0 && lean > 0);
}
