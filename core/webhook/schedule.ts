/**
 * When a message is sent again. The waits are those of the Standard Webhooks specification ("Deliverability and
 * reliability"): ten attempts over about three days.
 */
const SECOND_MS = 1000;
const WAIT_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** Of a wait, at random, so that a receiver that comes back is not met by everybody at once. */
const JITTER_SHARE = 0.1;
/** A receiver that asks for more is asked at the usual time. */
const MAX_ASKED_SECONDS = 86_400;

export const MAX_ATTEMPTS = WAIT_SECONDS.length + 1;

/** What a receiver's answer means. Redirects are not followed: the address was checked, the next one was not. */
export type Verdict = 'delivered' | 'gone' | 'again';

export function judgeStatus(status: number): Verdict {
  if (status >= 200 && status < 300) return 'delivered';
  return status === 410 ? 'gone' : 'again';
}

/**
 * @param attempts so far, at least 1
 * @param askedSeconds what Retry-After said, null: nothing
 * @param random in [0, 1)
 * @return Unix milliseconds; null: given up
 */
export function nextAttemptMs(
  attempts: number,
  askedSeconds: number | null,
  nowMs: number,
  random: number,
): number | null {
  const waitSeconds = WAIT_SECONDS[attempts - 1];
  if (waitSeconds === undefined) return null;
  const atLeast = askedSeconds !== null && askedSeconds <= MAX_ASKED_SECONDS ? askedSeconds : 0;
  const waitMs = Math.max(waitSeconds, atLeast) * SECOND_MS;
  return nowMs + Math.round(waitMs * (1 + JITTER_SHARE * random));
}
