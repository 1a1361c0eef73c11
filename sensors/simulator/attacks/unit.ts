import type { QuantityCode } from '../../../core/reading/quantity.ts';
import type { Attack } from './attack.ts';
import { chosenQuantity, recordedAt, toHundredths } from './series.ts';

/** The number of another unit under the name of the right one: what firmware gets wrong. */
const MISTAKEN: Readonly<Partial<Record<QuantityCode, (value: number) => number>>> = {
  temp: (celsius) => celsius * 1.8 + 32,
  rh: (percent) => percent / 100,
  press: (hectopascal) => hectopascal * 0.750_062,
  wind_speed: (metersPerSecond) => metersPerSecond * 3.6,
  // Parts per billion for micrograms at 25 Cel: molar mass over 24.45.
  no2: (micrograms) => micrograms / 1.88,
  o3: (micrograms) => micrograms / 1.96,
  so2: (micrograms) => micrograms / 2.62,
};
const thousandfold = (value: number): number => value * 1000;

export const unit: Attack = {
  does: 'sends numbers of another unit: Fahrenheit, ppb for ug/m3, km/h, a share for percent, nano for micro',
  falsifies: 'one quantity',
  needs: null,
  partner: null,
  values: (scene, hour) => {
    const chosen = chosenQuantity(scene);
    return recordedAt(scene.own, hour).map((value) =>
      value.quantity === chosen
        ? { ...value, value: toHundredths((MISTAKEN[value.quantity] ?? thousandfold)(value.value)) }
        : value,
    );
  },
};
