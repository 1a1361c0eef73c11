/** One request round after another; slower after failures, none while nobody looks. */
export type Poller = { readonly now: () => void };

const LONGEST_MS = 60_000;

export function startPolling(
  round: () => Promise<boolean>,
  intervalMs: () => number,
  onWait: (waitMs: number) => void,
): Poller {
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;

  async function run(): Promise<void> {
    // Asked for while a round is under way: what it asks for may have been decided already, so another follows.
    if (running) {
      again = true;
      return;
    }
    running = true;
    clearTimeout(timer);
    const ok = await round();
    running = false;
    if (again && ok) {
      again = false;
      void run();
      return;
    }
    again = false;
    failures = ok ? 0 : failures + 1;
    const waitMs = waitAfter(failures, intervalMs(), Math.random());
    timer = document.hidden ? undefined : setTimeout(() => void run(), waitMs);
    onWait(waitMs);
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else void run();
  });
  globalThis.addEventListener('online', () => void run());
  void run();
  return { now: () => void run() };
}

/** Doubling with jitter of a quarter, so that pages cut off together do not come back together. */
export function waitAfter(failures: number, intervalMs: number, random: number): number {
  const base = Math.min(LONGEST_MS, intervalMs * 2 ** Math.min(failures, 10));
  return failures === 0 ? intervalMs : base * (0.75 + random / 2);
}

/** A fifth of an hour, between 2 and 30 s: an answer changes once an hour. */
export function pollIntervalMs(hourSeconds: number): number {
  return Math.min(30_000, Math.max(2_000, (hourSeconds * 1000) / 5));
}
