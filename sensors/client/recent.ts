import type { Measurement } from './senml.ts';

const REMEMBERED = 2_000;

/** Quantity and time of the readings recorded last, so that a program may repeat itself, also after a restart. */
export class RecentReadings {
  /** Oldest first; each with whether it got to the medium, once that is known. */
  readonly #stored = new Map<string, Promise<boolean>>();

  /** @return whether it is new */
  add(measurement: Measurement, stored: Promise<boolean>): boolean {
    const name = nameOf(measurement);
    if (this.#stored.has(name)) return false;
    this.#stored.set(name, stored);
    const [oldest] = this.#stored.keys();
    if (this.#stored.size > REMEMBERED && oldest !== undefined) this.#stored.delete(oldest);
    return true;
  }

  /** What was forgotten was stored. */
  isStored(measurement: Measurement): Promise<boolean> {
    return this.#stored.get(nameOf(measurement)) ?? Promise.resolve(true);
  }

  forget(measurements: readonly Measurement[]): void {
    for (const measurement of measurements) this.#stored.delete(nameOf(measurement));
  }
}

const nameOf = ({ quantity, measuredMs }: Measurement): string => `${quantity}@${measuredMs}`;
