/**
 * Devices whose series cannot be told apart over seven days share one slot of their density cell: one sensor under
 * several keys earns once. Nobody is accused: honest sensors side by side may be alike, too. Compared is what remains of
 * the difference once the pair's mean difference is taken out, so neither an offset nor 2 % of noise makes one sensor two.
 */
import { compareText } from './weight.ts';

export type WeekSeries = {
  readonly device: string;
  readonly density: string;
  readonly claimedMs: number;
  /** By quantity: hourly means of the same seven days, null where there is none. */
  readonly hours: ReadonlyMap<number, readonly (number | null)[]>;
};

/** Least hours that both have; with fewer, two devices count as two. */
const LEAST_HOURS = 84;
/**
 * Mean absolute rest, as a share of the mean level. Two series with independent uniform noise of 2 % differ by 1.3 %, the
 * nearest pair of 22 measured stations by 2.5 % in what it differs most in (decision 0018).
 */
const ALIKE_SHARE = 0.02;

/** @return by device: the earliest device that it is alike; who stands for itself is not named */
export function alikeDevices(series: readonly WeekSeries[]): ReadonlyMap<string, string> {
  const alike = new Map<string, string>();
  for (const cell of Map.groupBy(series, ({ density }) => density).values()) {
    const originals: WeekSeries[] = [];
    for (const one of cell.toSorted(bySeniority)) {
      const original = originals.find((other) => areAlike(one, other));
      if (original === undefined) originals.push(one);
      else alike.set(one.device, original.device);
    }
  }
  return alike;
}

/** In every quantity that both have measured long enough, and in one at least. */
function areAlike(a: WeekSeries, b: WeekSeries): boolean {
  let compared = 0;
  for (const [quantity, hours] of a.hours) {
    const share = restShare(hours, b.hours.get(quantity) ?? []);
    if (share === null) continue;
    if (share > ALIKE_SHARE) return false;
    compared += 1;
  }
  return compared > 0;
}

/** Null: too few hours in common. */
function restShare(a: readonly (number | null)[], b: readonly (number | null)[]): number | null {
  const gaps: number[] = [];
  let level = 0;
  for (const [hour, left] of a.entries()) {
    const right = b[hour] ?? null;
    if (left === null || right === null) continue;
    gaps.push(left - right);
    level += (Math.abs(left) + Math.abs(right)) / 2;
  }
  if (gaps.length < LEAST_HOURS) return null;
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const rest = gaps.reduce((sum, gap) => sum + Math.abs(gap - mean), 0);
  // Two series of zeros are alike.
  return level === 0 ? 0 : rest / level;
}

function bySeniority(a: WeekSeries, b: WeekSeries): number {
  return a.claimedMs - b.claimedMs || compareText(a.device, b.device);
}
