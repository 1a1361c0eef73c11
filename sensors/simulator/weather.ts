/**
 * The weather of faults over a fleet: which device has which one from when to when. Without state: the same seed, station and hour
 * give the same answer, so a fleet that was stopped goes on as it would have gone on. What falsifies values is what the
 * catalogue of attacks has (a fault and a cheat differ in the motive); what happens on the way is here.
 */
import type { AttackName } from './attacks/catalogue.ts';
import { chance } from './chance.ts';

/** Of the sensor or its logger: what is sent is not what an honest device would send. */
const VALUE_FAULTS = {
  stuck: { does: 'half of the sensors hang and repeat their last value', attack: 'frozen' },
  drift: { does: 'one quantity creeps away', attack: 'drift' },
  noise: { does: 'one quantity scatters', attack: 'noise' },
  unit: { does: 'one quantity in another unit', attack: 'unit' },
  clock: { does: 'the clock is 12 to 50 min behind', attack: 'clock-skew' },
  spikes: { does: 'single values jump, some out of any physical range', attack: null },
  dropout: { does: 'half of the hours, and half of the quantities in the others, are missing', attack: null },
} as const satisfies Readonly<Record<string, { readonly does: string; readonly attack: AttackName | null }>>;

/** Of the connection: what is sent is true, and must come to count exactly once. */
const LINK_FAULTS = {
  delayed: { does: 'hours are posted together once the fault is over' },
  duplicated: { does: 'every batch is posted a second time' },
  reordered: { does: 'newer hours are posted before older ones' },
  lost: { does: 'every other request, or its answer, is lost' },
} as const satisfies Readonly<Record<string, { readonly does: string }>>;

export type ValueFault = keyof typeof VALUE_FAULTS;
export type LinkFault = keyof typeof LINK_FAULTS;
export type FaultName = ValueFault | LinkFault;

export const FAULT_NAMES: readonly FaultName[] = [...Object.keys(VALUE_FAULTS), ...Object.keys(LINK_FAULTS)].filter(
  isFaultName,
);

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(VALUE_FAULTS, name) || isLinkFault(name);
}

export function isLinkFault(name: string): name is LinkFault {
  return Object.hasOwn(LINK_FAULTS, name);
}

/** Which attack of the catalogue does it; null: behaviour.ts. */
export function attackOf(fault: ValueFault): AttackName | null {
  return VALUE_FAULTS[fault].attack;
}

export function doesOf(fault: FaultName): string {
  return isLinkFault(fault) ? LINK_FAULTS[fault].does : VALUE_FAULTS[fault].does;
}

export type Weather = {
  readonly faults: readonly FaultName[];
  /** Chance that a device has a fault in two days. */
  readonly rate: number;
};

/** Hours since the fleet's first. */
export type Episode = { readonly fault: FaultName; readonly fromHour: number; readonly untilHour: number };

/** A fault begins and ends within one of these, so that no hour needs to look farther. */
const WINDOW_HOURS = 48;
const LEAST_HOURS = 6;
const MOST_HOURS = 30;
/** The first day is honest, so that a change is there to be seen. */
export const FIRST_FAULTY_HOUR = 24;

export function episodeAt(weather: Weather, station: string, seed: string, hour: number): Episode | null {
  const window = Math.floor((hour - FIRST_FAULTY_HOUR) / WINDOW_HOURS);
  const parts = ['weather', station, window] as const;
  if (window < 0 || chance(seed, 'fault', ...parts) >= weather.rate) return null;
  const fault = weather.faults[Math.floor(chance(seed, 'which', ...parts) * weather.faults.length)];
  if (fault === undefined) return null;
  const hours = LEAST_HOURS + Math.floor(chance(seed, 'long', ...parts) * (MOST_HOURS - LEAST_HOURS + 1));
  const begin = Math.floor(chance(seed, 'begin', ...parts) * (WINDOW_HOURS - hours + 1));
  const fromHour = FIRST_FAULTY_HOUR + window * WINDOW_HOURS + begin;
  const untilHour = fromHour + hours;
  return hour >= fromHour && hour < untilHour ? { fault, fromHour, untilHour } : null;
}
