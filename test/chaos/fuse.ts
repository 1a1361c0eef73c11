/** Kills after the n-th write, whoever writes it, and remembers after which kinds of write it has killed. */

/** Power is gone: whatever catches this cannot do anything any more. */
export class Killed extends Error {}

/** One run of a process or of an object in it. Dead, it can neither read nor write. */
export class Life {
  #dead = false;
  get isDead(): boolean {
    return this.#dead;
  }
  check(): void {
    if (this.#dead) throw new Killed('dead');
  }
  end(): void {
    this.#dead = true;
  }
}

/** After so many writes, or so many of one kind. */
export type Crash = { readonly kind: string | null; readonly writes: number };

export class Fuse {
  /** Kinds of write, how often each happened, and how often it was the last thing somebody did. */
  readonly writes = new Map<string, { seen: number; killed: number }>();
  #fault: Crash | null = null;
  #left = 0;
  #kills = 0;
  #armedWrites = 0;

  /** @param fault null: nobody dies */
  arm(fault: Crash | null): void {
    this.#fault = fault;
    this.#left = fault?.writes ?? 0;
    this.#kills = 0;
    this.#armedWrites = 0;
  }

  /** Since it was last armed. */
  get count(): number {
    return this.#armedWrites;
  }

  get kills(): number {
    return this.#kills;
  }

  wrote(kind: string, life: Life): void {
    const count = this.writes.get(kind) ?? { seen: 0, killed: 0 };
    this.writes.set(kind, count);
    count.seen++;
    this.#armedWrites++;
    const counts = this.#fault !== null && (this.#fault.kind === null || this.#fault.kind === kind);
    if (!counts || --this.#left > 0) return;
    this.#fault = null;
    this.#kills++;
    count.killed++;
    life.end();
    throw new Killed(kind);
  }
}
