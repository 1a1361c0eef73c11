/**
 * An owner's epoch, explained to the last unit: what each device-day would have got at full weight, what every flag, the
 * tier, the slot and the weekly score took from it, and what is left. From the epoch's report, which the chain names, and
 * the day rows; the parts are differences of amounts rounded as the payout is, so they always add up.
 */
import type { Cost } from '../region/score-costs.ts';
import type { RewardRules } from '../rules/rule-set.ts';
import type { EpochReport, ReportDevice } from './report.ts';
import { FULL_WEIGHT, rampBps } from './weight.ts';

/** What the day row adds to the report. */
export type DayScore = {
  readonly device: string;
  readonly cell: string;
  readonly epoch: number;
  readonly scoreBps: number;
  /** What each cause took from 10,000 (region/score-costs.ts). */
  readonly costs: readonly Cost[];
};

export type StatementCost = {
  readonly part: 'score' | 'weekly' | 'tier' | 'slot' | 'alike';
  /** Code of a test, or missing, maintenance, memory, unverified, rounding; else the part. */
  readonly cause: string;
  /** Of a score's 10,000, where the cause is one of the score. */
  readonly bps: number | null;
  /** Base units. */
  readonly amount: bigint;
};

/** What somebody gets of an epoch's sales, and as what: each line a device that served, an operated region, or a payee's office. */
export type UsageLine = {
  readonly part: 'device' | 'operator' | 'auction' | 'treasury';
  /** The device or the region; null for an office. */
  readonly of: string | null;
  /** Device-quantity-hours that were sold; null where the part is no device's. */
  readonly units: number | null;
  /** Base units. */
  readonly usdc: bigint;
};

/** `full` less all costs is `earned`; of that `withheld` is not paid and `amount = base + demand` is. */
export type StatementLine = {
  /** The day; earlier than the statement's epoch where its region closed too late and is paid from the reserve. */
  readonly epoch: number;
  readonly row: ReportDevice;
  /** What a perfect score at the highest tier and first slot got. */
  readonly full: bigint;
  readonly costs: readonly StatementCost[];
  readonly earned: bigint;
  /** The device is quarantined. */
  readonly withheld: bigint;
  readonly amount: bigint;
  readonly base: bigint;
  readonly demand: bigint;
};

export type Statement = {
  readonly epoch: number;
  readonly owner: string;
  readonly lines: readonly StatementLine[];
  readonly withheld: bigint;
  /** What the chain pays the owner: sums of the lines. */
  readonly amount: bigint;
  readonly base: bigint;
  readonly demand: bigint;
  /** Sum of `sales`. */
  readonly usdc: bigint;
  readonly sales: readonly UsageLine[];
  /** Where the payment stands in the committed tree; null: nothing is paid. */
  readonly batch: { readonly index: number; readonly position: number } | null;
};

/** What a weight is paid from: `rate(weight) = amount x weight / divisor`, rounded down. */
type Rate = { readonly amount: bigint; readonly divisor: bigint };

/** Earlier epochs of which device-days of this owner are paid now. */
export function lateEpochsOf(report: EpochReport, owner: string): readonly number[] {
  const late = report.late.filter(({ devices }) => devices.some((row) => row.owner === owner));
  return [...new Set(late.map(({ epoch }) => epoch))];
}

/** @param earlier the reports of `lateEpochsOf`: they say what their days were paid from */
export function statementOf(
  report: EpochReport,
  earlier: readonly EpochReport[],
  owner: string,
  days: readonly DayScore[],
  rules: RewardRules,
): Statement {
  const reports = new Map([report, ...earlier].map((one) => [one.epoch, one]));
  const lineOf = (epoch: number, row: ReportDevice, rate: Rate): StatementLine => {
    const score = days.find((day) => day.epoch === epoch && day.device === row.device && day.cell === row.cell);
    const { full, costs } = costsOf(row, rate, score, rules);
    const earned = BigInt(row.amount);
    const amount = row.frozen ? 0n : earned;
    const base = basePart(amount, reports.get(epoch), rules);
    return { epoch, row, full, costs, earned, withheld: earned - amount, amount, base, demand: amount - base };
  };
  const isOwn = (row: ReportDevice): boolean => row.owner === owner;
  const rate = { amount: BigInt(report.pot), divisor: BigInt(report.divisor) };
  const lines = [
    ...report.devices.filter(isOwn).map((row) => lineOf(report.epoch, row, rate)),
    ...report.late.flatMap(({ epoch, weight, found, amount, devices }) => {
      const divisor = BigInt(found) > BigInt(weight) ? BigInt(found) : BigInt(weight);
      return devices.filter(isOwn).map((row) => lineOf(epoch, row, { amount: BigInt(amount), divisor }));
    }),
  ];
  const sales = usageLines(report, owner);
  const sum = (of: (line: StatementLine) => bigint): bigint => lines.reduce((total, line) => total + of(line), 0n);
  return {
    epoch: report.epoch,
    owner,
    lines,
    withheld: sum(({ withheld }) => withheld),
    amount: sum(({ amount }) => amount),
    base: sum(({ base }) => base),
    demand: sum(({ demand }) => demand),
    usdc: sales.reduce((total, line) => total + line.usdc, 0n),
    sales,
    batch: paidIn(report, owner),
  };
}

