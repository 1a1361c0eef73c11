/**
 * SenML units (RFC 8428 section 12.1, RFC 8798) that each quantity accepts, and their conversion to whole steps of the
 * canonical unit. One multiplication and one division by whole numbers where the definition allows it, so that every
 * engine rounds the same double.
 */
import { err, ok, type Result } from '../result.ts';
import { QUANTITIES, type Quantity, type QuantityCode } from './quantity.ts';

/** steps = round(value * multiply / divide + add) */
export type Conversion = { readonly multiply: number; readonly divide: number; readonly add: number };

type Scale = readonly [unit: string, multiply: number, divide?: number, add?: number];

const particles: readonly Scale[] = [
  ['ug/m3', 10],
  ['mg/m3', 10_000],
  ['kg/m3', 10_000_000_000],
];

const temperature: readonly Scale[] = [
  ['Cel', 100],
  ['K', 100, 1, -27_315],
];

const wind: readonly Scale[] = [
  ['m/s', 100],
  ['km/h', 1000, 36],
];

/** At 25 Cel and 1 atm one mole fills 24.45 l: ppb = ug/m3 * 24.45 / M. `molarMilligrams` is M in mg/mol. */
const traceGas = (molarMilligrams: number): readonly Scale[] => [
  ['ppb', 10],
  ['ppm', 10_000],
  ['ug/m3', 244_500, molarMilligrams],
  ['mg/m3', 244_500_000, molarMilligrams],
];

/**
 * The canonical unit comes first. `%` is not here: RFC 8428 section 12.1 gives it a meaning (a ratio of 0..1) that nobody
 * expects, so it is refused rather than read in either way.
 */
const ACCEPTED: Readonly<Record<QuantityCode, readonly Scale[]>> = {
  pm1: particles,
  pm25: particles,
  pm10: particles,
  temp: temperature,
  rh: [
    ['%RH', 10],
    ['/100', 10],
    ['/', 1000],
  ],
  press: [
    ['hPa', 10],
    ['Pa', 1, 10],
  ],
  co2: [
    ['ppm', 1],
    ['ppb', 1, 1000],
    ['/', 1_000_000],
  ],
  o3: traceGas(48_000),
  no2: traceGas(46_006),
  so2: traceGas(64_066),
  co: [
    ['ppm', 100],
    ['ppb', 1, 10],
    ['ug/m3', 2445, 28_010],
    ['mg/m3', 2_445_000, 28_010],
  ],
  wind_speed: wind,
  wind_dir: [
    ['deg', 1],
    ['rad', 57.295_779_513_082_32],
  ],
  rain_rate: [['mm/h', 10]],
  rain: [
    ['mm', 10],
    ['cm', 100],
    ['m', 10_000],
  ],
  noise_laeq: [
    ['dB', 10],
    ['Bspl', 100],
  ],
  lux: [['lx', 1]],
  irradiance: [['W/m2', 1]],
  // The index has no dimension, and SenML writes that by leaving the unit out.
  uv: [
    ['1', 10],
    ['/', 10],
    ['', 10],
  ],
  dew_point: temperature,
  wind_gust: wind,
};

/** Indexed like the catalogue. */
const BY_QUANTITY: readonly ReadonlyMap<string, Conversion>[] = QUANTITIES.map(
  (quantity) =>
    new Map(ACCEPTED[quantity.code].map(([unit, multiply, divide = 1, add = 0]) => [unit, { multiply, divide, add }])),
);

export type UnknownUnit = {
  readonly reason: 'unknown-unit';
  readonly quantity: QuantityCode;
  readonly given: string;
  readonly accepted: readonly string[];
};

/** Units a sender may write for the quantity, the canonical one first. */
export function acceptedUnits(quantity: Quantity): readonly string[] {
  return ACCEPTED[quantity.code].map(([unit]) => unit).filter((unit) => unit !== '');
}

/** `unit` null: the record names none, which is right for quantities without a dimension only. */
export function conversionOf(quantity: Quantity, unit: string | null): Result<Conversion, UnknownUnit> {
  const conversion = BY_QUANTITY[quantity.index]?.get(unit ?? '');
  if (conversion) return ok(conversion);
  return err({
    reason: 'unknown-unit',
    quantity: quantity.code,
    given: unit === null ? 'no unit' : unit.slice(0, 40),
    accepted: acceptedUnits(quantity),
  });
}

/** A stored value is a signed 32-bit integer, without the asymmetric -2^31. */
const MAX_STEPS = 2_147_483_647;

/** Rounded half away from zero; null where the value is not finite or does not fit. */
export function stepsOf(conversion: Conversion, value: number): number | null {
  const exact = (value * conversion.multiply) / conversion.divide + conversion.add;
  const whole = Math.trunc(exact);
  const rest = exact - whole;
  const steps = rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
  // NaN and the infinities fail the comparison; adding zero turns -0 into 0.
  return steps <= MAX_STEPS && steps >= -MAX_STEPS ? steps + 0 : null;
}
