/** The device's clock as the network has corrected it. */
import type { DeviceClock } from './upload.ts';
import type { World } from './world.ts';

/** The network's answer is on its way for a while, and tells whole seconds. */
const TOLERANCE_MS = 5_000;

/**
 * Holds until somebody sets the system's own clock right, as a time service does soon after the start: by just what it was off.
 * Both together would put readings into the future. Any other jump is none of ours (a computer that slept), and the network
 * corrects it again where it has to.
 */
export class CorrectedClock implements DeviceClock {
  readonly #world: Pick<World, 'nowMs' | 'monotonicMs'>;
  #offsetMs = 0;
  /** System time less monotonic time as it was last: it changes where the system's clock is set. */
  #gapMs = 0;

  constructor(world: Pick<World, 'nowMs' | 'monotonicMs'>) {
    this.#world = world;
  }

  get offsetMs(): number {
    const gapMs = this.#gap();
    const jumpMs = gapMs - this.#gapMs;
    if (this.#offsetMs !== 0 && Math.abs(jumpMs - this.#offsetMs) < TOLERANCE_MS) this.#offsetMs = 0;
    // Seen: the next jump counts from here.
    if (Math.abs(jumpMs) >= TOLERANCE_MS) this.#gapMs = gapMs;
    return this.#offsetMs;
  }

  set offsetMs(ms: number) {
    this.#offsetMs = ms;
    this.#gapMs = this.#gap();
  }

  #gap(): number {
    return this.#world.nowMs() - this.#world.monotonicMs();
  }
}
