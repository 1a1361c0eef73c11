import type { RuleSet } from '../../core/rules/rule-set.ts';
import { ruleSetByName } from '../../core/rules/by-name.ts';
import type { StatusAnswer } from '../../schema/api/public.ts';
import { readProblem } from '../../sensors/client/problem.ts';
import { request, sentenceOf } from '../admin-client.ts';
import { Refusal } from '../lib/say.ts';

export async function readPublic<T>(api: string, path: string): Promise<T> {
  const response = await request(new URL(path, api));
  if (!response.ok) throw new Refusal(sentenceOf(await readProblem(response)));
  return response.json<T>();
}

export function readStatus(api: string): Promise<StatusAnswer> {
  return readPublic(api, '/v1/status');
}

/** The rule set in force, by the name that the network gives. */
export async function readRules(api: string): Promise<RuleSet> {
  const { rules } = await readPublic<{ readonly rules: string }>(api, '/v1/health');
  const known = ruleSetByName(rules);
  if (!known) throw new Refusal(`${api} runs under the rules "${rules}", which this version does not know`);
  return known;
}
