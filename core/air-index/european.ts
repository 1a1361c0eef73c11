/**
 * European Air Quality Index, revision of 2024 (EEA, airindex.eea.europa.eu; ETC HE report 2024/17): hourly means in
 * ug/m3, the worst pollutant decides. Not the index of before 2024 with its running means, and not a national one.
 */
import { err, ok, type Result } from '../result.ts';
import { toMicrograms, valueAt, type GoodHours, type TooFewHours } from './good-hours.ts';

export const EUROPEAN_POLLUTANTS = ['pm25', 'pm10', 'no2', 'o3', 'so2'] as const;
export type EuropeanPollutant = (typeof EUROPEAN_POLLUTANTS)[number];

/** Highest concentration of each level but the last, in ug/m3. */
const UPPER_BOUNDS: Readonly<Record<EuropeanPollutant, readonly number[]>> = {
  pm25: [5, 15, 50, 90, 140],
  pm10: [15, 45, 120, 195, 270],
  no2: [10, 25, 60, 100, 150],
  o3: [60, 100, 120, 160, 180],
  so2: [20, 40, 125, 190, 275],
};

export type EuropeanLevel = {
  /** 1 is the best, 6 the worst. */
  readonly level: number;
  readonly code: 'good' | 'fair' | 'moderate' | 'poor' | 'very-poor' | 'extremely-poor';
  readonly color: string;
};

const LEVELS = [
  { level: 1, code: 'good', color: '50F0E6' },
  { level: 2, code: 'fair', color: '50CCAA' },
  { level: 3, code: 'moderate', color: 'F0E641' },
  { level: 4, code: 'poor', color: 'FF5050' },
  { level: 5, code: 'very-poor', color: '960032' },
  { level: 6, code: 'extremely-poor', color: '7D2181' },
] as const satisfies readonly EuropeanLevel[];
const WORST = LEVELS[5];

/** A step of a gas is .1 ppb, so that no bound is met exactly; this is what binary fractions may lack. */
const NUDGE = 1e-6;

export function europeanLevel(pollutant: EuropeanPollutant, microgramsPerM3: number): EuropeanLevel {
  const at = UPPER_BOUNDS[pollutant].findIndex((bound) => microgramsPerM3 <= bound + NUDGE);
  return LEVELS[at] ?? WORST;
}

export type EuropeanIndex = EuropeanLevel & {
  /** The pollutant that decides; where several stand equally bad, the first of `EUROPEAN_POLLUTANTS`. */
  readonly pollutant: EuropeanPollutant;
  readonly parts: readonly { readonly pollutant: EuropeanPollutant; readonly level: number }[];
  readonly without: readonly TooFewHours[];
};
export type NoEuropeanIndex = { readonly reason: 'no-index'; readonly without: readonly TooFewHours[] };

export function europeanIndex(hours: GoodHours, hour: number): Result<EuropeanIndex, NoEuropeanIndex> {
  const parts: { readonly pollutant: EuropeanPollutant; readonly level: number }[] = [];
  const without: TooFewHours[] = [];
  let worst: (EuropeanLevel & { readonly pollutant: EuropeanPollutant }) | undefined;
  for (const pollutant of EUROPEAN_POLLUTANTS) {
    const value = valueAt(hours, pollutant, hour);
    if (value === undefined) {
      without.push({ reason: 'too-few-good-hours', quantity: pollutant, good: 0, needed: 1 });
      continue;
    }
    const level = europeanLevel(pollutant, toMicrograms(pollutant, value));
    parts.push({ pollutant, level: level.level });
    if (worst === undefined || level.level > worst.level) worst = { ...level, pollutant };
  }
  return worst === undefined ? err({ reason: 'no-index', without }) : ok({ ...worst, parts, without });
}
