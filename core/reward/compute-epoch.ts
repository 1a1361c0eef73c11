/**
 * An epoch's payouts from its public inputs: the one entry point. Pure, order-independent, whole numbers only; the same
 * inputs give the same root and the same report bytes on every engine.
 */
import type { RuleSet } from '../rules/rule-set.ts';
import { hashRuleSet } from '../rules/rule-set.ts';
import { batchesOf, payoutsOf, type Payout, type PayoutBatch } from './batches.ts';
import { dataRoot, type Segment } from './data-root.ts';
import { emissionOf } from './emission.ts';
import type { Predecessors } from './key-holder.ts';
import { merkleRoot, type Hex } from './merkle.ts';
import { potOf } from './pot.ts';
import {
  encodeReport,
  hashReport,
  type EpochReport,
  type ReportDevice,
  type ReportRegion,
  type ReportUsage,
} from './report.ts';
import { expectedWeight, settleReserves, type Carry, type LateEpoch, type Reserve } from './reserve.ts';
import { splitPot, type DeviceShare } from './split.ts';
import { encodeUsage, hashUsage, shareUsage, unspentAfter, type UsageFacts, type UsageShares } from './usage.ts';
import { compareText, weighDays, type DeviceDay } from './weight.ts';

export type EpochInputs = {
  readonly epoch: number;
  /** First epoch that the contract accepts: index 0 of the schedule. */
  readonly firstEpoch: number;
  /** Base units burned since the commit before. */
  readonly burned: bigint;
  /** Of closed regions only. One row a device. */
  readonly days: readonly DeviceDay[];
  /** Sales that finalized before the epoch's end and that no earlier epoch counted. */
  readonly usage: UsageFacts;
  /** Of all keys that served without a device-day of their own, as far as they have changed. */
  readonly predecessors: Predecessors;
  /** Of closed regions: everything sealed up to this epoch's last hour that no data root holds yet (`segmentHours`). */
  readonly segments: readonly Segment[];
  readonly regions: readonly ReportRegion[];
  /** Regions that have not closed the epoch. */
  readonly missing: readonly ReportRegion[];
  /** From the report before. */
  readonly carry: Carry;
  /** Of each epoch for which `dueReserves` names something, what its regions have closed since. */
  readonly late: readonly LateEpoch[];
};

/** What is written down of an epoch. */
export type EpochRows = {
  readonly epoch: number;
  readonly root: Hex;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly usdcTotal: bigint;
  /** That are split. */
  readonly sales: number;
  readonly usageHash: string;
  readonly payouts: readonly Payout[];
  readonly batches: readonly PayoutBatch[];
  /** Device-days with a weight. */
  readonly devices: number;
  readonly dataRoot: string;
  readonly ruleSetHash: string;
  readonly reportHash: string;
};

export type EpochResult = EpochRows & {
  readonly report: EpochReport;
  /** Canonical JSON of `report`. */
  readonly reportText: string;
  /** The usage list. */
  readonly usageText: string;
};

type WeighedRegion = { readonly cell: string; readonly weight: bigint };

