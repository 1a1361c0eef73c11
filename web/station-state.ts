/** The one word a station gets on the map and in the table: the worst of its newest verdicts. */
import type { FlagItem, RegionAnswer, Station } from '../schema/api/public.ts';

export type StationState = 'good' | 'suspect' | 'fail' | 'silent' | 'waiting';

/** Hours of the rule set. A verdict older than this no longer colours the station; a station quieter than this is silent. */
const RECENT_HOURS = 3;

export const STATE_LABEL: Readonly<Record<StationState, string>> = {
  good: 'Good',
  suspect: 'Suspect',
  fail: 'Failing',
  silent: 'Silent',
  waiting: 'No data yet',
};

/** Worst first. */
export const STATE_ORDER: readonly StationState[] = ['fail', 'suspect', 'silent', 'waiting', 'good'];

export function stationState(station: Station, region: RegionAnswer, hourSeconds: number): StationState {
  const newestMs = Math.max(...station.latest.map((value) => Date.parse(value.hour)));
  if (!Number.isFinite(newestMs)) return 'waiting';
  const recentMs = RECENT_HOURS * hourSeconds * 1000;
  const untilMs = reference(region, hourSeconds);
  if (newestMs + hourSeconds * 1000 < untilMs - recentMs) return 'silent';
  const flags = [
    ...station.latest.filter((value) => Date.parse(value.hour) > newestMs - recentMs).map((value) => value.flag),
    ...recentFlags(station, region, untilMs - recentMs).map((item) => item.flag),
  ];
  if (flags.includes(4)) return 'fail';
  return flags.includes(3) ? 'suspect' : 'good';
}

/** Flags of a device that go on. */
export function openFlags(device: string, region: RegionAnswer): readonly FlagItem[] {
  return region.flags.filter((item) => item.device === device && item.end === null);
}

function recentFlags(station: Station, region: RegionAnswer, sinceMs: number): readonly FlagItem[] {
  return region.flags.filter(
    (item) => item.device === station.device && (item.end === null || Date.parse(item.end) > sinceMs),
  );
}

/** Compared with the region, not with the clock: while a backfill closes past hours, nobody is silent. */
function reference(region: RegionAnswer, hourSeconds: number): number {
  if (region.closedUntil !== null) return Date.parse(region.closedUntil);
  const newest = region.stations.flatMap((station) => station.latest.map((value) => Date.parse(value.hour)));
  return Math.max(...newest) + hourSeconds * 1000;
}
