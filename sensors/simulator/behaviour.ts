/**
 * What a simulated device reports for an hour: its station's real value, or what its misbehaviour makes of it. Pure:
 * the same slices, seed and hour give the same values, so a restarted fleet sends what it would have sent.
 */
import type { QuantityCode } from '../../core/reading/quantity.ts';
import { type AttackName, ATTACKS } from './attacks/catalogue.ts';
import { partnerOf } from './attacks/partner.ts';
import { recordedAt, toHundredths } from './attacks/series.ts';
import { chance } from './chance.ts';
import type { Series, Slices, Value } from './slice.ts';
import { attackOf, episodeAt, isLinkFault, type Weather } from './weather.ts';

export type Behaviour =
  | { readonly kind: 'honest' }
  /** A hung logger: some quantities stand still for a day or so, again and again. */
  | { readonly kind: 'stuck'; readonly quantities: readonly QuantityCode[] }
  /** Loose wiring: single hours jump, some out of any physical range. */
  | { readonly kind: 'spikes' }
  /** No sensor at all: another station's series with a little noise. */
  | { readonly kind: 'copy'; readonly of: string }
  /** Faults that come and go. */
  | ({ readonly kind: 'weather' } & Weather)
  /** One of attacks/catalogue.ts from an hour on; `of` is the station whose series it takes, if it takes one. */
  | { readonly kind: 'attack'; readonly attack: AttackName; readonly of: string | null; readonly fromHour: number };

export const HONEST: Behaviour = { kind: 'honest' };

const MISBEHAVIOUR: ReadonlyMap<string, Behaviour> = new Map<string, Behaviour>([
  ['28079018', { kind: 'stuck', quantities: ['pm10', 'o3', 'temp'] }],
  ['28079036', { kind: 'spikes' }],
  ['Dingling', { kind: 'copy', of: 'Nongzhanguan' }],
]);

export function behaviourOf(station: string): Behaviour {
  return MISBEHAVIOUR.get(station) ?? HONEST;
}

/** Null: the station measures nothing that the attack could falsify, or there is no station to take a series from. */
export function attackOn(slices: Slices, station: string, attack: AttackName, fromHour: number): Behaviour | null {
  const { needs, partner } = ATTACKS[attack];
  const own = seriesOf(slices, station);
  if (needs !== null && !needs.some((quantity) => own.has(quantity))) return null;
  if (partner === null) return { kind: 'attack', attack, of: null, fromHour };
  const found = partnerOf(slices, station, partner);
  return found === null ? null : { kind: 'attack', attack, of: found.station, fromHour };
}

/** The station whose readings must be there before they can be copied. */
export function originalOf(behaviour: Behaviour): string | null {
  if (behaviour.kind === 'copy') return behaviour.of;
  return behaviour.kind === 'attack' && behaviour.attack === 'copy' ? behaviour.of : null;
}

/** How far the device's clock is behind in the hour, in hours of the rule set. */
export function clockBehindHours(behaviour: Behaviour, station: string, seed: string, hour: number): number {
  if (behaviour.kind === 'weather') {
    const isSlow = episodeAt(behaviour, station, seed, hour)?.fault === 'clock';
    return isSlow ? (ATTACKS['clock-skew'].clockBehindHours?.(`${seed}/${station}`) ?? 0) : 0;
  }
  if (behaviour.kind !== 'attack' || hour < behaviour.fromHour) return 0;
  return ATTACKS[behaviour.attack].clockBehindHours?.(`${seed}/${station}`) ?? 0;
}

/** `hour` counts from the fleet's first; the slice repeats after its end. */
export function valuesAt(
  slices: Slices,
  station: string,
  behaviour: Behaviour,
  seed: string,
  hour: number,
): readonly Value[] {
  const own = seriesOf(slices, station);
  switch (behaviour.kind) {
    case 'honest':
      return recordedAt(own, hour);
    case 'stuck':
      return stuck(own, behaviour.quantities, `${seed}/${station}`, hour);
    case 'spikes':
      return recordedAt(own, hour).map((value) => spiked(value, `${seed}/${station}`, hour));
    case 'copy': {
      if (hour < COPY_FROM_HOUR) return recordedAt(own, hour);
      return copied(own, seriesOf(slices, behaviour.of), `${seed}/${station}`, hour);
    }
    case 'weather':
      return weathered(own, behaviour, station, seed, hour);
    case 'attack': {
      const { attack, of, fromHour } = behaviour;
      if (hour < fromHour) return recordedAt(own, hour);
      const other = of === null ? null : seriesOf(slices, of);
      return ATTACKS[attack].values({ own, other, seed: `${seed}/${station}`, startHour: fromHour }, hour);
    }
  }
}

