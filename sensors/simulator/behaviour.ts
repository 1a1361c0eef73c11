/**
 * What a simulated device reports for an hour: its station's real value, or what its misbehaviour makes of it. Pure:
 * the same slices, seed and hour give the same values, so a restarted fleet sends what it would have sent.
 */
import type { QuantityCode } from '../../core/reading/quantity.ts';
import { chance } from './chance.ts';
import { SLICE_HOURS, type Series, type Slices } from './slice.ts';

export type Behaviour =
  | { readonly kind: 'honest' }
  /** A hung logger: some quantities stand still for a day or so, again and again. */
  | { readonly kind: 'stuck'; readonly quantities: readonly QuantityCode[] }
  /** Loose wiring: single hours jump, some out of any physical range. */
  | { readonly kind: 'spikes' }
  /** No sensor at all: another station's series with a little noise. */
  | { readonly kind: 'copy'; readonly of: string };

export const HONEST: Behaviour = { kind: 'honest' };

const MISBEHAVIOUR: ReadonlyMap<string, Behaviour> = new Map<string, Behaviour>([
  ['28079018', { kind: 'stuck', quantities: ['pm10', 'o3', 'temp'] }],
  ['28079036', { kind: 'spikes' }],
  ['Dingling', { kind: 'copy', of: 'Nongzhanguan' }],
]);

export function behaviourOf(station: string): Behaviour {
  return MISBEHAVIOUR.get(station) ?? HONEST;
}

export type Value = { readonly quantity: QuantityCode; readonly value: number };

/** `hour` counts from the fleet's first; the slice repeats after its end. */
export function valuesAt(
  slices: Slices,
  station: string,
  behaviour: Behaviour,
  seed: string,
  hour: number,
): readonly Value[] {
  const own = slices.series.get(station);
  if (!own) throw new Error(`no series for station ${station}`);
  switch (behaviour.kind) {
    case 'honest':
      return recorded(own, hour);
    case 'stuck':
      return stuck(own, behaviour.quantities, `${seed}/${station}`, hour);
    case 'spikes':
      return recorded(own, hour).map((value) => spiked(value, `${seed}/${station}`, hour));
    case 'copy': {
      const other = slices.series.get(behaviour.of);
      if (!other) throw new Error(`no series for station ${behaviour.of}`);
      return hour < COPY_FROM_HOUR ? recorded(own, hour) : copied(own, other, `${seed}/${station}`, hour);
    }
  }
}

function recorded(series: Series, hour: number): readonly Value[] {
  return [...series].flatMap(([quantity, values]) => {
    const value = values[hour % SLICE_HOURS];
    return value === null || value === undefined ? [] : [{ quantity, value }];
  });
}

const STUCK_CYCLE_HOURS = 48;

function stuck(series: Series, frozen: readonly QuantityCode[], seed: string, hour: number): readonly Value[] {
  const cycle = Math.floor(hour / STUCK_CYCLE_HOURS);
  const from = cycle * STUCK_CYCLE_HOURS + 6 + Math.floor(chance(seed, 'from', cycle) * 12);
  const until = from + 20 + Math.floor(chance(seed, 'long', cycle) * 9);
  const now = recorded(series, hour);
  if (hour < from || hour >= until) return now;
  const held = new Map(recorded(series, from).map((value) => [value.quantity, value]));
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
  return recorded(other, hour)
    .filter(({ quantity }) => own.has(quantity))
    .map(({ quantity, value }) => {
      const noise = (chance(seed, 'copy', quantity, hour) * 2 - 1) * COPY_NOISE;
      return { quantity, value: toHundredths(value * (1 + noise)) };
    });
}

function toHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
