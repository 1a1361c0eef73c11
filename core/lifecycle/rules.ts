/** When an act may be taken. */
import { err, ok, type Result } from '../result.ts';
import type { Act } from './act.ts';

/** An act is taken so long after its time, by our clock. */
export const ISSUED_WINDOW_SECONDS = 600;
/** The clock of whoever signs may be ahead of ours; more would let an act void what others sign after it. */
export const ISSUED_AHEAD_SECONDS = 30;
/** The owner's half of a claim waits this long for the device. */
export const WAITING_SECONDS = 86_400;

export type ActRefusal =
  | { readonly reason: 'act-clock'; readonly issuedAt: number; readonly serverSeconds: number }
  | { readonly reason: 'stale-act'; readonly issuedAt: number; readonly latest: number };

export function checkIssuedAt({ issuedAt }: Pick<Act, 'issuedAt'>, nowMs: number): Result<void, ActRefusal> {
  const serverSeconds = Math.floor(nowMs / 1000);
  const age = serverSeconds - issuedAt;
  return age >= -ISSUED_AHEAD_SECONDS && age <= ISSUED_WINDOW_SECONDS
    ? ok(undefined)
    : err({ reason: 'act-clock', issuedAt, serverSeconds });
}

/**
 * Acts of a device that change its row go by their own time: what was signed before the latest of them is void. `latest`: of
 * all acts, but for one that the owner has signed of the owner's only. Whoever has stolen a key signs in its name, and
 * must not get ahead of the owner.
 */
export function checkOrder({ issuedAt }: Pick<Act, 'issuedAt'>, latest: number | null): Result<void, ActRefusal> {
  return latest === null || issuedAt >= latest ? ok(undefined) : err({ reason: 'stale-act', issuedAt, latest });
}
