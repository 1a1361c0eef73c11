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

export class Fuse {
  /** Kinds of write, how often each happened, and how often it was the last thing somebody did. */
  readonly writes = new Map<string, { seen: number; killed: number }>();
  #left: number | null = null;
  #kills = 0;
  #armedWrites = 0;

  /** @param writes null: nobody dies */
  arm(writes: number | null): void {
    this.#left = writes;
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
    if (this.#left === null || --this.#left > 0) return;
    this.#left = null;
    this.#kills++;
    count.killed++;
    life.end();
    throw new Killed(kind);
  }
}
