/** The verdict on one hour of a region: every series against its neighbors and its past, then every device, then learning. */
import type { QuantityCode } from '../reading/quantity.ts';
import { FAIL, GOOD, NOT_EVALUATED, SUSPECT } from '../reading/reading.ts';
import type { Cell, DeviceState } from '../region/state.ts';
import { believeFailed } from '../region/cells.ts';
import { copyFinding, holdsPlace, homeOf, isSuspected, updateCopies } from './copy.ts';
import type { Finding } from './finding.ts';
import { agreementFinding, residualOf, seriesTests, usualSpread } from './hourly-tests.ts';
import { jointFindings } from './joint-tests.ts';
import { learn } from './learn.ts';
import { outlookOf, type Outlook } from './outlook.ts';
import { nearbyOf } from './provisional.ts';
import { replayFinding, updateReplay } from './replay.ts';
import { APART, CONSISTENCY, FLAT, QUIET, RANGE, SHIFTED, STEP, TIME } from './tests.ts';
import { T } from './thresholds.ts';
import { neighborsOf, sightsOf, type HourView, type Neighbors, type Sight } from './view.ts';

export type Present = { readonly slot: number; readonly device: DeviceState; readonly cells: readonly Cell[] };
/** What was found in each cell that has anything. */
export type Findings = ReadonlyMap<Cell, readonly Finding[]>;

/** A series beyond the border, under the slot by which this region knows its device. */
export type Foreign = { readonly slot: number; readonly quantity: number; readonly outlook: Outlook };

export type Seen = { readonly own: Sight; readonly neighbors: Neighbors | null; readonly findings: Finding[] };
type Judged = { readonly present: Present; readonly seen: readonly Seen[] };

const SOFT_TESTS = APART | QUIET | SHIFTED;

export function judgeCells(hour: number, present: readonly Present[], foreign: readonly Foreign[]): Findings {
  const sights = present.map(({ slot, device, cells }) => sightsOf(slot, device, cells));
  const view = viewOf(hour, present, sights, foreign);
  const judged = present.map((here, at): Judged => {
    const seen = (sights[at] ?? []).map((own): Seen => {
      own.series.model = own.model;
      const neighbors = neighborsOf(here.device, own, view);
      return { own, neighbors, findings: seriesTests(own, neighbors) };
    });
    return { present: here, seen };
  });
  const findings = new Map<Cell, readonly Finding[]>();
  for (const { present: here, seen } of judged) {
    const independent = withoutFollowers(seen);
    const own = independent.map((one) => one.own);
    updateReplay(here.device, own);
    updateCopies(here.device, own, view);
    const ofDevice = deviceFindings(here.device, independent);
    for (const one of seen) {
      const all = [...one.findings, ...ofDevice];
      if (isExcused(one)) excuse(one);
      mark(one.own.cell, all);
      if (all.length > 0) findings.set(one.own.cell, all);
    }
    const traceless = here.cells.filter((cell) => !seen.some((one) => one.own.cell === cell));
    for (const cell of traceless) {
      if (cell.flag === NOT_EVALUATED) continue;
      mark(cell, ofDevice);
      if (ofDevice.length > 0) findings.set(cell, ofDevice);
    }
  }
  for (const { present: here, seen } of judged) {
    for (const { own, neighbors } of seen) {
      own.model.home = homeOf(own, neighbors);
      const trust = isSuspected(here.device) ? T.offset.flaggedRate : trustIn(own.cell);
      learn(own, neighbors, trust, holdsPlace(here.device));
      own.series.nearby = nearbyOf(own, neighbors);
      own.cell.neighbors = neighbors?.slots.length ?? 0;
    }
  }
  return findings;
}

/** What several series show together counts once: without those that only repeat others of the device. */
function withoutFollowers(seen: readonly Seen[]): readonly Seen[] {
  const isHere = (code: QuantityCode) => seen.some((other) => other.own.traits.code === code);
  return seen.filter(({ own: { traits } }) => traits.follows.length === 0 || !traits.follows.every(isHere));
}

