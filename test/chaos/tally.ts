/** What many schedules came to: sums that can be added up, and the lines that people read. */
import { FAULTS, type Fault, type Run, type Step, WRITE_KINDS } from './schedule.ts';

export type Failure = {
  readonly seed: number;
  readonly wrongs: readonly string[];
  /** What happened, a line each. */
  readonly steps: readonly object[];
};
type Writes = ReadonlyMap<string, { readonly seen: number; readonly killed: number }>;

/** What every schedule must hold, or it proves too little. */
const LEAST_FAULTS = 3;
const LEAST_PAYOUTS = 5;

export class Tally {
  schedules = 0;
  payouts = 0;
  double = 0;
  lost = 0;
  faults = new Map<Fault, number>();
  writes = new Map<string, { seen: number; killed: number }>();
  failures: Failure[] = [];

  /** @param cut the steps that are left where it failed; none: it was not cut down */
  add(seed: number, { steps, faults, verdict }: Run, cut: readonly Step[]): void {
    this.schedules++;
    this.payouts += verdict.payouts;
    this.double += verdict.double;
    this.lost += verdict.lost;
    for (const fault of faults) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    const thin = faults.length < LEAST_FAULTS || verdict.payouts < LEAST_PAYOUTS;
    const wrongs =
      thin && verdict.wrongs.length === 0
        ? [`only ${faults.length} faults and ${verdict.payouts} payouts: the schedule proves too little`]
        : verdict.wrongs;
    if (wrongs.length > 0) this.failures.push({ seed, wrongs, steps: cut.length > 0 ? cut : steps });
  }

  addWrites(writes: Writes): void {
    for (const [kind, { seen, killed }] of writes) {
      const known = this.writes.get(kind) ?? { seen: 0, killed: 0 };
      this.writes.set(kind, { seen: known.seen + seen, killed: known.killed + killed });
    }
  }

  /** Kinds of write that the schedules do not know of, and those after which nobody died. */
  gaps(): { readonly unknown: readonly string[]; readonly spared: readonly string[] } {
    const known: ReadonlySet<string> = new Set(WRITE_KINDS);
    return {
      unknown: [...this.writes.keys()].filter((kind) => !known.has(kind)),
      spared: WRITE_KINDS.filter((kind) => !this.writes.get(kind)?.killed),
    };
  }

  /** Of another thread, whose maps came as they are and whose methods did not. */
  merge(other: Omit<Tally, 'add' | 'addWrites' | 'merge' | 'lines' | 'gaps'>): void {
    this.schedules += other.schedules;
    this.payouts += other.payouts;
    this.double += other.double;
    this.lost += other.lost;
    for (const [fault, count] of other.faults) this.faults.set(fault, (this.faults.get(fault) ?? 0) + count);
    this.addWrites(other.writes);
    this.failures.push(...other.failures);
  }

  lines(): readonly string[] {
    const lines = FAULTS.map((fault) => `  ${String(this.faults.get(fault) ?? 0).padStart(9)}  ${fault}`);
    const writes = [...this.writes].toSorted(([a], [b]) => (a < b ? -1 : 1));
    if (writes.length > 0) lines.push('', '  killed after, of', '');
    for (const [kind, { seen, killed }] of writes)
      lines.push(`  ${String(killed).padStart(9)}  ${String(seen).padStart(9)}  ${kind}`);
    lines.push('', `${this.schedules} schedules, ${this.payouts} payouts: ${this.double} double, ${this.lost} lost`);
    return lines;
  }
}
