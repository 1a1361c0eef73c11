import type { Attack } from './attack.ts';
import { normal, plausible, recordedAt } from './series.ts';

/** Compressor on, compressor off. */
const CYCLE_HOURS = 3;
const AIR_SHARE = 0.15;

export const fridge: Attack = {
  does: 'stands in a refrigerator, out of the way: 4 Cel in a short cycle, damp, still and clean air',
  falsifies: 'all but pressure',
  needs: ['temp'],
  partner: null,
  values: ({ own, seed }, hour) => {
    const cycle = Math.sin((2 * Math.PI * hour) / CYCLE_HOURS);
    return recordedAt(own, hour).map((value) => {
      const noise = normal(seed, value.quantity, hour);
      switch (value.quantity) {
        case 'temp':
          return plausible('temp', 4.2 + 0.6 * cycle + 0.15 * noise);
        case 'rh':
          return plausible('rh', 62 - 5 * cycle + noise);
        case 'press':
          return value;
        case 'dew_point':
          return plausible('dew_point', -2.4 + noise);
        case 'wind_speed':
        case 'wind_gust':
        case 'rain':
        case 'irradiance':
          return plausible(value.quantity, 0);
        default:
          return plausible(value.quantity, AIR_SHARE * value.value * (1 + 0.05 * noise));
      }
    });
  },
};