export function computeEpoch(inputs: EpochInputs, rules: RuleSet): EpochResult {
  const { reward } = rules;
  const index = inputs.epoch - inputs.firstEpoch;
  const pot = potOf(index, inputs.burned, reward);
  const settled = settleReserves(inputs.epoch, inputs.carry, inputs.regions, inputs.late, reward);
  const missing = inputs.missing.map((region) => ({
    cell: region.cell,
    weight: expectedWeight(region.cell, inputs.carry, settled.lapsed),
  }));
  const expected = sum(missing, ({ weight }) => weight);
  const split = splitPot(pot, weighDays(inputs.days, reward), expected, reward);
  const reserves = [...settled.kept, ...reservesFor(inputs.epoch, missing, pot, split.divisor)];
  const usage = shareUsage(inputs.usage, inputs.days, inputs.predecessors, reward);
  const unspent = unspentAfter(inputs.carry.unspent, inputs.usage.sales);
  if (unspent < 0n) throw new RangeError('more credits were spent than paid for: look before computing');
  const usageText = encodeUsage(inputs.epoch, inputs.usage);
  const usageHash = hashUsage(usageText);
  const payouts = payoutsOf([...split.shares, ...settled.late.flatMap(({ shares }) => shares)], usage.payees);
  const batches = batchesOf(inputs.epoch, payouts, reward.batchRecipients);
  const total = split.paid + sum(settled.late, ({ paid }) => paid);
  const reserved = sum(reserves, ({ amount }) => amount);
  const withheld = split.withheld + sum(settled.late, (late) => late.withheld);
  const lapsed = sum(settled.late, (late) => late.lapsed) + sum(settled.lapsed, ({ amount }) => amount);
  const budget = pot + sum(inputs.carry.reserves, ({ amount }) => amount);
  const ruleSetHash = hashRuleSet(rules);
  const counted = new Set(inputs.regions.map(({ cell }) => cell));
  const report: EpochReport = {
    format: 'isobar-epoch-2',
    epoch: inputs.epoch,
    index,
    previous: inputs.carry.previous,
    ruleSetHash,
    emission: String(emissionOf(index, reward)),
    burned: String(inputs.burned),
    pot: String(pot),
    total: String(total),
    reserved: String(reserved),
    withheld: String(withheld),
    lapsed: String(lapsed),
    unreleased: String(budget - total - reserved - withheld - lapsed),
    usdcTotal: String(usage.usdc),
    usage: reportUsage(usage, inputs.usage.payees, usageHash, unspent),
    weightTotal: String(split.weightTotal),
    divisor: String(split.divisor),
    root: merkleRoot(batches.map((batch) => batch.leaf)),
    dataRoot: dataRoot(inputs.segments),
    segments: inputs.segments.length,
    regions: byCell(inputs.regions).map(({ cell }) => ({ cell })),
    missing: byCell(inputs.missing).map(({ cell }) => ({ cell })),
    devices: split.shares.map(reportDevice),
    weights: byCell([...weightsOf(inputs.regions, split.shares), ...missing]).map(({ cell, weight }) => ({
      cell,
      weight: String(weight),
      counted: counted.has(cell) ? inputs.epoch : (inputs.carry.counted.get(cell) ?? null),
    })),
    late: settled.late.map(({ shares, ...late }) => ({
      ...late,
      weight: String(late.weight),
      amount: String(late.amount),
      found: String(late.found),
      paid: String(late.paid),
      withheld: String(late.withheld),
      lapsed: String(late.lapsed),
      devices: shares.map(reportDevice),
    })),
    reserves: reserves.map(({ weight, amount, ...reserve }) => ({
      ...reserve,
      weight: String(weight),
      amount: String(amount),
    })),
    batches: batches.map(({ index: at, leaf, to, amount, usdcAmount }) => ({
      index: at,
      leaf,
      to,
      amount: amount.map(String),
      usdc: usdcAmount.map(String),
    })),
  };
  const reportText = encodeReport(report);
  return {
    epoch: inputs.epoch,
    root: report.root,
    total,
    reserved,
    usdcTotal: usage.usdc,
    sales: usage.sales,
    usageHash,
    payouts,
    batches,
    devices: split.shares.filter((share) => share.weight > 0).length,
    dataRoot: report.dataRoot,
    ruleSetHash,
    report,
    reportText,
    usageText,
    reportHash: hashReport(reportText),
  };
}

/** What a region that is missing would get at this epoch's rate, rounded down; 0 where nothing is known of it. */
function reservesFor(
  epoch: number,
  missing: readonly WeighedRegion[],
  pot: bigint,
  divisor: bigint,
): readonly Reserve[] {
  return byCell(missing).map(({ cell, weight }) => ({ epoch, cell, weight, amount: (pot * weight) / divisor }));
}

function weightsOf(regions: readonly ReportRegion[], shares: readonly DeviceShare[]): readonly WeighedRegion[] {
  const weights = new Map<string, bigint>();
  for (const { cell, weight } of shares) weights.set(cell, (weights.get(cell) ?? 0n) + BigInt(weight));
  return regions.map(({ cell }) => ({ cell, weight: weights.get(cell) ?? 0n }));
}

function byCell<T extends { readonly cell: string }>(rows: readonly T[]): readonly T[] {
  return [...rows].sort((a, b) => compareText(a.cell, b.cell));
}

function reportDevice({ status: _frozenSaysIt, amount, ...share }: DeviceShare): ReportDevice {
  return { ...share, amount: String(amount) };
}

function reportUsage(usage: UsageShares, payees: UsageFacts['payees'], hash: string, unspent: bigint): ReportUsage {
  const { sales, topUps, spent, burn, treasury, operators, devices } = usage;
  return {
    hash,
    sales,
    topUps: String(topUps),
    spent: String(spent),
    unspent: String(unspent),
    payees,
    burn: String(burn),
    treasury: String(treasury),
    operators: operators.map((row) => ({ ...row, usdc: String(row.usdc) })),
    devices: devices.map((row) => ({ ...row, usdc: String(row.usdc) })),
  };
}

function sum<T>(rows: readonly T[], amountOf: (row: T) => bigint): bigint {
  return rows.reduce((total, row) => total + amountOf(row), 0n);
}
