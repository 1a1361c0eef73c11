/** When an act may be taken. */
import { err, ok, type Result } from '../result.ts';
import type { Act } from './act.ts';

/** Between the clock of whoever signs and ours. */
export const ISSUED_WINDOW_SECONDS = 600;
/** The owner's half of a claim waits this long for the device. */
export const WAITING_SECONDS = 86_400;

export type ActRefusal =
  | { readonly reason: 'act-clock'; readonly issuedAt: number; readonly serverSeconds: number }
  | { readonly reason: 'stale-act'; readonly issuedAt: number; readonly latest: number };

export function checkIssuedAt({ issuedAt }: Pick<Act, 'issuedAt'>, nowMs: number): Result<void, ActRefusal> {
  const serverSeconds = Math.floor(nowMs / 1000);
  return Math.abs(serverSeconds - issuedAt) <= ISSUED_WINDOW_SECONDS
    ? ok(undefined)
    : err({ reason: 'act-clock', issuedAt, serverSeconds });
}

/** Acts of a device that change its row go by their own time: what was signed before the latest of them is void. */
export function checkOrder({ issuedAt }: Pick<Act, 'issuedAt'>, latest: number | null): Result<void, ActRefusal> {
  return latest === null || issuedAt >= latest ? ok(undefined) : err({ reason: 'stale-act', issuedAt, latest });
}
