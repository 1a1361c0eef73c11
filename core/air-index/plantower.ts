/**
 * Correction of PM2.5 from Plantower sensors (CF = atm), US-wide with wildfire smoke: the one of EPA's Fire and Smoke Map
 * (Barkjohn et al. 2021, Atmos. Meas. Tech. 14, 4617; 2022, Sensors 22, 9669; in use as `epa_2021` in open firmware).
 * It needs the sensor's own humidity and must never be applied to another make of sensor or to corrected values.
 */

const FACTOR = 0.524;
const SMOKE_FACTOR = 0.786;
const PER_PERCENT_HUMIDITY = 0.0862;
const OFFSET = 5.75;
/** Thick smoke: 2.966 + .69 x + 8.84e-4 x^2 */
const THICK = { offset: 2.966, factor: 0.69, square: 8.84e-4 } as const;

/** `raw` in ug/m3, `humidity` in percent; never below 0, and 0 stays 0: the sensor saw nothing. */
export function correctPlantower(raw: number, humidity: number): number {
  if (raw <= 0) return 0;
  const damp = PER_PERCENT_HUMIDITY * Math.max(0, Math.min(100, humidity));
  return Math.max(0, corrected(raw, damp));
}

function corrected(raw: number, damp: number): number {
  const thick = THICK.offset + THICK.factor * raw + THICK.square * raw * raw;
  if (raw < 30) return FACTOR * raw - damp + OFFSET;
  if (raw < 50) return mix(FACTOR, SMOKE_FACTOR, raw / 20 - 1.5) * raw - damp + OFFSET;
  if (raw < 210) return SMOKE_FACTOR * raw - damp + OFFSET;
  if (raw < 260) return mix(SMOKE_FACTOR * raw - damp + OFFSET, thick, raw / 50 - 4.2);
  return thick;
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
