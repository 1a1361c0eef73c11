/**
 * The pot over the weights. Every division rounds down; what is left over is never minted. A frozen device stays in the
 * divisor and its amount is withheld, so freezing one device pays nobody else more.
 */
import type { RewardRules } from '../rules/rule-set.ts';
import { FULL_WEIGHT, type WeighedDay } from './weight.ts';

/** Minting to it reverts, and with it a whole batch. */
export const NOBODY = `0x${'0'.repeat(40)}`;

export type DeviceShare = WeighedDay & {
  /** Base units. */
  readonly amount: bigint;
  /** Counted, but not paid: the device is quarantined (or has no owner who could be paid). */
  readonly frozen: boolean;
};

export type Shares = {
  readonly shares: readonly DeviceShare[];
  readonly paid: bigint;
  readonly withheld: bigint;
};

export type PotSplit = Shares & {
  /** Sum of all weights, frozen ones included, in units of 1 / FULL_WEIGHT. */
  readonly weightTotal: bigint;
  /** What a weight is divided by: the sum with what is expected of others, but at least `minimumWeights` full weights. */
  readonly divisor: bigint;
};

/** @param expected weights of regions that are paid later; `pot * expected / divisor` is left for them */
export function splitPot(pot: bigint, days: readonly WeighedDay[], expected: bigint, rules: RewardRules): PotSplit {
  let weightTotal = 0n;
  for (const day of days) weightTotal += BigInt(day.weight);
  const floor = BigInt(rules.minimumWeights) * BigInt(FULL_WEIGHT);
  const sum = weightTotal + expected;
  const divisor = sum > floor ? sum : floor;
  return { ...sharesOf(pot, days, divisor), weightTotal, divisor };
}

/** `amount * weight / divisor` each, rounded down. */
export function sharesOf(amount: bigint, days: readonly WeighedDay[], divisor: bigint): Shares {
  let paid = 0n;
  let withheld = 0n;
  const shares = days.map((day): DeviceShare => {
    const own = divisor === 0n ? 0n : (amount * BigInt(day.weight)) / divisor;
    const frozen = day.status === 'quarantined' || day.owner === NOBODY;
    if (frozen) withheld += own;
    else paid += own;
    return { ...day, amount: own, frozen };
  });
  return { shares, paid, withheld };
}
