import { LOCAL_RULES } from './local.ts';
import { MAIN_RULES } from './main.ts';
import type { RuleSet } from './rule-set.ts';

const RULE_SETS: ReadonlyMap<string, RuleSet> = new Map([
  ['main', MAIN_RULES],
  ['local', LOCAL_RULES],
]);

export function ruleSetByName(name: string): RuleSet | undefined {
  return RULE_SETS.get(name);
}
