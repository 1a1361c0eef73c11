/** Runs attacks, each beside the same city without it. The honest half of the month is folded once and branched from. */
import type { Outputs } from '../../core/region/outputs.ts';
import { type AttackName, ATTACKS } from '../../sensors/simulator/attacks/catalogue.ts';
import { attackOn } from '../../sensors/simulator/behaviour.ts';
import { SLICE_HOURS } from '../../sensors/simulator/slice.ts';
import type { FoldLog } from '../lib/fold-log.ts';
import { attackedHours, type City, inSliceTime, openCity, reportHours, slotOf, without } from './city.ts';
import {
  type Catch,
  type Harm,
  harmTo,
  judgeAttack,
  meanScore,
  type Rate,
  rateOf,
  sumHarms,
  type Verdicts,
  verdictsOf,
} from './metrics.ts';

/** Clean days before an attack begins. */
export const CLEAN_DAYS = 14;
const START = CLEAN_DAYS * 24;
const DAYS = SLICE_HOURS / 24;

type Honest = {
  /** As of the start of the attacks. */
  readonly atStart: FoldLog;
  readonly verdicts: ReadonlyMap<number, Verdicts>;
  readonly days: Outputs['days'];
};

export type StationBaseline = {
  readonly city: string;
  readonly station: string;
  readonly rate: Rate;
  readonly score: number;
};

export type Run = { readonly attack: AttackName; readonly city: City; readonly station: string; readonly seed: string };

export type RunResult = Run & {
  readonly caught: Catch;
  readonly score: number;
  /** Of the same device on the same days without the attack. */
  readonly honestScore: number;
  readonly others: Harm;
  /** Harm to the device whose readings were copied; null: none was. */
  readonly donor: Harm | null;
};

export class Bench {
  readonly #honest = new Map<string, Honest>();

  baseline(city: City): readonly StationBaseline[] {
    const { verdicts, days } = this.#honestOf(city);
    return city.stations.map(({ id }, slot) => ({
      city: city.name,
      station: id,
      rate: rateOf(verdicts.get(slot) ?? new Map()),
      score: meanScore(days, deviceOf(this.#honestOf(city).atStart, slot), 0, DAYS),
    }));
  }

  run(run: Run): RunResult {
    const { attack, station, seed } = run;
    const behaviour = attackOn(run.city.slices, station, attack, START);
    if (behaviour?.kind !== 'attack') throw new Error(`${attack} does not fit ${station}`);
    // Who reports another station's air from its place: the station that stands there is not in the network.
    const isFalsePlace = ATTACKS[attack].partner === 'farthest';
    const city = isFalsePlace ? without(run.city, behaviour.of) : run.city;
    const honest = this.#honestOf(city);
    const slot = slotOf(city, station);
    const device = deviceOf(honest.atStart, slot);

    const log = honest.atStart.branch();
    const attacker = { station, behaviour };
    const span = { from: START, until: SLICE_HOURS };
    const notTaken = reportHours(log, city, span, seed, attacker);
    const { hours, days } = inSliceTime(log.outputs);
    const verdicts = verdictsOf(hours);
    const none: Verdicts = new Map();
    const harms = city.stations.map((_, other) =>
      harmTo(verdicts.get(other) ?? none, honest.verdicts.get(other) ?? none, START),
    );
    const donor = behaviour.of === null || isFalsePlace ? -1 : slotOf(city, behaviour.of);
    return {
      ...run,
      caught: judgeAttack({
        attacked: attackedHours(city, attacker, span, seed),
        verdicts: verdicts.get(slot) ?? none,
        honest: honest.verdicts.get(slot) ?? none,
        notTaken,
      }),
      score: meanScore(days, device, CLEAN_DAYS, DAYS),
      honestScore: meanScore(honest.days, device, CLEAN_DAYS, DAYS),
      others: sumHarms(harms.filter((_, other) => other !== slot)),
      donor: harms[donor] ?? null,
    };
  }

  #honestOf(city: City): Honest {
    const key = city.stations.map(({ id }) => id).join();
    const known = this.#honest.get(key);
    if (known) return known;
    const log = openCity(city);
    reportHours(log, city, { from: 0, until: START }, '', null);
    const atStart = log.branch();
    reportHours(log, city, { from: START, until: SLICE_HOURS }, '', null);
    const { hours, days } = inSliceTime(log.outputs);
    const honest = { atStart, verdicts: verdictsOf(hours), days };
    this.#honest.set(key, honest);
    return honest;
  }
}

function deviceOf({ state }: FoldLog, slot: number): string {
  return state.devices[slot]?.membership.device ?? '';
}

/** Every family on up to `stations` suitable stations of each city, spread over its list, with each seed. */
export function planRuns(
  cities: readonly City[],
  attacks: readonly AttackName[],
  stations: number,
  seeds: number,
): readonly Run[] {
  return attacks.flatMap((attack) =>
    cities.flatMap((city) => {
      const suitable = city.stations.filter(({ id }) => attackOn(city.slices, id, attack, START) !== null);
      return spreadOver(suitable, stations).flatMap(({ id }) =>
        Array.from({ length: seeds }, (_, seed) => ({ attack, city, station: id, seed: String(seed + 1) })),
      );
    }),
  );
}

export function spreadOver<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (count >= items.length) return items;
  return items.filter(
    (_, at) => Math.floor((at * count) / items.length) !== Math.floor(((at - 1) * count) / items.length),
  );
}