function weathered(own: Series, weather: Weather, station: string, seed: string, hour: number): readonly Value[] {
  const now = recordedAt(own, hour);
  const episode = episodeAt(weather, station, seed, hour);
  if (episode === null || isLinkFault(episode.fault)) return now;
  const of = `${seed}/${station}`;
  if (episode.fault === 'spikes') return now.map((value) => spiked(value, of, hour));
  if (episode.fault === 'dropout') {
    if (chance(of, 'dropout', hour) < 0.5) return [];
    return now.filter(({ quantity }) => chance(of, 'dropout', quantity, hour) < 0.5);
  }
  const attack = attackOf(episode.fault);
  if (attack === null) return now;
  return ATTACKS[attack].values(
    { own, other: null, seed: `${of}/${episode.fromHour}`, startHour: episode.fromHour },
    hour,
  );
}

function seriesOf(slices: Slices, station: string): Series {
  const series = slices.series.get(station);
  if (!series) throw new Error(`no series for station ${station}`);
  return series;
}

const STUCK_CYCLE_HOURS = 48;

function stuck(series: Series, frozen: readonly QuantityCode[], seed: string, hour: number): readonly Value[] {
  const cycle = Math.floor(hour / STUCK_CYCLE_HOURS);
  const from = cycle * STUCK_CYCLE_HOURS + 6 + Math.floor(chance(seed, 'from', cycle) * 12);
  const until = from + 20 + Math.floor(chance(seed, 'long', cycle) * 9);
  const now = recordedAt(series, hour);
  if (hour < from || hour >= until) return now;
  const held = new Map(recordedAt(series, from).map((value) => [value.quantity, value]));
  return now.map((value) => (frozen.includes(value.quantity) ? (held.get(value.quantity) ?? value) : value));
}

/** Share of values that jump, and of those the share that leaves every physical range. */
const SPIKE_RATE = 0.3;
const SPIKE_OUT_OF_RANGE = 0.4;

/** Added to the true value, or sent instead of it; in the unit sent. */
const SPIKES: Readonly<Partial<Record<QuantityCode, { readonly jump: number; readonly absurd: number }>>> = {
  temp: { jump: 22, absurd: 84.9 },
  rh: { jump: -48, absurd: 130 },
  press: { jump: -55, absurd: 1250 },
  wind_speed: { jump: 38, absurd: 99 },
  co: { jump: 30, absurd: 120 },
};
const CONCENTRATION_SPIKE = { jump: 400, absurd: 3000 };

function spiked({ quantity, value }: Value, seed: string, hour: number): Value {
  if (chance(seed, 'spike', quantity, hour) >= SPIKE_RATE) return { quantity, value };
  const { jump, absurd } = SPIKES[quantity] ?? CONCENTRATION_SPIKE;
  const isAbsurd = chance(seed, 'absurd', quantity, hour) < SPIKE_OUT_OF_RANGE;
  return { quantity, value: isAbsurd ? absurd : toHundredths(value + jump) };
}

/** The first day is honest, so that the change is there to be seen. */
const COPY_FROM_HOUR = 24;
const COPY_NOISE = 0.01;

function copied(own: Series, other: Series, seed: string, hour: number): readonly Value[] {
  return recordedAt(other, hour)
    .filter(({ quantity }) => own.has(quantity))
    .map(({ quantity, value }) => {
      const noise = (chance(seed, 'copy', quantity, hour) * 2 - 1) * COPY_NOISE;
      return { quantity, value: toHundredths(value * (1 + noise)) };
    });
}