function viewOf(
  hour: number,
  present: readonly Present[],
  sights: readonly (readonly Sight[])[],
  foreign: readonly Foreign[],
): HourView {
  const byQuantity = new Map<number, Map<number, Outlook>>();
  const add = ({ slot, quantity, outlook }: Foreign): void => {
    const ofQuantity = byQuantity.get(quantity) ?? new Map<number, Outlook>();
    byQuantity.set(quantity, ofQuantity.set(slot, outlook));
  };
  for (const [at, { slot, device }] of present.entries()) {
    const { elevationM } = device.membership;
    for (const sight of sights[at] ?? [])
      add({ slot, quantity: sight.cell.quantity, outlook: outlookOf(sight, elevationM) });
  }
  for (const one of foreign) add(one);
  return { hour, byQuantity };
}

/** The neighbors rose, fell or stood still alike: what a single series looks odd by is weather. */
function isExcused({ own, neighbors, findings }: Seen): boolean {
  return (
    neighbors !== null &&
    findings.length === 0 &&
    (own.cell.failed === 0 || own.cell.tests === FLAT) &&
    own.model.hours >= T.neighbor.learnHours &&
    Math.abs(residualOf(own, neighbors)) <= T.neighbor.excuseZ * usualSpread(own, neighbors)
  );
}

function excuse({ own, neighbors }: Seen): void {
  const { cell } = own;
  const areStill = neighbors !== null && neighbors.stillHours * T.flat.stillShare >= own.model.run;
  if (cell.tests === FLAT && areStill) believeFailed(cell);
  if (cell.flag !== SUSPECT) return;
  cell.tests &= ~(areStill ? RANGE | STEP | CONSISTENCY | FLAT : RANGE | STEP | CONSISTENCY);
  // Weather excuses neither a stuck sensor nor a wrong clock.
  if ((cell.tests & (FLAT | TIME)) === 0) cell.flag = GOOD;
}

/** A suspicion that stays for weeks without proof was a change of the place: it is learned, slowly. */
function trustIn({ flag, tests }: Cell): number {
  if (flag === GOOD) return 1;
  return flag === SUSPECT && (tests & ~SOFT_TESTS) === 0 ? T.offset.suspectRate : T.offset.flaggedRate;
}

function mark(cell: Cell, findings: readonly Finding[]): void {
  for (const { test, flag } of findings) {
    cell.tests |= test;
    if (flag === FAIL) cell.flag = FAIL;
    else if (flag === SUSPECT && cell.flag === GOOD) cell.flag = SUSPECT;
  }
}

/** What the series say together of the device: it takes two, or the only one. */
function deviceFindings(device: DeviceState, seen: readonly Seen[]): Finding[] {
  const findings: Finding[] = [];
  const replay = replayFinding(device);
  if (replay !== null) findings.push(replay);
  const copy = copyFinding(device);
  if (copy !== null) findings.push(copy);
  const compared = seen.filter((one) => one.neighbors !== null);
  const lively = compared.filter(({ own }) => !own.traits.isSmooth && own.model.hours >= T.stray.learnHours);
  findings.push(...jointFindings(lively));
  addAgreement(findings, lively, 'shifted', T.agreement.shiftedHours);
  addAgreement(findings, lively, 'apart', T.agreement.hours);
  const quiet = compared.filter((one) => one.findings.some((finding) => finding.test === QUIET));
  if (quiet.length >= 2 && quiet.length * 2 >= compared.length) {
    const worst = quiet.flatMap((one) => one.findings).find((finding) => finding.test === QUIET);
    if (worst !== undefined) findings.push(worst);
  }
  return findings;
}

/** One series against the neighbors: enough where it is the only one, and after days where it is one of several. */
function addAgreement(findings: Finding[], compared: readonly Seen[], what: 'apart' | 'shifted', hours: number): void {
  const isOnly = compared.length === 1;
  for (const { own, findings: ofSeries } of compared) {
    if (own.model[what] < (isOnly ? hours : T.agreement.aloneHours)) continue;
    const finding = agreementFinding(own, what);
    if (finding !== null) (isOnly ? findings : ofSeries).push(finding);
  }
}
