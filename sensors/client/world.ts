/** Network, clock, time and chance, handed in so that a test can have its own. */
export type World = {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** Milliseconds that nobody sets, from any moment on: it tells when the clock was set. */
  readonly monotonicMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Resolves after the time or at the signal, whichever is first. */
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** Timers count in 32 bits. */
const LONGEST_MS = 2 ** 31 - 1;

export const REAL_WORLD: World = {
  fetch: (request) => fetch(request),
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.min(ms, LONGEST_MS));
      signal?.addEventListener('abort', finish, { once: true });
    }),
};
