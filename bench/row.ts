/**
 * What a row of the table is. A number alone says how fast this machine is; the ratio to a floor that was measured in
 * the same run says how good the code is, and only ratios and counts have budgets.
 */
export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The least that any implementation would need, on the same machine in the same run. */
  readonly floor?: { readonly name: string; readonly value: number };
  /** Of the ratio to the floor where there is one, else of the value. */
  readonly budget?: { readonly atMost: number } | { readonly atLeast: number };
};

export type Row = {
  readonly name: string;
  measure(): Promise<readonly Figure[]>;
};

export const ratioOf = ({ value, floor }: Figure): number | null => (floor ? value / floor.value : null);

export function isWithinBudget(figure: Figure): boolean {
  if (!figure.budget) return true;
  const measured = ratioOf(figure) ?? figure.value;
  return 'atMost' in figure.budget ? measured <= figure.budget.atMost : measured >= figure.budget.atLeast;
}

type Rounds = {
  readonly rounds: number;
  /** A round repeats its call for so long; 0 for what takes milliseconds anyway. */
  readonly roundMs: number;
};

/**
 * Microseconds a call, for several candidates in turn so that a slow moment of the machine hits all alike: the fastest
 * of some rounds, because everything else on the machine can only make a round slower.
 */
export async function microsecondsOf<Name extends string>(
  candidates: Readonly<Record<Name, () => unknown>>,
  { rounds, roundMs }: Rounds = { rounds: 9, roundMs: 40 },
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(candidates) as Name[];
  const best = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<Name, number>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) best[name] = Math.min(best[name], await oneRound(candidates[name], roundMs));
  }
  return best;
}

async function oneRound(call: () => unknown, roundMs: number): Promise<number> {
  const startedMs = performance.now();
  let calls = 0;
  let tookMs: number;
  do {
    const result = call();
    if (result instanceof Promise) await result;
    calls++;
    tookMs = performance.now() - startedMs;
  } while (tookMs < roundMs);
  return (tookMs * 1000) / calls;
}
