/**
 * US Air Quality Index (EPA-454/B-24-002, May 2024) of one place: the highest of its pollutants' indices. `usAqiOfDay` is
 * the AQI; `usAqiNow` stands for the present hour and must be called NowCast AQI wherever it is shown.
 */
import { err, ok, type Result } from '../result.ts';
import { meanOf, valueAt, valuesOf, type GoodHours, type TooFewHours } from './good-hours.ts';
import { pmNowCast } from './nowcast.ts';
import { usCategory, usSubIndex, type UsCategory, type UsScale } from './us-breakpoints.ts';

export const US_POLLUTANTS = ['pm25', 'pm10', 'o3', 'co', 'so2', 'no2'] as const;
export type UsPollutant = (typeof US_POLLUTANTS)[number];

export type UsPart = { readonly pollutant: UsPollutant; readonly index: number };
export type UsAqi = {
  readonly index: number;
  readonly category: UsCategory;
  /** The pollutant that decides; where several have the highest index, the first of `US_POLLUTANTS`. */
  readonly pollutant: UsPollutant;
  readonly parts: readonly UsPart[];
  readonly without: readonly TooFewHours[];
};
/** No pollutant had enough good hours. */
export type NoIndex = { readonly reason: 'no-index'; readonly without: readonly TooFewHours[] };

const DAY_HOURS = 24;
/** Three quarters of the hours, of the eight hours and of the 17 eight-hour means of a day (40 CFR 50 appendices N and U). */
const DAY_NEEDED = 18;
const EIGHT_HOURS = 8;
const EIGHT_NEEDED = 6;
const MEANS_NEEDED = 13;
/** Where SO2's one-hour scale ends; the 24-hour mean takes over from 305 ppb on. */
const SO2_ONE_HOUR_MOST = 200;

/**
 * The 24 hours from `fromHour` on; local midnight is the caller's matter. Eight-hour means are those that lie inside the
 * day: EPA's ozone windows reach into the next morning, which is not known when a day ends.
 */
export function usAqiOfDay(hours: GoodHours, fromHour: number): Result<UsAqi, NoIndex> {
  const highest = (pollutant: UsPollutant) => Math.max(...valuesOf(hours, pollutant, fromHour, DAY_HOURS));
  return combine((pollutant) => {
    if (pollutant === 'co')
      return map(highestEightHours(hours, pollutant, fromHour), (value) => indexOf('co-8h', value));
    if (pollutant === 'o3')
      return map(highestEightHours(hours, pollutant, fromHour), (value) => ozoneIndex(value, highest(pollutant)));
    const day = meanOf(hours, pollutant, fromHour, DAY_HOURS, DAY_NEEDED);
    return map(day, (mean) => {
      if (pollutant === 'so2') return so2Index(highest(pollutant), mean);
      return pollutant === 'no2' ? indexOf('no2-1h', highest(pollutant)) : indexOf(pollutant, mean);
    });
  });
}

/** As of `hour`: particles by NowCast, ozone and CO by the mean of the last eight hours, the rest by the hour itself. */
export function usAqiNow(hours: GoodHours, hour: number): Result<UsAqi, NoIndex> {
  return combine((pollutant) => {
    switch (pollutant) {
      case 'pm25':
      case 'pm10':
        return map(pmNowCast(hours, pollutant, hour), (value) => indexOf(pollutant, value));
      case 'co':
        return map(lastEight(hours, pollutant, hour), (value) => indexOf('co-8h', value));
      case 'o3':
        return map(lastEight(hours, pollutant, hour), (value) =>
          ozoneIndex(value, valueAt(hours, pollutant, hour) ?? 0),
        );
      case 'so2':
      case 'no2': {
        const now = valueAt(hours, pollutant, hour);
        if (now === undefined) return err({ reason: 'too-few-good-hours', quantity: pollutant, good: 0, needed: 1 });
        if (pollutant === 'no2') return ok(indexOf('no2-1h', now));
        const day = meanOf(hours, 'so2', hour - DAY_HOURS + 1, DAY_HOURS, DAY_NEEDED);
        return ok(so2Index(now, day.ok ? day.value : 0));
      }
    }
  });
}

function combine(indexFor: (pollutant: UsPollutant) => Result<number, TooFewHours>): Result<UsAqi, NoIndex> {
  const parts: UsPart[] = [];
  const without: TooFewHours[] = [];
  for (const pollutant of US_POLLUTANTS) {
    const index = indexFor(pollutant);
    if (index.ok) parts.push({ pollutant, index: index.value });
    else without.push(index.error);
  }
  let worst: UsPart | undefined;
  for (const part of parts) if (worst === undefined || part.index > worst.index) worst = part;
  if (worst === undefined) return err({ reason: 'no-index', without });
  return ok({ ...worst, category: usCategory(worst.index), parts, without });
}

function indexOf(scale: UsScale, value: number): number {
  return usSubIndex(scale, value) ?? 0;
}

/** The higher of both; below 125 ppb the one-hour value says nothing. */
function ozoneIndex(eightHours: number, oneHour: number): number {
  return Math.max(indexOf('o3-8h', eightHours), indexOf('o3-1h', oneHour));
}

function so2Index(oneHour: number, dayMean: number): number {
  const hourly = indexOf('so2-1h', oneHour);
  // A high hour of a day whose mean is below 305 ppb is reported as 200 (EPA-454/B-24-002 section IV).
  return hourly < SO2_ONE_HOUR_MOST ? hourly : (usSubIndex('so2-24h', dayMean) ?? hourly);
}

function lastEight(hours: GoodHours, pollutant: UsPollutant, hour: number): Result<number, TooFewHours> {
  return meanOf(hours, pollutant, hour - EIGHT_HOURS + 1, EIGHT_HOURS, EIGHT_NEEDED);
}

function highestEightHours(hours: GoodHours, pollutant: UsPollutant, fromHour: number): Result<number, TooFewHours> {
  const means: number[] = [];
  for (let at = fromHour; at <= fromHour + DAY_HOURS - EIGHT_HOURS; at += 1) {
    const mean = meanOf(hours, pollutant, at, EIGHT_HOURS, EIGHT_NEEDED);
    if (mean.ok) means.push(mean.value);
  }
  if (means.length >= MEANS_NEEDED) return ok(Math.max(...means));
  return err({ reason: 'too-few-good-hours', quantity: pollutant, good: means.length, needed: MEANS_NEEDED });
}

function map<T, U, E>(result: Result<T, E>, change: (value: T) => U): Result<U, E> {
  return result.ok ? ok(change(result.value)) : result;
}
