import type { QuantityCode } from '../../../core/reading/quantity.ts';
import type { Attack } from './attack.ts';
import { between, distortOne, isAdditive } from './series.ts';

/** Added, in the unit sent; other quantities are multiplied. */
const OFFSET = { temp: [3, 6], rh: [12, 22], press: [3, 7] } as const;
const FACTOR = [1.5, 2.2] as const;

/** How far a badly calibrated sensor is off at `value`. */
export function offsetAt(quantity: QuantityCode, value: number, seed: string): number {
  const [least, most] = isAdditive(quantity) ? OFFSET[quantity] : FACTOR;
  const drawn = between(least, most, seed, 'bias');
  return isAdditive(quantity) ? drawn : value * (drawn - 1);
}

export const bias: Attack = {
  does: 'reads too high from one hour to the next, by 3 to 6 K, 12 to 22 % RH, 3 to 7 hPa or a factor of 1.5 to 2.2',
  falsifies: 'one quantity',
  needs: null,
  partner: null,
  values: (scene, hour) =>
    distortOne(scene, hour, ({ quantity, value }) => value + offsetAt(quantity, value, scene.seed)),
};
