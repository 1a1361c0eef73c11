/** What a device does about a batch that the network refused. */
import type { NetworkProblem } from './problem.ts';

/**
 * `wait`: an operator or a clock can heal it, and the batch stays. `renumber`: the same bytes go under a higher nonce.
 * `give-up`: it is about the batch itself, and no retry changes it.
 */
export type Remedy = 'wait' | 'renumber' | 'give-up';

const REMEDIES: ReadonlyMap<string, Remedy> = new Map([
  ['unknown-device', 'wait'],
  ['retired-device', 'wait'],
  ['wrong-region', 'wait'],
  ['region-not-open', 'wait'],
  ['unknown-ingest-address', 'wait'],
  ['wrong-authority', 'wait'],
  ['clock-skew', 'wait'],
  ['nonce-reused', 'renumber'],
  ['nonce-too-old', 'renumber'],
]);

export function remedyOf({ code }: NetworkProblem): Remedy {
  return REMEDIES.get(code) ?? 'give-up';
}
