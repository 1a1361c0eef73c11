/**
 * The pot over the weights. Every division rounds down; what is left over is never minted. A frozen device stays in the
 * divisor and its amount is withheld, so freezing one device pays nobody else more.
 */
import type { RewardRules } from '../rules/rule-set.ts';
import { FULL_WEIGHT, type WeighedDay } from './weight.ts';

/** Minting to it reverts, and with it a whole batch. */
const NOBODY = `0x${'0'.repeat(40)}`;

export type DeviceShare = WeighedDay & {
  /** Base units. */
  readonly amount: bigint;
  /** Counted, but not paid: the device is quarantined (or has no owner who could be paid). */
  readonly frozen: boolean;
};

export type PotSplit = {
  readonly shares: readonly DeviceShare[];
  /** Sum of all weights, frozen ones included, in units of 1 / FULL_WEIGHT. */
  readonly weightTotal: bigint;
  /** What a weight is divided by: the sum, but at least `minimumWeights` full weights. */
  readonly divisor: bigint;
  readonly paid: bigint;
  readonly withheld: bigint;
};

export function splitPot(pot: bigint, days: readonly WeighedDay[], rules: RewardRules): PotSplit {
  let weightTotal = 0n;
  for (const day of days) weightTotal += BigInt(day.weight);
  const floor = BigInt(rules.minimumWeights) * BigInt(FULL_WEIGHT);
  const divisor = weightTotal > floor ? weightTotal : floor;
  let paid = 0n;
  let withheld = 0n;
  const shares = days.map((day): DeviceShare => {
    const amount = (pot * BigInt(day.weight)) / divisor;
    const frozen = day.status === 'quarantined' || day.owner === NOBODY;
    if (frozen) withheld += amount;
    else paid += amount;
    return { ...day, amount, frozen };
  });
  return { shares, weightTotal, divisor, paid, withheld };
}
