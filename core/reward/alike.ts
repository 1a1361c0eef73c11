/**
 * Devices whose series cannot be told apart over a week share one slot of their density cell: one sensor under several
 * keys earns once, whoever owns the keys. Nobody is accused: honest sensors side by side may be alike for a while, too.
 * Whatever is made from one series by adding up to 2 % of noise, however chosen, is alike (docs/decisions/0019).
 */
import type { DaySeries } from '../region/outputs.ts';
import { compareText, nameOf, type DeviceDay } from './weight.ts';

/** So many epochs are compared: those of a week, the paid one being the last. */
export const ALIKE_EPOCHS = 7;

/** A device-day of the week before an epoch's end, the epoch's own included. */
export type SeriesDay = {
  /** By its first key. */
  readonly device: string;
  readonly epoch: number;
  readonly series: readonly DaySeries[];
};

/** Least hours that both have in a quantity; with fewer it is not compared. Half of a week. */
const LEAST_HOURS = 84;
/** Two series within 2 % of a third are within 4 % of it to each other: 4.1 % of their own mean. */
const NOISE_SHARE = 0.042;
/** Both values are rounded to their resolution. */
const ROUNDING_STEPS = 1;
/** Honest stations of Madrid reach .88 of a week's hours where they stand side by side, .93 anywhere (decision 0019). */
const ALIKE_HOURS_SHARE = 0.95;

/** Mean in steps of each hour of the week, null where there is none. */
type WeekOf = ReadonlyMap<number, readonly (number | null)[]>;

/** The days of one region and epoch with `alike` where it applies: the earliest claimed device that it is alike. */
export function withAlike(
  days: readonly DeviceDay[],
  week: readonly SeriesDay[],
  epoch: number,
  hoursPerEpoch: number,
): readonly DeviceDay[] {
  const crowded = [...Map.groupBy(days, ({ density }) => density).values()].filter((group) => group.length > 1);
  if (crowded.length === 0) return days;
  const byDevice = Map.groupBy(week, ({ device }) => device);
  const alike = new Map<string, string>();
  for (const group of crowded) {
    const originals: { readonly device: string; readonly hours: WeekOf }[] = [];
    for (const device of group.toSorted(bySeniority).map(nameOf)) {
      const hours = hoursOf(byDevice.get(device) ?? [], epoch, hoursPerEpoch);
      const original = originals.find((other) => areAlike(hours, other.hours));
      if (original === undefined) originals.push({ device, hours });
      else alike.set(device, original.device);
    }
  }
  return days.map((day) => {
    const original = alike.get(nameOf(day));
    return original === undefined ? day : { ...day, alike: original };
  });
}

function hoursOf(days: readonly SeriesDay[], epoch: number, hoursPerEpoch: number): WeekOf {
  const first = epoch - ALIKE_EPOCHS + 1;
  const week = new Map<number, (number | null)[]>();
  for (const day of days) {
    if (day.epoch < first || day.epoch > epoch) continue;
    for (const { quantity, hours } of day.series) {
      const means = week.get(quantity) ?? Array.from({ length: ALIKE_EPOCHS * hoursPerEpoch }, () => null);
      week.set(quantity, means);
      for (const [hour, cell] of hours.entries()) {
        const [count, sum] = cell ?? [0, 0];
        if (count > 0) means[(day.epoch - first) * hoursPerEpoch + hour] = sum / count;
      }
    }
  }
  return week;
}

/** In every quantity that both have measured long enough, and in one at least. */
function areAlike(a: WeekOf, b: WeekOf): boolean {
  let compared = 0;
  for (const [quantity, hours] of a) {
    const pairs = pairsOf(hours, b.get(quantity) ?? []);
    if (pairs.length < LEAST_HOURS) continue;
    if (!areClose(pairs)) return false;
    compared += 1;
  }
  return compared > 0;
}

type Pair = { readonly gap: number; readonly level: number };

function pairsOf(a: readonly (number | null)[], b: readonly (number | null)[]): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const [hour, left] of a.entries()) {
    const right = b[hour] ?? null;
    if (left !== null && right !== null) {
      pairs.push({ gap: left - right, level: (Math.abs(left) + Math.abs(right)) / 2 });
    }
  }
  return pairs;
}

/** As they are, or once their usual difference is taken out: an offset makes no second sensor. */
function areClose(pairs: readonly Pair[]): boolean {
  const level = pairs.reduce((sum, pair) => sum + pair.level, 0) / pairs.length;
  const gaps = pairs.map(({ gap }) => gap).toSorted((x, y) => x - y);
  const usual = gaps[gaps.length >> 1] ?? 0;
  return [0, usual].some((offset) => {
    const close = pairs.filter(
      (pair) => Math.abs(pair.gap - offset) <= NOISE_SHARE * Math.max(level, pair.level) + ROUNDING_STEPS,
    );
    return close.length >= ALIKE_HOURS_SHARE * pairs.length;
  });
}

function bySeniority(a: DeviceDay, b: DeviceDay): number {
  return a.claimedMs - b.claimedMs || compareText(nameOf(a), nameOf(b));
}
