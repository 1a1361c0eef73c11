/**
 * From the units that devices write to the catalogue's, rounded to the catalogue's resolution. The factors are exact by
 * definition: Fahrenheit, inch and mile by NIST SP 811 (2008) appendix B.8; the inch of mercury is 25.4 mm of the
 * conventional millimeter of mercury, 13,595.1 kg/m3 * 9.80665 m/s2 * 1 mm = 133.322387415 Pa.
 */
import type { Quantity } from '../../core/reading/quantity.ts';
import { conversionOf, stepsOf } from '../../core/reading/units.ts';

const MM_PER_INCH = 25.4;
const HPA_PER_INHG = 33.863_886_403_41;
const MPS_PER_MPH = 0.447_04;

type Scale = { readonly senml: string; readonly convert: (value: number) => number };
const same = (senml: string): Scale => ({ senml, convert: (value) => value });

const SCALES = {
  degF: { senml: 'Cel', convert: (value: number) => ((value - 32) * 5) / 9 },
  inHg: { senml: 'hPa', convert: (value: number) => value * HPA_PER_INHG },
  mph: { senml: 'm/s', convert: (value: number) => value * MPS_PER_MPH },
  'in/h': { senml: 'mm/h', convert: (value: number) => value * MM_PER_INCH },
  Cel: same('Cel'),
  '%RH': same('%RH'),
  Pa: same('Pa'),
  'ug/m3': same('ug/m3'),
  ppm: same('ppm'),
  ppb: same('ppb'),
  deg: same('deg'),
  'W/m2': same('W/m2'),
  dB: same('dB'),
  index: same('1'),
} as const satisfies Readonly<Record<string, Scale>>;

/** A unit as a device writes it. */
export type SourceUnit = keyof typeof SCALES;

export function canMeasure(unit: SourceUnit, quantity: Quantity): boolean {
  return conversionOf(quantity, SCALES[unit].senml).ok;
}

/** In the catalogue's unit; null where the number does not fit its type. */
export function toCatalogue(value: number, unit: SourceUnit, quantity: Quantity): number | null {
  const { senml, convert } = SCALES[unit];
  const conversion = conversionOf(quantity, senml);
  if (!conversion.ok) throw new Error(`${unit} is no unit of ${quantity.code}`);
  const steps = stepsOf(conversion.value, convert(value));
  return steps === null ? null : steps / quantity.stepsPerUnit;
}

/** Temperatures alone have a zero that somebody chose; of everything else less than nothing is a device's "no value". */
export function mayBeNegative(unit: SourceUnit): boolean {
  return SCALES[unit].senml === 'Cel';
}
