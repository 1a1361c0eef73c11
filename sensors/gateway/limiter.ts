/** Counts requests by sender in windows of a minute. */
const WINDOW_MS = 60_000;
/** Senders counted at a time: whoever makes up more names is refused with them. */
const MAX_SENDERS = 10_000;

export class Limiter {
  readonly #most: number;
  #windowEndsMs = 0;
  readonly #counts = new Map<string, number>();

  constructor(mostPerMinute: number) {
    this.#most = mostPerMinute;
  }

  /** Counts one more; false: too many in this minute. */
  allows(sender: string, nowMs: number): boolean {
    if (nowMs >= this.#windowEndsMs) {
      this.#counts.clear();
      this.#windowEndsMs = nowMs + WINDOW_MS;
    }
    if (this.#counts.size >= MAX_SENDERS && !this.#counts.has(sender)) return false;
    const count = (this.#counts.get(sender) ?? 0) + 1;
    this.#counts.set(sender, count);
    return count <= this.#most;
  }
}
