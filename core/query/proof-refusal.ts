/** Every way in which a proof can be refused once its parameters are understood. Nothing is charged for any of them. */
import type { TimeRules } from '../rules/rule-set.ts';
import { epochStartMs } from '../time.ts';

export type ProofRefusal =
  /** `epoch`: the first whose commit can hold it. */
  | { readonly reason: 'proof-pending'; readonly epoch: number; readonly expectedMs: number }
  | { readonly reason: 'epoch-revoked'; readonly epoch: number }
  | { readonly reason: 'no-such-reading' }
  | { readonly reason: 'proof-too-large'; readonly bytes: number; readonly limit: number }
  /** Database, archive and chain do not fit together. */
  | { readonly reason: 'proof-unavailable' };

/** A commit waits for the end's grace, for the epoch's last block to be final (about 20 minutes on OP) and for a cron run. */
const COMMIT_AFTER_HOURS = 1;
/** Where that time has passed already. */
const LOOK_AGAIN_PARTS = 12;

/** When an epoch's root can be expected on the chain, never in the past. Counted in hours of the rule set. */
export function commitExpectedMs(epoch: number, nowMs: number, rules: TimeRules): number {
  const hourMs = rules.hourSeconds * 1000;
  const dueMs = epochStartMs(epoch + 1, rules) + rules.graceSeconds * 1000 + COMMIT_AFTER_HOURS * hourMs;
  return Math.max(dueMs, nowMs + Math.ceil(hourMs / LOOK_AGAIN_PARTS));
}