/** One factor of the weight after the other: what an amount loses by each is what it costs. */
function costsOf(
  row: ReportDevice,
  { amount, divisor }: Rate,
  score: DayScore | undefined,
  rules: RewardRules,
): Pick<StatementLine, 'full' | 'costs'> {
  const at = (weight: number): bigint => (divisor === 0n ? 0n : (amount * BigInt(weight)) / divisor);
  const ramp = rampBps(row.scoreBps, rules);
  const tier = rules.tierBps[row.tier] ?? 0;
  const eligible = row.eligible ? ramp : 0;
  const stages = [
    at(FULL_WEIGHT),
    at(ramp * 10_000 * 10_000),
    at(eligible * 10_000 * 10_000),
    at(eligible * tier * 10_000),
  ];
  const [full = 0n, scored = 0n, weekly = 0n, tiered = 0n] = stages;
  const isAlike = row.alike !== undefined && row.slotBps === 0;
  const costs: readonly StatementCost[] = [
    ...scoreCosts(full - scored, row.scoreBps, score),
    { part: 'weekly', cause: 'weekly', bps: null, amount: scored - weekly },
    { part: 'tier', cause: 'tier', bps: null, amount: weekly - tiered },
    {
      part: isAlike ? 'alike' : 'slot',
      cause: isAlike ? 'alike' : 'slot',
      bps: null,
      amount: tiered - BigInt(row.amount),
    },
  ];
  return { full, costs: costs.filter((cost) => cost.amount > 0n || (cost.bps ?? 0) > 0) };
}

/** The loss shared out over the causes by what each took from the score. The ramp makes a point cost 2.5 points. */
function scoreCosts(loss: bigint, scoreBps: number, score: DayScore | undefined): readonly StatementCost[] {
  const lost = 10_000 - scoreBps;
  const known = score?.costs ?? [];
  const isWhole = score?.scoreBps === scoreBps && known.reduce((sum, [, bps]) => sum + bps, 0) === lost;
  const causes: readonly Cost[] = isWhole ? known : [['score', lost]];
  let before = 0;
  return causes.map(([cause, bps]) => {
    // Rounded at the running sum, so that the shares add up to the loss.
    const share = (at: number): bigint => (lost === 0 ? 0n : (loss * BigInt(at)) / BigInt(lost));
    const amount = share(before + bps) - share(before);
    before += bps;
    return { part: 'score', cause, bps, amount };
  });
}

/** The share of an amount that the epoch pays whatever was sold; the rest was released by burning. Rounded down. */
function basePart(amount: bigint, report: EpochReport | undefined, rules: RewardRules): bigint {
  if (amount === 0n || report === undefined || report.pot === '0') return amount;
  const base = (BigInt(report.emission) * BigInt(rules.baseBps)) / 10_000n;
  return (amount * base) / BigInt(report.pot);
}

function usageLines({ usage }: EpochReport, owner: string): readonly UsageLine[] {
  const { devices, operators, payees, burn, treasury } = usage;
  const lines: readonly UsageLine[] = [
    ...devices
      .filter((row) => row.owner === owner)
      .map(({ device, units, usdc }) => ({ part: 'device' as const, of: device, units, usdc: BigInt(usdc) })),
    ...operators
      .filter((row) => row.operator === owner)
      .map(({ cell, usdc }) => ({ part: 'operator' as const, of: cell, units: null, usdc: BigInt(usdc) })),
    ...(payees?.auction === owner ? [{ part: 'auction' as const, of: null, units: null, usdc: BigInt(burn) }] : []),
    ...(payees?.treasury === owner
      ? [{ part: 'treasury' as const, of: null, units: null, usdc: BigInt(treasury) }]
      : []),
  ];
  return lines.filter(({ usdc }) => usdc > 0n);
}

function paidIn(report: EpochReport, owner: string): Statement['batch'] {
  for (const { index, to } of report.batches) {
    const position = to.indexOf(owner);
    if (position >= 0) return { index, position };
  }
  return null;
}
