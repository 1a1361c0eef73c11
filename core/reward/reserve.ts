/**
 * Regions that close too late. The epoch closes without them and sets aside what they are expected to earn, at its own
 * rate; once such a region takes part again, its late device-days are paid from that, at most all of it. What is not
 * needed, or not called for in time, is never minted.
 */
import type { RewardRules } from '../rules/rule-set.ts';
import type { ReportRegion } from './report.ts';
import { sharesOf, type DeviceShare } from './split.ts';
import { compareText, earns, slotKey, weighDays, type DeviceDay } from './weight.ts';

/** Set aside for one region and one epoch that closed without it. */
export type Reserve = {
  readonly epoch: number;
  readonly cell: string;
  /** Sum of weights that was expected. */
  readonly weight: bigint;
  /** Base units. */
  readonly amount: bigint;
};

/** What the report before hands on. */
export type Carry = {
  /** sha-256 of that report; null: there is none before the first epoch. */
  readonly previous: string | null;
  /** What each region weighed when it last took part: what it is expected to weigh. */
  readonly weights: ReadonlyMap<string, bigint>;
  /** The epoch in which that was; a region that never took part is not in it. Its data root ends the region's log so far. */
  readonly counted: ReadonlyMap<string, number>;
  readonly reserves: readonly Reserve[];
  /** USDC base units of credits that were paid for and not spent. */
  readonly unspent: bigint;
};

export const NO_CARRY: Carry = {
  previous: null,
  weights: new Map(),
  counted: new Map(),
  reserves: [],
  unspent: 0n,
};

/** An earlier epoch of which some regions are paid now. Regions that do not take part now are in neither list. */
export type LateEpoch = {
  readonly epoch: number;
  /** Of the regions that are paid now. */
  readonly days: readonly DeviceDay[];
  /** Of the other regions: their devices keep their ranks. Those of other density cells may be left out. */
  readonly others: readonly DeviceDay[];
};

/** A reserve that is paid out, and what becomes of it: `amount = paid + withheld + lapsed`. */
export type LatePay = Reserve & {
  /** Sum of weights that was found. */
  readonly found: bigint;
  readonly paid: bigint;
  readonly withheld: bigint;
  readonly lapsed: bigint;
  readonly shares: readonly DeviceShare[];
};

export type Settlement = {
  readonly late: readonly LatePay[];
  /** Still waited for. */
  readonly kept: readonly Reserve[];
  /** Waited for too long. */
  readonly lapsed: readonly Reserve[];
};

/** A region that takes part is paid for all epochs it missed at once: it has closed them on its way. */
export function dueReserves(carry: Carry, regions: readonly ReportRegion[]): readonly Reserve[] {
  const counted = new Set(regions.map(({ cell }) => cell));
  return carry.reserves.filter(({ cell }) => counted.has(cell)).sort(byEpochAndCell);
}

export function settleReserves(
  epoch: number,
  carry: Carry,
  regions: readonly ReportRegion[],
  late: readonly LateEpoch[],
  rules: RewardRules,
): Settlement {
  const due = dueReserves(carry, regions);
  const waiting = carry.reserves.filter((reserve) => !due.includes(reserve)).sort(byEpochAndCell);
  const isOver = (reserve: Reserve): boolean => epoch - reserve.epoch >= rules.reserveEpochs;
  const weighed = new Map(late.map((of) => [of.epoch, weighDays(of.days, rules, ranksTaken(of.others, rules))]));
  return {
    late: due.map((reserve) =>
      payLate(
        reserve,
        (weighed.get(reserve.epoch) ?? []).filter(({ cell }) => cell === reserve.cell),
      ),
    ),
    kept: waiting.filter((reserve) => !isOver(reserve)),
    lapsed: waiting.filter(isOver),
  };
}

/** At the epoch's own rate `amount / weight`; where more is found than was expected, all share what there is. */
function payLate(reserve: Reserve, days: ReturnType<typeof weighDays>): LatePay {
  const found = days.reduce((sum, { weight }) => sum + BigInt(weight), 0n);
  const divisor = found > reserve.weight ? found : reserve.weight;
  const { shares, paid, withheld } = sharesOf(reserve.amount, days, divisor);
  return { ...reserve, found, paid, withheld, lapsed: reserve.amount - paid - withheld, shares };
}

/**
 * What a missing region is expected to weigh: as much as when it last took part, and nothing once a reserve for it has
 * lapsed, so that a region which is gone for good stops costing the others.
 */
export function expectedWeight(cell: string, carry: Carry, lapsed: readonly Reserve[]): bigint {
  return lapsed.some((reserve) => reserve.cell === cell) ? 0n : (carry.weights.get(cell) ?? 0n);
}

function ranksTaken(others: readonly DeviceDay[], rules: RewardRules): ReadonlyMap<string, number> {
  const slots = new Map<string, Set<string>>();
  for (const day of others) {
    if (!earns(day, rules)) continue;
    const known = slots.get(day.density) ?? new Set<string>();
    slots.set(day.density, known.add(slotKey(day)));
  }
  return new Map([...slots].map(([density, keys]) => [density, keys.size]));
}

function byEpochAndCell(a: Reserve, b: Reserve): number {
  return a.epoch - b.epoch || compareText(a.cell, b.cell);
}
