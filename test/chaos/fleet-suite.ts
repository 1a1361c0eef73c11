/** The suite of devices: plans of kills and faults, each with a network of its own. */
import { FAULT_NAMES } from '../../sensors/simulator/weather.ts';
import type { FleetVerdict } from './fleet-judge.ts';
import { type FleetPlan, fleetPlan, VICTIMS } from './fleet-plan.ts';
import { type FleetRun, runFleetPlan } from './fleet-run.ts';
import type { Suite } from './suite.ts';
import type { Failure } from './tally.ts';

/** On average of a plan: where the fleet came to its end before most of them, the suite shows too little. */
const LEAST_KILLS = 2;

export class FleetTally {
  readonly failures: Failure[] = [];
  #plans = 0;
  #kills = 0;
  readonly #sums = { readings: 0, double: 0, lost: 0 } satisfies Record<keyof Omit<FleetVerdict, 'wrongs'>, number>;
  readonly #happened = new Map<string, number>();

  add({ plan, kills, faults, verdict }: FleetRun): void {
    this.#plans++;
    for (const sum of ['readings', 'double', 'lost'] as const) this.#sums[sum] += verdict[sum];
    for (const victim of kills) this.#count(`${victim} killed`, 1);
    for (const [fault, stretches] of faults) this.#count(fault, stretches);
    this.#kills += kills.length;
    const { wrongs } = verdict;
    if (wrongs.length > 0) this.failures.push({ seed: plan.seed, wrongs, steps: [plan] });
  }

  /** Of the suite whose first plan has this seed. */
  judgeKills(seed: number): void {
    if (this.#kills >= LEAST_KILLS * this.#plans) return;
    const wrong = `only ${this.#kills} kills hit in ${this.#plans} schedules: the suite proves too little`;
    this.failures.push({ seed, wrongs: [wrong], steps: [] });
  }

  addUnfinished(plan: FleetPlan, error: unknown): void {
    this.#plans++;
    this.failures.push({ seed: plan.seed, wrongs: [`did not come to its end: ${String(error)}`], steps: [plan] });
  }

  #count(what: string, times: number): void {
    this.#happened.set(what, (this.#happened.get(what) ?? 0) + times);
  }

  lines(): readonly string[] {
    const { readings, double, lost } = this.#sums;
    const names = [...VICTIMS.map((victim) => `${victim} killed`), ...FAULT_NAMES];
    return [
      ...names.map((name) => `  ${String(this.#happened.get(name) ?? 0).padStart(9)}  ${name}`),
      '',
      `${this.#plans} schedules, ${readings} readings: ${double} double, ${lost} lost`,
    ];
  }
}

/** @param lanes plans that run side by side */
export async function runFleetSuite({ schedules, seed, onProgress }: Suite, lanes: number): Promise<FleetTally> {
  const tally = new FleetTally();
  let [next, done] = [seed, 0];
  const work = async (): Promise<void> => {
    while (next < seed + schedules) {
      const plan = fleetPlan(next++);
      try {
        tally.add(await runFleetPlan(plan));
      } catch (error) {
        // Told with its seed; the other schedules have something to say, too.
        tally.addUnfinished(plan, error);
      }
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  tally.judgeKills(seed);
  tally.failures.sort((a, b) => a.seed - b.seed);
  return tally;
}
