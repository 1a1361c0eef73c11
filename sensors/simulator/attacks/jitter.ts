import type { Attack } from './attack.ts';
import { constant } from './constant.ts';
import { isAdditive, normal, plausible } from './series.ts';

/** In the unit sent, for quantities whose zero is arbitrary; a share of the value for the others. */
const WOBBLE = { temp: 0.1, rh: 0.4, press: 0.1 } as const;
const WOBBLE_SHARE = 0.01;

export const jitter: Attack = {
  does: 'as constant, with a little noise against the flat-line test',
  falsifies: 'all',
  needs: null,
  partner: null,
  values: (scene, hour) =>
    constant.values(scene, hour).map(({ quantity, value }) => {
      const spread = isAdditive(quantity) ? WOBBLE[quantity] : WOBBLE_SHARE * value;
      return plausible(quantity, value + spread * normal(scene.seed, quantity, hour));
    }),
};
