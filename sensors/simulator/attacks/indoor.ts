import type { Attack } from './attack.ts';
import { normal, plausible, trailingMean, usualOf } from './series.ts';

/** Air that comes through the walls: hours behind, and less of it. */
const EXCHANGE_HOURS = 4;
const POLLUTANT_SHARE = 0.55;

export const indoor: Attack = {
  does: 'stands in a heated room: 20 to 23 Cel and about 40 %, slow and weak in all, no wind, rain or sun',
  falsifies: 'all but pressure',
  needs: ['temp', 'rh', 'pm25', 'pm10'],
  partner: null,
  values: (scene, hour) =>
    [...scene.own.keys()].flatMap((quantity) => {
      const outside = trailingMean(scene.own, quantity, hour, EXCHANGE_HOURS);
      if (outside === null) return [];
      const noise = normal(scene.seed, quantity, hour);
      switch (quantity) {
        case 'temp':
          return plausible(quantity, 21.5 + 0.1 * (outside - usualOf(scene, quantity).mean) + 0.2 * noise);
        case 'rh':
          return plausible(quantity, 40 + 0.15 * (outside - usualOf(scene, quantity).mean) + 0.5 * noise);
        case 'dew_point':
          return plausible(quantity, 7.5 + 0.15 * (outside - usualOf(scene, quantity).mean) + 0.3 * noise);
        case 'press': {
          const now = trailingMean(scene.own, quantity, hour, 1);
          return now === null ? [] : plausible(quantity, now);
        }
        case 'wind_speed':
        case 'wind_gust':
        case 'rain':
        case 'irradiance':
          return plausible(quantity, 0);
        default:
          return plausible(quantity, POLLUTANT_SHARE * outside * (1 + 0.03 * noise));
      }
    }),
};
