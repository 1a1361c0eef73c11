/**
 * How a quantity behaves between places, which is what neighbors are compared by: concentrations by ratio, wind by its
 * root, the rest by difference. Quantities without a row are not compared.
 */
import { exp, ln } from '../math.ts';
import { quantityByIndex, type QuantityCode } from '../reading/quantity.ts';

export type Scale = 'ratio' | 'root' | 'difference';

export type Traits = {
  readonly code: QuantityCode;
  readonly scale: Scale;
  /** Added to a concentration before its logarithm, in the quantity's unit: below it, ratios are noise. */
  readonly base: number;
  /** Spread, on the scale, that honest neighbors always have. */
  readonly floor: number;
  /** Spread of absolute values between honest places. */
  readonly placeFloor: number;
  /** Two values this close, on the scale, count as the same. */
  readonly same: number;
  /** At or below this value (at or above `fullAbove`) standing still is natural. */
  readonly stillBelow: number;
  readonly stillAbove: number;
  /** Moves so little between places that only its level tells anything. */
  readonly isSmooth: boolean;
  /** Longest honest run of one hourly value before the device has shown longer ones. */
  readonly flatHours: number;
  /** Beside all of these it is no evidence of its own: what they say together must not be counted twice. */
  readonly follows: readonly QuantityCode[];
};

const ratio = (base: number, floor: number, placeFloor: number, stillBelow: number, flatHours: number) =>
  ({
    scale: 'ratio',
    base,
    floor,
    placeFloor,
    same: 0.025,
    stillBelow,
    stillAbove: Infinity,
    isSmooth: false,
    flatHours,
    follows: [],
  }) as const;
const difference = (floor: number, placeFloor: number, same: number, flatHours: number) =>
  ({
    scale: 'difference',
    base: 0,
    floor,
    placeFloor,
    same,
    stillBelow: -Infinity,
    stillAbove: Infinity,
    isSmooth: false,
    flatHours,
    follows: [],
  }) as const;
const WIND = { ...difference(0.12, 0.4, 0.05, 8), scale: 'root', stillBelow: 0.3 } as const;

const TRAITS: Readonly<Partial<Record<QuantityCode, Omit<Traits, 'code'>>>> = {
  pm1: ratio(4, 0.07, 0.25, 2, 10),
  pm25: ratio(4, 0.07, 0.25, 3, 10),
  pm10: ratio(6, 0.07, 0.25, 6, 10),
  temp: difference(0.3, 1, 0.25, 6),
  rh: { ...difference(1.5, 6, 1.5, 8), stillAbove: 97 },
  press: { ...difference(0.3, 0.8, 0.15, 16), isSmooth: true },
  co2: ratio(1, 0.02, 0.1, 0, 10),
  o3: ratio(3, 0.08, 0.3, 1.5, 10),
  no2: ratio(2, 0.08, 0.3, 1.5, 10),
  so2: ratio(1.2, 0.09, 0.4, 5, 14),
  co: ratio(0.15, 0.08, 0.3, 0.44, 14),
  wind_speed: WIND,
  noise_laeq: difference(2, 8, 0.2, 10),
  // Most devices make it of the other two: their floors at 40 %, where 1 % of humidity is 0.4 K of dew point.
  dew_point: { ...difference(0.6, 2.5, 0.25, 8), follows: ['temp', 'rh'] },
  wind_gust: { ...WIND, follows: ['wind_speed'] },
};

/** The table as JSON can say it, for the hash of the rule set: limits that do not apply are left out. */
export const TRAIT_CONSTANTS: Readonly<
  Record<string, Readonly<Record<string, string | number | boolean | readonly string[]>>>
> = Object.fromEntries(
  Object.entries(TRAITS).map(([code, row]) => [
    code,
    Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value !== 'number' || Number.isFinite(value))),
  ]),
);

const BY_INDEX: (Traits | null)[] = [];

export function traitsOf(quantity: number): Traits | null {
  const known = BY_INDEX[quantity];
  if (known !== undefined) return known;
  const code = quantityByIndex(quantity)?.code;
  const row = code === undefined ? undefined : TRAITS[code];
  return (BY_INDEX[quantity] = row === undefined || code === undefined ? null : { code, ...row });
}

/** The value on the scale that neighbors are compared by. */
export function toScale(value: number, { scale, base }: Traits): number {
  if (scale === 'difference') return value;
  if (scale === 'root') return Math.sqrt(Math.max(0, value));
  return ln(Math.max(0, value) / base + 1);
}

/** How close two values of `value`'s size are that count as the same, on the scale. Copies and replays keep ratios, also where the scale is flat. */
export function sameWithin(value: number, { scale, base, same }: Traits): number {
  return scale === 'ratio' ? (same * (value + base / 4)) / (value + base) : same;
}

export function fromScale(scaled: number, { scale, base }: Traits): number {
  if (scale === 'difference') return scaled;
  if (scale === 'root') return scaled <= 0 ? 0 : scaled * scaled;
  return Math.max(0, (exp(scaled) - 1) * base);
}
