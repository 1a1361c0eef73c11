/** What the fold's outputs say about an attack and about the honest. Pure; hours and days are those of the outputs given. */
import { testCodes } from '../../core/qc/tests.ts';
import { FAIL, SUSPECT } from '../../core/reading/reading.ts';
import type { Outputs } from '../../core/region/outputs.ts';

/** The worst flag of a device-hour, and the tests of its flagged cells as bits. */
export type Verdict = { readonly flag: number; readonly tests: number };
/** By hour; an hour without a reading is not there. */
export type Verdicts = ReadonlyMap<number, Verdict>;

/** By slot. */
export function verdictsOf(
  hours: readonly Pick<Outputs['hours'][number], 'hour' | 'cells'>[],
): ReadonlyMap<number, Verdicts> {
  const bySlot = new Map<number, Map<number, Verdict>>();
  for (const { hour, cells } of hours) {
    for (const [slot, , , , , , flag, tests] of cells) {
      const ofSlot = bySlot.get(slot) ?? new Map<number, Verdict>();
      const before = ofSlot.get(hour) ?? { flag: 0, tests: 0 };
      const isBad = flag === SUSPECT || flag === FAIL;
      ofSlot.set(hour, { flag: Math.max(before.flag, flag), tests: before.tests | (isBad ? tests : 0) });
      bySlot.set(slot, ofSlot);
    }
  }
  return bySlot;
}

export function isFlagged(verdict: Verdict | undefined): boolean {
  return verdict?.flag === SUSPECT || verdict?.flag === FAIL;
}

/** An attack is caught for good where so much of it is flagged (qc-score.py: sustained recall). */
export const SUSTAINED_SHARE = 0.25;

export type AttackTrace = {
  /** Hours in which the cheat acted, ascending. */
  readonly attacked: readonly number[];
  readonly verdicts: Verdicts;
  /** The same device in the same hours without the attack. */
  readonly honest: Verdicts;
  /** Hours whose readings were turned away at the door. */
  readonly notTaken: ReadonlySet<number>;
};

export type Catch = {
  /** Any hour flagged or turned away that was not flagged without the attack. */
  readonly isNoticed: boolean;
  readonly isSustained: boolean;
  /** From the first attacked hour to the first such hour; 0: the verdict on that very hour; null: never noticed. */
  readonly delayHours: number | null;
  /** Share of the attacked hours that were turned away. */
  readonly notTaken: number;
  /** Tests by number of hours. */
  readonly tests: ReadonlyMap<string, number>;
};

export function judgeAttack({ attacked, verdicts, honest, notTaken }: AttackTrace): Catch {
  const first = attacked[0];
  const called = (hour: number) => isFlagged(verdicts.get(hour)) || notTaken.has(hour);
  const due = new Set([...verdicts.keys(), ...notTaken]);
  const noticed = [...due]
    .filter((hour) => first !== undefined && hour >= first && called(hour) && !isFlagged(honest.get(hour)))
    .sort((a, b) => a - b);
  const tests = new Map<string, number>();
  for (const hour of noticed) {
    for (const code of testCodes(verdicts.get(hour)?.tests ?? 0)) tests.set(code, (tests.get(code) ?? 0) + 1);
  }
  const share = (count: number): number => (attacked.length === 0 ? 0 : count / attacked.length);
  return {
    isNoticed: noticed.length > 0,
    isSustained: share(attacked.filter(called).length) >= SUSTAINED_SHARE,
    delayHours: noticed[0] === undefined || first === undefined ? null : noticed[0] - first,
    notTaken: share(attacked.filter((hour) => notTaken.has(hour)).length),
    tests,
  };
}

export type Rate = { readonly hours: number; readonly flagged: number; readonly failed: number };

export function rateOf(verdicts: Verdicts, isCounted: (hour: number) => boolean = () => true): Rate {
  const counted = [...verdicts].filter(([hour]) => isCounted(hour)).map(([, verdict]) => verdict);
  return {
    hours: counted.length,
    flagged: counted.filter(isFlagged).length,
    failed: counted.filter(({ flag }) => flag === FAIL).length,
  };
}

export function sumRates(rates: readonly Rate[]): Rate {
  return rates.reduce(
    (sum, rate) => ({
      hours: sum.hours + rate.hours,
      flagged: sum.flagged + rate.flagged,
      failed: sum.failed + rate.failed,
    }),
    { hours: 0, flagged: 0, failed: 0 },
  );
}

/** What an attack did to somebody honest. */
export type Harm = {
  readonly hours: number;
  /** Flagged with the attack and not without, and the other way around. */
  readonly accused: number;
  readonly relieved: number;
  /** Failed with the attack and not without. */
  readonly failed: number;
};

export function harmTo(verdicts: Verdicts, honest: Verdicts, fromHour: number): Harm {
  const harm = { hours: 0, accused: 0, relieved: 0, failed: 0 };
  for (const [hour, now] of verdicts) {
    if (hour < fromHour) continue;
    const before = honest.get(hour);
    harm.hours += 1;
    if (isFlagged(now) && !isFlagged(before)) harm.accused += 1;
    if (!isFlagged(now) && isFlagged(before)) harm.relieved += 1;
    if (now.flag === FAIL && before?.flag !== FAIL) harm.failed += 1;
  }
  return harm;
}

export function sumHarms(harms: readonly Harm[]): Harm {
  return harms.reduce(
    (sum, harm) => ({
      hours: sum.hours + harm.hours,
      accused: sum.accused + harm.accused,
      relieved: sum.relieved + harm.relieved,
      failed: sum.failed + harm.failed,
    }),
    { hours: 0, accused: 0, relieved: 0, failed: 0 },
  );
}

/** Mean score of the device over the days, 0 to 1; a day without a row earns nothing. */
export function meanScore(days: Outputs['days'], device: string, from: number, until: number): number {
  let sum = 0;
  for (const { member, epoch, scoreBps } of days) {
    if (member.device === device && epoch >= from && epoch < until) sum += scoreBps;
  }
  return sum / 10_000 / (until - from);
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
