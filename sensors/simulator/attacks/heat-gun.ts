import type { Attack } from './attack.ts';
import { between, hourOfBurst, plausible, recordedAt } from './series.ts';

const BURST_HOURS = 3;
/** Relative humidity falls by about 6 % of itself for each degree at the same vapor pressure (Magnus formula near 15 Cel). */
const DRYING_PER_DEGREE = 0.06;

export const heatGun: Attack = {
  does: 'warms the sensor by 6 to 14 K for 3 h once a day',
  falsifies: 'temp, rh, in bursts',
  needs: ['temp'],
  partner: null,
  values: (scene, hour) => {
    const since = hourOfBurst(scene, hour, BURST_HOURS);
    if (since === null) return recordedAt(scene.own, hour);
    const kelvin = between(6, 14, scene.seed, 'heat', hour - since);
    return recordedAt(scene.own, hour).map((value) => {
      if (value.quantity === 'temp') return plausible('temp', value.value + kelvin);
      if (value.quantity === 'rh') return plausible('rh', value.value * Math.exp(-DRYING_PER_DEGREE * kelvin));
      return value;
    });
  },
};
