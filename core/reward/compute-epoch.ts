/**
 * An epoch's payouts from its public inputs: the one entry point. Pure, order-independent, whole numbers only; the same
 * inputs give the same root and the same report bytes on every engine.
 */
import type { RuleSet } from '../rules/rule-set.ts';
import { hashRuleSet } from '../rules/rule-set.ts';
import { batchesOf, payoutsOf, type OwnerUsdc, type Payout, type PayoutBatch } from './batches.ts';
import { dataRoot, type Segment } from './data-root.ts';
import { emissionOf } from './emission.ts';
import { merkleRoot, type Hex } from './merkle.ts';
import { potOf } from './pot.ts';
import { encodeReport, hashReport, type EpochReport, type ReportRegion } from './report.ts';
import { splitPot, type DeviceShare } from './split.ts';
import { compareText, weighDays, type DeviceDay } from './weight.ts';

export type EpochInputs = {
  readonly epoch: number;
  /** First epoch that the contract accepts: index 0 of the schedule. */
  readonly firstEpoch: number;
  /** Base units burned since the commit before. */
  readonly burned: bigint;
  /** Of closed regions only. One row a device. */
  readonly days: readonly DeviceDay[];
  /** USDC earned by sales that finalized in this epoch. */
  readonly usdc: readonly OwnerUsdc[];
  /** Evidence of closed regions sealed by the closing of this epoch's hours. */
  readonly segments: readonly Segment[];
  readonly regions: readonly ReportRegion[];
  /** Regions that closed too late. */
  readonly missing: readonly ReportRegion[];
};

export type EpochResult = {
  readonly epoch: number;
  readonly root: Hex;
  readonly total: bigint;
  readonly reserved: bigint;
  readonly usdcTotal: bigint;
  readonly payouts: readonly Payout[];
  readonly batches: readonly PayoutBatch[];
  /** Device-days with a weight. */
  readonly devices: number;
  readonly dataRoot: string;
  readonly ruleSetHash: string;
  readonly report: EpochReport;
  /** Canonical JSON of `report`. */
  readonly reportText: string;
  readonly reportHash: string;
};

/**
 * Set aside for the device-days of regions that closed too late. Nothing yet: no later epoch pays them, so a reserve
 * would only stay unspent. Whoever adds the later payment adds its estimate here.
 */
const RESERVED = 0n;

export function computeEpoch(inputs: EpochInputs, rules: RuleSet): EpochResult {
  const index = inputs.epoch - inputs.firstEpoch;
  const pot = potOf(index, inputs.burned, rules.reward);
  const split = splitPot(pot, weighDays(inputs.days, rules.reward), rules.reward);
  const payouts = payoutsOf(split.shares, inputs.usdc);
  const batches = batchesOf(inputs.epoch, payouts, rules.reward.batchRecipients);
  const usdcTotal = payouts.reduce((sum, payout) => sum + payout.usdc, 0n);
  const ruleSetHash = hashRuleSet(rules);
  const report: EpochReport = {
    format: 'isobar-epoch-1',
    epoch: inputs.epoch,
    index,
    ruleSetHash,
    emission: String(emissionOf(index, rules.reward)),
    burned: String(inputs.burned),
    pot: String(pot),
    total: String(split.paid),
    reserved: String(RESERVED),
    withheld: String(split.withheld),
    usdcTotal: String(usdcTotal),
    weightTotal: String(split.weightTotal),
    divisor: String(split.divisor),
    root: merkleRoot(batches.map((batch) => batch.leaf)),
    dataRoot: dataRoot(inputs.segments),
    segments: inputs.segments.length,
    regions: byCell(inputs.regions),
    missing: byCell(inputs.missing),
    devices: split.shares.map(reportDevice),
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
    total: split.paid,
    reserved: RESERVED,
    usdcTotal,
    payouts,
    batches,
    devices: split.shares.filter((share) => share.weight > 0).length,
    dataRoot: report.dataRoot,
    ruleSetHash,
    report,
    reportText,
    reportHash: hashReport(reportText),
  };
}

const byCell = (regions: readonly ReportRegion[]): readonly ReportRegion[] =>
  [...regions].sort((a, b) => compareText(a.cell, b.cell));

function reportDevice({ status: _frozenSaysIt, amount, ...share }: DeviceShare): EpochReport['devices'][number] {
  return { ...share, amount: String(amount) };
}
