/** How far a long audit is: a bar on a terminal, written over by the next; a plain line now and then where it is kept. */
import { dim } from '../lib/say.ts';

const WIDTH = 24;
/** Short audits print none. */
const PLAIN_EVERY_MS = 10_000;

export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #nowMs: () => number;
  #plainMs: number;

  constructor(stream: NodeJS.WriteStream = process.stderr, nowMs: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#nowMs = nowMs;
    this.#plainMs = nowMs();
  }

  show(done: number, all: number, what: string): void {
    const share = all === 0 ? 1 : done / all;
    const percent = `${Math.floor(100 * share)}`.padStart(3);
    if (this.#stream.isTTY) {
      const full = Math.floor(WIDTH * share);
      this.#stream.write(`\r\x1b[K[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${percent} % ${dim(what)}`);
      return;
    }
    if (this.#nowMs() - this.#plainMs < PLAIN_EVERY_MS) return;
    this.#plainMs = this.#nowMs();
    this.#stream.write(`${percent} % ${what}\n`);
  }

  /** Takes the bar away before a line that stays. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
