/**
 * How many tokens an epoch releases at most: `E(i) = E0 * 85^y / 100^y`, `y = i / 365`, whole numbers, rounded down once
 * at the end. contracts/src/EmissionSchedule.sol computes the same numbers on the chain, and the chain is the judge.
 */
import type { RewardRules } from '../rules/rule-set.ts';

/** Years of emission: the contract stops here because 20^60 leaves 256 bits. */
const EMISSION_YEARS = 60n;
const BPS = 10_000n;

/** @param index epochs since the network's first one. Base units. */
export function emissionOf(index: number, rules: RewardRules): bigint {
  const perYear = BigInt(rules.epochsPerYear);
  const year = BigInt(index) / perYear;
  if (year >= EMISSION_YEARS) return 0n;
  const first = (BigInt(rules.capBaseUnits) * BigInt(rules.firstYearBps)) / BPS / perYear;
  return (first * BigInt(rules.yearlyPercent) ** year) / 100n ** year;
}
