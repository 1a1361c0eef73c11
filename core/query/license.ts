/** Under which terms data is sold and published, and whom to name. */
import type { RuleSet } from '../rules/rule-set.ts';

/** SPDX identifier: owners agree to it when they claim a device, so that sold data may be used and passed on. */
export const LICENSE = 'CC-BY-4.0';
export const LICENSE_URL = 'https://creativecommons.org/licenses/by/4.0/';

/** The local network replays public data sets; whoever shows its numbers must name their makers. */
const REPLAYED = [
  'Origen de los datos: Ayuntamiento de Madrid (CC BY 4.0)',
  'Chen, S. (2017). Beijing Multi-Site Air Quality. UCI Machine Learning Repository, dataset 501 (CC BY 4.0)',
];

export function attributionOf(rules: Pick<RuleSet, 'name'>): readonly string[] {
  return rules.name === 'local' ? REPLAYED : ['Isobar network and the owners of its devices'];
}
