import type { QuantityCode } from '../../../core/reading/quantity.ts';
import type { Attack } from './attack.ts';
import { between, hourOfBurst, plausible, recordedAt } from './series.ts';

const BURST_HOURS = 3;

/** Height of a burst in the unit sent, ug/m3, and mg/m3 of carbon monoxide. */
const HEIGHT: Readonly<Partial<Record<QuantityCode, readonly [number, number]>>> = {
  pm1: [100, 220],
  pm25: [120, 260],
  pm10: [150, 320],
  co: [1, 4],
};

export const smoke: Attack = {
  does: 'blows smoke at the sensor for 3 h once a day, to prove a point or to be paid for an event',
  falsifies: 'pm1, pm25, pm10, co, in bursts',
  needs: ['pm25', 'pm10'],
  partner: null,
  values: (scene, hour) => {
    const since = hourOfBurst(scene, hour, BURST_HOURS);
    return recordedAt(scene.own, hour).map((value) => {
      const height = HEIGHT[value.quantity];
      if (since === null || height === undefined) return value;
      // It thins out by half an hour for hour.
      const [least, most] = height;
      return plausible(
        value.quantity,
        value.value + between(least, most, scene.seed, 'height', hour - since) / 2 ** since,
      );
    });
  },
};
