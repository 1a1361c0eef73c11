import type { Attack } from './attack.ts';
import { distortOne, isAdditive, normal } from './series.ts';

/** Standard deviation in the unit sent; of the logarithm for the others. */
const SPREAD = { temp: 2.5, rh: 10, press: 2.5 } as const;
const LOG_SPREAD = 0.6;

export const noise: Attack = {
  does: 'a failing sensor scatters: 2.5 K, 10 % RH, 2.5 hPa, or by a factor of 1.8, hour for hour',
  falsifies: 'one quantity',
  needs: null,
  partner: null,
  values: (scene, hour) =>
    distortOne(scene, hour, ({ quantity, value }) => {
      const draw = normal(scene.seed, quantity, hour);
      return isAdditive(quantity) ? value + SPREAD[quantity] * draw : value * Math.exp(LOG_SPREAD * draw);
    }),
};
