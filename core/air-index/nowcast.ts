/**
 * PM NowCast (EPA, "Computing the NowCast"; EPA-454/B-24-002 section IV): a mean of the last twelve hours that leans on
 * the newest ones when the air changes. Ozone has another NowCast, a regression per site (2019), which is not imitated.
 */
import type { QuantityCode } from '../reading/quantity.ts';
import { err, ok, type Result } from '../result.ts';
import { valueAt, type GoodHours, type TooFewHours } from './good-hours.ts';

const HOURS = 12;
const RECENT_HOURS = 3;
const RECENT_NEEDED = 2;
/** Less than this would be about a three-hour mean. */
const LEAST_WEIGHT = 0.5;

/** NowCast of the hours up to and including `hour`, not truncated. */
export function pmNowCast(
  hours: GoodHours,
  quantity: Extract<QuantityCode, 'pm25' | 'pm10'>,
  hour: number,
): Result<number, TooFewHours> {
  const newestFirst = Array.from({ length: HOURS }, (_, back) => valueAt(hours, quantity, hour - back));
  const recent = newestFirst.slice(0, RECENT_HOURS).filter((value) => value !== undefined).length;
  if (recent < RECENT_NEEDED)
    return err({ reason: 'too-few-good-hours', quantity, good: recent, needed: RECENT_NEEDED });
  return ok(weightedMean(newestFirst));
}

function weightedMean(newestFirst: readonly (number | undefined)[]): number {
  const known = newestFirst.filter((value) => value !== undefined);
  const highest = Math.max(...known);
  const weight = highest <= 0 ? 1 : Math.max(LEAST_WEIGHT, Math.min(...known) / highest);
  let factor = 1;
  let sum = 0;
  let factors = 0;
  for (const value of newestFirst) {
    if (value !== undefined) {
      sum += factor * value;
      factors += factor;
    }
    factor *= weight;
  }
  return sum / factors;
}
