/**
 * What a query can answer of a device besides its own values, and which hours of which quantities that takes. Derived values
 * stand beside the raw ones, never in their place.
 */
import { EUROPEAN_POLLUTANTS } from '../air-index/european.ts';
import { US_POLLUTANTS, type UsPollutant } from '../air-index/us-aqi.ts';
import { quantityByCode, type Quantity, type QuantityCode } from '../reading/quantity.ts';

export const RESOLUTIONS = ['raw', 'hour', 'day'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export const SERIES = ['raw', 'corrected'] as const;
export type Series = (typeof SERIES)[number];

export const INDICES = ['us-aqi', 'us-aqi-nowcast', 'european-aqi'] as const;
export type IndexCode = (typeof INDICES)[number];

/** EPA's AQI is of a day, the other two of an hour. */
export const RESOLUTION_OF_INDEX: Readonly<Record<IndexCode, Resolution>> = {
  'us-aqi': 'day',
  'us-aqi-nowcast': 'hour',
  'european-aqi': 'hour',
};

/** How each derived series is made: said in every answer that has one. */
export const METHODS: Readonly<Record<IndexCode | 'corrected', string>> = {
  corrected:
    'pm25 of a Plantower sensor corrected with its own relative humidity (US EPA, Fire and Smoke Map: Barkjohn et al. 2021, 2022). The network does not know the make of a sensor: do not use it for another.',
  'us-aqi': 'US Air Quality Index of a UTC day, EPA-454/B-24-002 (May 2024), from hours with a good final verdict',
  'us-aqi-nowcast':
    'NowCast AQI, not the AQI of a day: particles by NowCast, ozone and CO by the mean of eight hours (EPA-454/B-24-002, May 2024), from hours with a good final verdict',
  'european-aqi':
    'European Air Quality Index, revision of 2024 (EEA), hourly means, from hours with a good final verdict; 1 good to 6 extremely poor',
};

/** The only quantity for which a correction is known, and what it takes. */
export const CORRECTED: QuantityCode = 'pm25';
export const CORRECTED_WITH: QuantityCode = 'rh';

/** Hours before the one that a NowCast AQI speaks of: PM NowCast 12, ozone and CO 8, the day that SO2 falls back on 24. */
export const NOWCAST_HOURS_BEFORE: Readonly<Record<UsPollutant, number>> = {
  pm25: 11,
  pm10: 11,
  o3: 7,
  co: 7,
  so2: 23,
  no2: 0,
};

export type Asked = {
  readonly quantities: readonly Quantity[];
  readonly series: readonly Series[];
  readonly indices: readonly IndexCode[];
};

/** Quantities whose hours the answer is made of, each with the hours before the first that it takes. */
export type Needs = ReadonlyMap<QuantityCode, number>;

export function needsOf({ quantities, series, indices }: Asked): Needs {
  const needs = new Map<QuantityCode, number>();
  const need = (code: QuantityCode, before: number) => needs.set(code, Math.max(before, needs.get(code) ?? 0));
  for (const { code } of quantities) {
    if (series.includes('raw')) need(code, 0);
    if (series.includes('corrected') && code === CORRECTED) {
      need(CORRECTED, 0);
      need(CORRECTED_WITH, 0);
    }
  }
  for (const index of indices) {
    const pollutants = index === 'european-aqi' ? EUROPEAN_POLLUTANTS : US_POLLUTANTS;
    for (const code of pollutants) need(code, index === 'us-aqi-nowcast' ? NOWCAST_HOURS_BEFORE[code] : 0);
  }
  return needs;
}

/** Most rows that one device has in one hour or day. */
export function rowsPerBucket({ quantities, series, indices }: Asked): number {
  const raw = series.includes('raw') ? quantities.length : 0;
  const corrected = series.includes('corrected') && quantities.some(({ code }) => code === CORRECTED) ? 1 : 0;
  return raw + corrected + indices.length;
}

export function quantitiesOf(needs: Needs): readonly Quantity[] {
  return [...needs.keys()].flatMap((code) => quantityByCode(code) ?? []).toSorted((a, b) => a.index - b.index);
}
