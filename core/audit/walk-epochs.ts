/**
 * Every epoch from the first to the audited one, computed from folded logs and what the chain says was burned and
 * committed; no report is read. Each epoch hands on its reserves and weights to the next, as the reports do, and each has
 * to be what the chain has.
 */
import { computeEpoch, type EpochInputs, type EpochResult } from '../reward/compute-epoch.ts';
import { dataRoot, type Segment } from '../reward/data-root.ts';
import type { Standing } from '../reward/closable.ts';
import { carryOf } from '../reward/report.ts';
import type { Predecessors } from '../reward/key-holder.ts';
import { dueReserves, NO_CARRY, type Carry, type LateEpoch } from '../reward/reserve.ts';
import type { DeviceDay } from '../reward/weight.ts';
import { unspentAfter, type UsageFacts } from '../reward/usage.ts';
import { ok, type Result } from '../result.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { compareCommit, type CommitFacts } from './compare-payments.ts';
import { differs, type Difference } from './difference.ts';
import { standings, type RegionTimes } from './standings.ts';

/** What a region's log gives. */
export type RegionHistory = RegionTimes & {
  readonly days: ReadonlyMap<number, readonly DeviceDay[]>;
  /** Sealed by the closing of an epoch's hours, by epoch. */
  readonly segments: ReadonlyMap<number, readonly Segment[]>;
};

/** What the chain has of an epoch. */
export type EpochOnChain = {
  readonly epoch: number;
  readonly burned: bigint;
  readonly commit: CommitFacts;
  readonly transaction: string;
  /** Of the epoch's usage list. */
  readonly usage: UsageFacts;
  /** Hash of that list according to the epoch's report; null: the report is withheld, or nobody asked. */
  readonly usageHash: string | null;
};

export type WalkParts = {
  readonly regions: readonly RegionHistory[];
  /** Of all keys of all regions. */
  readonly predecessors: Predecessors;
  /** In order, from the first epoch of the contract to the audited one. */
  readonly epochs: readonly EpochOnChain[];
  /** Regions that are missing in the audited epoch and have no evidence yet: nothing is expected of them. */
  readonly unseen: readonly string[];
  readonly onEpoch: (epoch: number) => void;
};

/** @return the last epoch, whether or not the chain has the same; the difference where an earlier one is not what it has */
export function walkEpochs(parts: WalkParts, rules: RuleSet): Result<EpochResult, Difference> {
  const [first] = parts.epochs;
  const last = parts.epochs.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('no epoch to walk to');
  let carry = NO_CARRY;
  for (const onChain of parts.epochs) {
    parts.onEpoch(onChain.epoch);
    // Before computing: computeEpoch takes it for granted.
    const unspent = unspentAfter(carry.unspent, onChain.usage.sales);
    if (unspent < 0n) return differs('credits', { epoch: onChain.epoch }, `${-unspent} more than paid for`, 'no more');
    const unseen = onChain === last ? parts.unseen : [];
    const { result, difference } = fitEpoch(parts, onChain, first.epoch, carry, unseen, rules);
    if (onChain === last) return ok(result);
    if (!difference.ok) return difference;
    const told = checkUsageHash(result, onChain);
    if (!told.ok) return told;
    carry = { ...carryOf(result.reportText), previous: onChain.commit.reportHash.slice(2) };
  }
  throw new RangeError('unreachable: the last epoch returns');
}

/** A list may be another one and pay the same: only its hash, in the report that was committed, tells. */
function checkUsageHash(
  result: EpochResult,
  { epoch, commit, usage, usageHash }: EpochOnChain,
): Result<void, Difference> {
  if (usage.sales.length === 0 || `0x${result.reportHash}` === commit.reportHash) return ok(undefined);
  return usageHash === result.usageHash
    ? ok(undefined)
    : differs('usage', { epoch, field: 'hash' }, usageHash ?? 'withheld with the report', result.usageHash);
}

type Fit = { readonly result: EpochResult; readonly difference: Result<void, Difference> };

/** With the regions that give what was committed; else with those that had closed the epoch whenever that was. */
function fitEpoch(
  parts: WalkParts,
  onChain: EpochOnChain,
  firstEpoch: number,
  carry: Carry,
  unseen: readonly string[],
  rules: RuleSet,
): Fit {
  const fits: Fit[] = [];
  const [latest, ...earlier] = standings(parts.regions, onChain.epoch, rules.time);
  for (const standing of [latest ?? { regions: [], missing: [] }, ...earlier]) {
    const inputs = inputsOf(parts, onChain, firstEpoch, carry, standing, unseen);
    if (standing !== latest && `0x${dataRoot(inputs.segments)}` !== onChain.commit.dataRoot) continue;
    const fit = compare(computeEpoch(inputs, rules), onChain);
    if (fit.difference.ok && `0x${fit.result.reportHash}` === onChain.commit.reportHash) return fit;
    fits.push(fit);
  }
  const [likeliest, ...others] = fits;
  if (likeliest === undefined) throw new RangeError('unreachable: the latest standing is always tried');
  return fits.find(({ difference }) => difference.ok) ?? others[0] ?? likeliest;
}

/** The report's hash is left out: it follows from what is compared, but for missing regions of which nothing is expected. */
function compare(result: EpochResult, { epoch, commit, transaction }: EpochOnChain): Fit {
  const facts = { ...commit, reportHash: `0x${result.reportHash}` };
  return { result, difference: compareCommit(facts, transaction, result, epoch) };
}

function inputsOf(
  { regions, predecessors }: WalkParts,
  { epoch, burned, usage }: EpochOnChain,
  firstEpoch: number,
  carry: Carry,
  standing: Standing,
  unseen: readonly string[],
): EpochInputs {
  const cells = new Set(standing.regions.map(({ cell }) => cell));
  const counted = regions.filter(({ cell }) => cells.has(cell));
  const due = dueReserves(carry, standing.regions);
  const lateCells = (of: number): ReadonlySet<string> =>
    new Set(due.filter((reserve) => reserve.epoch === of).map(({ cell }) => cell));
  const lateEpochs = [...new Set(due.map((reserve) => reserve.epoch))];
  return {
    epoch,
    firstEpoch,
    burned,
    usage,
    predecessors,
    days: counted.flatMap(({ days }) => days.get(epoch) ?? []),
    segments: counted.flatMap(({ cell, segments }) =>
      // As core/reward/data-root.ts `segmentHours`: since the region was last counted.
      [...segments].flatMap(([of, sealed]) => (of > (carry.counted.get(cell) ?? -1) && of <= epoch ? sealed : [])),
    ),
    regions: standing.regions,
    missing: [...standing.missing, ...unseen.map((cell) => ({ cell }))],
    carry,
    late: lateEpochs.map((late): LateEpoch => {
      const isLate = lateCells(late);
      const daysOf = (wanted: boolean): DeviceDay[] =>
        counted.filter(({ cell }) => isLate.has(cell) === wanted).flatMap(({ days }) => days.get(late) ?? []);
      return { epoch: late, days: daysOf(true), others: daysOf(false) };
    }),
  };
}
