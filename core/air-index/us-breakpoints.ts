/**
 * Breakpoints of the US Air Quality Index: EPA-454/B-24-002 (May 2024), table 6, as in 40 CFR 58 appendix G after the
 * rule of 6 May 2024 (PM2.5 good up to 9.0). Concentrations are whole numbers of the step to which the document
 * truncates, so that no bound has a fraction: PM2.5 in .1 ug/m3, PM10 in ug/m3, CO in .1 ppm, the others in ppb.
 */
export type UsScale = 'pm25' | 'pm10' | 'o3-8h' | 'o3-1h' | 'co-8h' | 'so2-1h' | 'so2-24h' | 'no2-1h';

/** [lowest concentration, highest, index there, index there] */
type Segment = readonly [fromTicks: number, toTicks: number, fromIndex: number, toIndex: number];
type Scale = { readonly ticksPerUnit: number; readonly segments: readonly Segment[] };

const SCALES: Readonly<Record<UsScale, Scale>> = {
  pm25: {
    ticksPerUnit: 10,
    segments: [
      [0, 90, 0, 50],
      [91, 354, 51, 100],
      [355, 554, 101, 150],
      [555, 1254, 151, 200],
      [1255, 2254, 201, 300],
      [2255, 3254, 301, 500],
    ],
  },
  pm10: {
    ticksPerUnit: 1,
    segments: [
      [0, 54, 0, 50],
      [55, 154, 51, 100],
      [155, 254, 101, 150],
      [255, 354, 151, 200],
      [355, 424, 201, 300],
      [425, 604, 301, 500],
    ],
  },
  // Eight-hour values define no index above 300, one-hour values none below 101.
  'o3-8h': {
    ticksPerUnit: 1,
    segments: [
      [0, 54, 0, 50],
      [55, 70, 51, 100],
      [71, 85, 101, 150],
      [86, 105, 151, 200],
      [106, 200, 201, 300],
    ],
  },
  'o3-1h': {
    ticksPerUnit: 1,
    segments: [
      [125, 164, 101, 150],
      [165, 204, 151, 200],
      [205, 404, 201, 300],
      [405, 604, 301, 500],
    ],
  },
  'co-8h': {
    ticksPerUnit: 10,
    segments: [
      [0, 44, 0, 50],
      [45, 94, 51, 100],
      [95, 124, 101, 150],
      [125, 154, 151, 200],
      [155, 304, 201, 300],
      [305, 504, 301, 500],
    ],
  },
  // One-hour values define no index above 200, the 24-hour mean none below 201.
  'so2-1h': {
    ticksPerUnit: 1,
    segments: [
      [0, 35, 0, 50],
      [36, 75, 51, 100],
      [76, 185, 101, 150],
      [186, 304, 151, 200],
    ],
  },
  'so2-24h': {
    ticksPerUnit: 1,
    segments: [
      [305, 604, 201, 300],
      [605, 1004, 301, 500],
    ],
  },
  'no2-1h': {
    ticksPerUnit: 1,
    segments: [
      [0, 53, 0, 50],
      [54, 100, 51, 100],
      [101, 360, 101, 150],
      [361, 649, 151, 200],
      [650, 1249, 201, 300],
      [1250, 2049, 301, 500],
    ],
  },
};

/** The index of 500 ends the table; appendix G goes on with the slope of the last segment. */
const END_OF_TABLE = 500;
/** A decimal such as 35.5 stands a hair below itself in binary; no sensor resolves this much. */
const NUDGE = 1e-6;

/**
 * Index of a concentration in the catalogue's unit (ug/m3, ppb, CO ppm), rounded to a whole number; null: the scale does
 * not say anything of a value so low. A scale that ends below 500 gives its last index to all that is higher.
 */
export function usSubIndex(scale: UsScale, concentration: number): number | null {
  const { ticksPerUnit, segments } = SCALES[scale];
  const ticks = Math.floor(Math.max(0, concentration) * ticksPerUnit + NUDGE);
  const last = segments.at(-1);
  const segment = segments.findLast(([from]) => from <= ticks);
  if (segment === undefined || last === undefined) return null;
  const [from, to, fromIndex, toIndex] = segment;
  if (segment === last && ticks > to && toIndex < END_OF_TABLE) return toIndex;
  return Math.round(((toIndex - fromIndex) * (ticks - from)) / (to - from) + fromIndex);
}

export type UsCategory = {
  readonly code:
    | 'good'
    | 'moderate'
    | 'unhealthy-for-sensitive-groups'
    | 'unhealthy'
    | 'very-unhealthy'
    | 'hazardous'
    /** Above 500: the index goes on, the table does not. */
    | 'beyond-index';
  /** Six hexadecimal digits (EPA-454/B-24-002, table 2). */
  readonly color: string;
};

const CATEGORIES: readonly (readonly [upTo: number, category: UsCategory])[] = [
  [50, { code: 'good', color: '00E400' }],
  [100, { code: 'moderate', color: 'FFFF00' }],
  [150, { code: 'unhealthy-for-sensitive-groups', color: 'FF7E00' }],
  [200, { code: 'unhealthy', color: 'FF0000' }],
  [300, { code: 'very-unhealthy', color: '8F3F97' }],
  [END_OF_TABLE, { code: 'hazardous', color: '7E0023' }],
];
const BEYOND: UsCategory = { code: 'beyond-index', color: '7E0023' };

export function usCategory(index: number): UsCategory {
  return CATEGORIES.find(([upTo]) => index <= upTo)?.[1] ?? BEYOND;
}
