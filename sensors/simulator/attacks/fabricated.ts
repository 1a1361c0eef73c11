import type { QuantityCode } from '../../../core/reading/quantity.ts';
import type { Attack } from './attack.ts';
import { between, normal, plausible, usualOf } from './series.ts';

/** Of a first-order autoregressive process, from hour to hour. */
const PERSISTENCE = 0.85;
/** What is left of older innovations is below 1 %. */
const MEMORY_HOURS = 30;

/** Share of the usual spread that the daily wave takes, and the noise. */
const WAVE = 0.9;
const NOISE = 0.7;

/** Hour of the day at which the wave is highest: humidity and NO2 by night, the rest in the afternoon. */
const PEAK: Readonly<Partial<Record<QuantityCode, number>>> = { temp: 15, rh: 4, o3: 15, no2: 21, press: 10 };

export const fabricated: Attack = {
  does: 'computes a day-and-night wave and autoregressive noise from the mean and spread of its own past',
  falsifies: 'all',
  needs: null,
  partner: null,
  values: (scene, hour) =>
    [...scene.own.keys()].map((quantity) => {
      const { mean, spread } = usualOf(scene, quantity);
      const peak = (PEAK[quantity] ?? 19) + between(-2, 2, scene.seed, 'peak', quantity);
      const wave = Math.cos((2 * Math.PI * (hour - peak)) / 24);
      return plausible(quantity, mean + spread * (WAVE * wave + NOISE * autoregressive(scene.seed, quantity, hour)));
    }),
};

/** Stationary with variance 1, summed over its innovations so that no hour needs the one before. */
function autoregressive(seed: string, quantity: QuantityCode, hour: number): number {
  let sum = 0;
  let weight = Math.sqrt(1 - PERSISTENCE ** 2);
  for (let back = 0; back < MEMORY_HOURS; back++) {
    sum += weight * normal(seed, quantity, hour - back);
    weight *= PERSISTENCE;
  }
  return sum;
}
