/**
 * A device's weight in an epoch: `ramp(score) x tier x slot`, by place and quality, never by how much was sold. The day's
 * score decides how much; the weekly one only whether, so a device that was bad for days earns nothing on a lucky one.
 * Slots go by rank among the earning devices of a density cell, so a newcomer never dilutes those ranked above it.
 */
import type { RewardRules } from '../rules/rule-set.ts';

export type DeviceDay = {
  readonly device: string;
  /** Its first key, where it has changed it since: a new key ranks and is compared as the old one. */
  readonly origin?: string | null;
  /** Region whose fold wrote the day. */
  readonly cell: string;
  /** Lower-case 0x address. */
  readonly owner: string;
  readonly status: 'claimed' | 'active' | 'quarantined' | 'retired';
  readonly tier: number;
  readonly density: string;
  /** Or when it came to its density cell, if that was later: seniority is that of the place. */
  readonly claimedMs: number;
  /** Of this day: decides how much. */
  readonly scoreBps: number;
  /** Over 30 days: decides the rank. */
  readonly score30Bps: number;
  /** Over about a week, with hysteresis (region/score.ts): decides whether. */
  readonly eligible: boolean;
  /** The earliest device whose series cannot be told apart from this one's (alike.ts): they share one slot. */
  readonly alike?: string;
};

export type WeighedDay = DeviceDay & {
  /** From 1 among the earning devices of the density cell; null: earns nothing. */
  readonly rank: number | null;
  readonly slotBps: number;
  /** In units of 1 / FULL_WEIGHT; exact in a double, because it is at most 1e12. */
  readonly weight: number;
};

/** Weight of a perfect score at the highest tier and first slot: three factors in basis points. */
export const FULL_WEIGHT = 1_000_000_000_000;
/** The 30-day score counts in bands of 5 %, so that noise does not reorder neighbors from day to day. */
const BAND_BPS = 500;

/** 0 up to `rampFromBps`, then linear to 10,000; rounded down. */
export function rampBps(scoreBps: number, rules: RewardRules): number {
  const from = rules.rampFromBps;
  if (scoreBps <= from) return 0;
  return Math.floor(((Math.min(scoreBps, 10_000) - from) * 10_000) / (10_000 - from));
}

/** Higher tier first, then the better band, then the earlier claim or arrival, then the first key: a total order. */
function compareRank(a: DeviceDay, b: DeviceDay): number {
  return (
    b.tier - a.tier ||
    Math.floor(b.score30Bps / BAND_BPS) - Math.floor(a.score30Bps / BAND_BPS) ||
    a.claimedMs - b.claimedMs ||
    compareText(nameOf(a), nameOf(b)) ||
    // A device that moved within the epoch has a day in each of its regions.
    compareText(a.cell, b.cell)
  );
}

/** By UTF-16 code units: the same on every engine, unlike localeCompare. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function earns(day: DeviceDay, rules: RewardRules): boolean {
  return day.eligible && rampBps(day.scoreBps, rules) > 0;
}

/** What the device goes by whatever its key. */
export const nameOf = (day: Pick<DeviceDay, 'device' | 'origin'>): string => day.origin ?? day.device;

/** Devices that cannot be told apart are one: the same key. */
export const slotKey = (day: DeviceDay): string => day.alike ?? nameOf(day);

/**
 * Sorted by device id, whatever the order of the input.
 * @param taken slots of a density cell that are already given away
 */
export function weighDays(
  days: readonly DeviceDay[],
  rules: RewardRules,
  taken: ReadonlyMap<string, number> = new Map(),
): readonly WeighedDay[] {
  const weighed: WeighedDay[] = [];
  const earningByDensity = new Map<string, DeviceDay[]>();
  for (const day of days) {
    if (!earns(day, rules)) {
      weighed.push({ ...day, rank: null, slotBps: 0, weight: 0 });
      continue;
    }
    const earning = earningByDensity.get(day.density);
    if (earning) earning.push(day);
    else earningByDensity.set(day.density, [day]);
  }
  for (const [density, earning] of earningByDensity) {
    const before = taken.get(density) ?? 0;
    const places = new Map<string, number>();
    for (const day of earning.sort(compareRank)) {
      const known = places.get(slotKey(day));
      const place = known ?? before + places.size;
      places.set(slotKey(day), place);
      // The slot goes to the first of those who are alike: a newcomer that repeats a neighbour cannot halve its pay.
      const slotBps = known === undefined ? (rules.slotBps[place] ?? 0) : 0;
      const tierBps = rules.tierBps[day.tier] ?? 0;
      weighed.push({ ...day, rank: place + 1, slotBps, weight: rampBps(day.scoreBps, rules) * tierBps * slotBps });
    }
  }
  return weighed.sort((a, b) => compareText(a.device, b.device) || compareText(a.cell, b.cell));
}
