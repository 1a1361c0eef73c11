import type { Attack } from './attack.ts';
import { between, plausible, usualOf } from './series.ts';

export const constant: Attack = {
  does: 'sends one plausible number for ever, near its usual mean',
  falsifies: 'all',
  needs: null,
  partner: null,
  values: (scene) =>
    [...scene.own.keys()].map((quantity) => {
      const { mean, spread } = usualOf(scene, quantity);
      return plausible(quantity, mean + spread * between(-0.5, 0.5, scene.seed, quantity));
    }),
};
