/** What was injected, and how much of it the network's public flags tell: device-hours and stretches of hours. Pure. */
import { ATTACKS } from './attacks/catalogue.ts';
import { type Behaviour, clockBehindHours, HONEST, valuesAt } from './behaviour.ts';
import type { Slices } from './slice.ts';
import { episodeAt } from './weather.ts';

/** Hours since the fleet's first, half-open. */
export type Label = {
  readonly station: string;
  readonly name: string;
  readonly fromHour: number;
  readonly untilHour: number;
};
export type Flagged = { readonly station: string; readonly fromHour: number; readonly untilHour: number };

/** Stretches in which the station sent what an honest device would not, or sent it otherwise. */
export function labelsOf(
  slices: Slices,
  station: string,
  behaviour: Behaviour,
  seed: string,
  untilHour: number,
): readonly Label[] {
  const labels: Label[] = [];
  for (let hour = 0; hour < untilHour; hour++) {
    const name = faultIn(slices, station, behaviour, seed, hour);
    const last = labels.at(-1);
    if (name === null) continue;
    if (last?.untilHour === hour && last.name === name) labels[labels.length - 1] = { ...last, untilHour: hour + 1 };
    else labels.push({ station, name, fromHour: hour, untilHour: hour + 1 });
  }
  return labels;
}

function faultIn(slices: Slices, station: string, behaviour: Behaviour, seed: string, hour: number): string | null {
  if (behaviour.kind === 'honest') return null;
  if (behaviour.kind === 'weather') return episodeAt(behaviour, station, seed, hour)?.fault ?? null;
  const name = behaviour.kind === 'attack' ? behaviour.attack : behaviour.kind;
  const truth = new Map(valuesAt(slices, station, HONEST, seed, hour).map(({ quantity, value }) => [quantity, value]));
  const told = valuesAt(slices, station, behaviour, seed, hour);
  const isFalse =
    told.some(({ quantity, value }) => truth.get(quantity) !== value) ||
    clockBehindHours(behaviour, station, seed, hour) > 0;
  return isFalse ? name : null;
}

/** What no flag is to be expected of: true values that came on a bad road. */
const isValueFault = (name: string): boolean =>
  Object.hasOwn(ATTACKS, name) ||
  ['stuck', 'spikes', 'copy', 'drift', 'noise', 'unit', 'clock', 'dropout'].includes(name);

export type Score = {
  /** Device-hours. */
  readonly injected: number;
  readonly flagged: number;
  readonly both: number;
  /** Stretches by name: how many, and how many of them have a flag. */
  readonly byName: ReadonlyMap<string, { readonly injected: number; readonly found: number }>;
};

/** @param untilHour of the hours that the network has judged and shown */
export function scoreOf(labels: readonly Label[], flags: readonly Flagged[], untilHour: number): Score {
  const falsified = labels.filter(({ name, fromHour }) => isValueFault(name) && fromHour < untilHour);
  const told = hoursOf(flags, untilHour);
  const truth = hoursOf(falsified, untilHour);
  const byName = new Map<string, { injected: number; found: number }>();
  for (const label of labels) {
    if (label.fromHour >= untilHour) continue;
    const of = byName.get(label.name) ?? { injected: 0, found: 0 };
    of.injected++;
    if ([...hoursOf([label], untilHour)].some((hour) => told.has(hour))) of.found++;
    byName.set(label.name, of);
  }
  const both = [...truth].filter((hour) => told.has(hour)).length;
  return { injected: truth.size, flagged: told.size, both, byName };
}

function hoursOf(spans: readonly Flagged[], untilHour: number): ReadonlySet<string> {
  const hours = new Set<string>();
  for (const { station, fromHour, untilHour: until } of spans)
    for (let hour = Math.max(0, fromHour); hour < Math.min(until, untilHour); hour++) hours.add(`${station} ${hour}`);
  return hours;
}

export function scoreLines({ injected, flagged, both, byName }: Score): readonly string[] {
  const share = (part: number, whole: number): string =>
    whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(1)} %`;
  return [
    `flags against what was injected: precision ${share(both, flagged)}, recall ${share(both, injected)} of device-hours`,
    `  ${injected} falsified, ${flagged} flagged, ${both} both`,
    ...[...byName]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([name, of]) =>
          `  ${name.padEnd(12)} ${String(of.injected).padStart(4)} stretches, ${String(of.found).padStart(4)} flagged`,
      ),
  ];
}
