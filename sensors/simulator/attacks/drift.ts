import type { Attack } from './attack.ts';
import { offsetAt } from './bias.ts';
import { distortOne } from './series.ts';

/** As far off as a biased sensor after so long, and twice as far after twice that. */
const BIASED_AFTER_HOURS = 7 * 24;
const MOST = 2;

export const drift: Attack = {
  does: 'creeps upwards: after a week as far off as bias, after two weeks twice as far',
  falsifies: 'one quantity',
  needs: null,
  partner: null,
  values: (scene, hour) => {
    const grown = Math.min(MOST, (hour - scene.startHour + 1) / BIASED_AFTER_HOURS);
    return distortOne(scene, hour, ({ quantity, value }) => value + grown * offsetAt(quantity, value, scene.seed));
  },
};
