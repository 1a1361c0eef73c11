/** How long to wait before the next try; chance is handed in. */
export type Backoff = { readonly firstDelayMs: number; readonly maxDelayMs: number };

/**
 * Exponential with full jitter on the upper half: between half of the step and the step.
 *
 * @param attempt tries so far, from 1
 * @param chance uniform in [0, 1): spreads the tries of many callers
 */
export function backoffMs(attempt: number, backoff: Backoff, chance: number): number {
  const step = stepMs(attempt, backoff);
  return Math.round(step / 2 + (step / 2) * chance);
}

/** Between nothing and the step: after an outage, a fleet that failed together comes back evenly spread. */
export function fullJitterMs(attempt: number, backoff: Backoff, chance: number): number {
  return Math.round(stepMs(attempt, backoff) * chance);
}

function stepMs(attempt: number, { firstDelayMs, maxDelayMs }: Backoff): number {
  let step = firstDelayMs;
  for (let tried = 1; tried < attempt && step < maxDelayMs; tried++) step *= 2;
  return Math.min(maxDelayMs, step);
}
