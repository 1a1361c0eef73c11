/**
 * The catalogue: one canonical unit and one resolution per quantity (docs: standards 4.1). A reading is stored as an
 * integer number of resolution steps, so sums are exact and every engine folds to the same bytes.
 */
export type Quantity = {
  /** Position in the catalogue: the number stored in packed batches. Never renumber, only append. */
  readonly index: number;
  readonly code: QuantityCode;
  readonly label: string;
  /** SenML unit (RFC 8428 section 12.1, RFC 8798). */
  readonly unit: string;
  /** UCUM code of the same unit. */
  readonly ucum: string;
  /** Steps per unit: a value is stored as round(value * stepsPerUnit). */
  readonly stepsPerUnit: number;
  /** CF standard name, or null where CF has none. */
  readonly standardName: string | null;
};

const CODES = [
  'pm1',
  'pm25',
  'pm10',
  'temp',
  'rh',
  'press',
  'co2',
  'o3',
  'no2',
  'so2',
  'co',
  'wind_speed',
  'wind_dir',
  'rain_rate',
  'rain',
  'noise_laeq',
  'lux',
  'irradiance',
  'uv',
  'dew_point',
  'wind_gust',
] as const;
export type QuantityCode = (typeof CODES)[number];

type Row = readonly [label: string, unit: string, ucum: string, stepsPerUnit: number, standardName: string | null];

const ROWS: Readonly<Record<QuantityCode, Row>> = {
  pm1: ['PM1', 'ug/m3', 'ug/m3', 10, 'mass_concentration_of_pm1_ambient_aerosol_particles_in_air'],
  pm25: ['PM2.5', 'ug/m3', 'ug/m3', 10, 'mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air'],
  pm10: ['PM10', 'ug/m3', 'ug/m3', 10, 'mass_concentration_of_pm10_ambient_aerosol_particles_in_air'],
  temp: ['Temperature', 'Cel', 'Cel', 100, 'air_temperature'],
  rh: ['Relative humidity', '%RH', '%', 10, 'relative_humidity'],
  press: ['Station pressure', 'hPa', 'hPa', 10, 'air_pressure'],
  co2: ['Carbon dioxide', 'ppm', '[ppm]', 1, 'mole_fraction_of_carbon_dioxide_in_air'],
  o3: ['Ozone', 'ppb', '[ppb]', 10, 'mole_fraction_of_ozone_in_air'],
  no2: ['Nitrogen dioxide', 'ppb', '[ppb]', 10, 'mole_fraction_of_nitrogen_dioxide_in_air'],
  so2: ['Sulfur dioxide', 'ppb', '[ppb]', 10, 'mole_fraction_of_sulfur_dioxide_in_air'],
  co: ['Carbon monoxide', 'ppm', '[ppm]', 100, 'mole_fraction_of_carbon_monoxide_in_air'],
  wind_speed: ['Wind speed', 'm/s', 'm/s', 100, 'wind_speed'],
  wind_dir: ['Wind direction', 'deg', 'deg', 1, 'wind_from_direction'],
  rain_rate: ['Rain rate', 'mm/h', 'mm/h', 10, 'rainfall_rate'],
  rain: ['Rain', 'mm', 'mm', 10, 'thickness_of_rainfall_amount'],
  noise_laeq: ['Noise LAeq', 'dB', 'dB[SPL]', 10, null],
  lux: ['Illuminance', 'lx', 'lx', 1, null],
  irradiance: ['Solar irradiance', 'W/m2', 'W/m2', 1, 'surface_downwelling_shortwave_flux_in_air'],
  uv: ['UV index', '1', '1', 10, 'ultraviolet_index'],
  dew_point: ['Dew point', 'Cel', 'Cel', 100, 'dew_point_temperature'],
  // The highest wind within what `wind_speed` is the mean of.
  wind_gust: ['Wind gust', 'm/s', 'm/s', 100, 'wind_speed_of_gust'],
};

export const QUANTITIES: readonly Quantity[] = CODES.map((code, index) => {
  const [label, unit, ucum, stepsPerUnit, standardName] = ROWS[code];
  return { index, code, label, unit, ucum, stepsPerUnit, standardName };
});

const BY_CODE: ReadonlyMap<string, Quantity> = new Map(QUANTITIES.map((quantity) => [quantity.code, quantity]));

export function quantityByCode(code: string): Quantity | undefined {
  return BY_CODE.get(code);
}

export function quantityByIndex(index: number): Quantity | undefined {
  return QUANTITIES[index];
}
