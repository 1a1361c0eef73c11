/** What an epoch may pay: a fixed share of its emission, and the rest as far as buyers' fees burned as much. */
import type { RewardRules } from '../rules/rule-set.ts';
import { emissionOf } from './emission.ts';

const BPS = 10_000n;

/**
 * @param index epochs since the network's first one
 * @param burned base units burned since the commit before
 * @return base units; both shares are rounded down by themselves, as the contract does
 */
export function potOf(index: number, burned: bigint, rules: RewardRules): bigint {
  const emission = emissionOf(index, rules);
  const base = (emission * BigInt(rules.baseBps)) / BPS;
  const matched = (emission * (BPS - BigInt(rules.baseBps))) / BPS;
  return base + (burned < matched ? burned : matched);
}
