/**
 * May an epoch close? When its end plus grace has passed and every region that had begun has closed the epoch's last
 * hour. A region that makes no progress for the waiting time is left out and named: one region never halts the rest. A
 * region that was opened and has not begun is waited for once: its backfill may reach into this epoch.
 */
import { epochStartMs, firstHourOf } from '../time.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import type { ReportRegion } from './report.ts';

export type RegionProgress = {
  readonly cell: string;
  /** Null before the region's first batch. */
  readonly firstHour: number | null;
  readonly closedThrough: number | null;
};

export type CloseDecision =
  | { readonly kind: 'too-early'; readonly fromMs: number }
  /** No region has begun: there is no network to pay, and perhaps a database to be rebuilt first. */
  | { readonly kind: 'no-network' }
  | { readonly kind: 'waiting'; readonly behind: readonly string[] }
  | ({ readonly kind: 'close' } & Standing);

export type Standing = { readonly regions: readonly ReportRegion[]; readonly missing: readonly ReportRegion[] };

/** Why an epoch does not close yet. */
export type CloseDelay = Exclude<CloseDecision, { readonly kind: 'close' }> | { readonly kind: 'not-final' };

/** Beyond the time that stalled regions are given: whoever still makes progress then is too slow. */
const OVERDUE_MS = 3_600_000;

/** An alarm, or nothing while waiting is all right. */
export function overdueClose(epoch: number, delay: CloseDelay, nowMs: number, rules: TimeRules): readonly string[] {
  const endMs = epochStartMs(epoch + 1, rules);
  const dueMs = endMs + (rules.graceSeconds + rules.epochWaitSeconds) * 1000 + OVERDUE_MS;
  if (nowMs <= dueMs || delay.kind === 'too-early' || delay.kind === 'no-network') return [];
  const hours = Math.floor((nowMs - endMs) / 3_600_000);
  const why =
    delay.kind === 'waiting'
      ? `it waits for ${delay.behind.join()}, behind but still making progress`
      : 'the chain does not call its last block final';
  return [`Epoch ${epoch} ended ${hours} hours ago and is not closed: ${why}.`];
}

export function lastHourOf(epoch: number, rules: TimeRules): number {
  return firstHourOf(epoch + 1, rules) - 1;
}

/** Regions from which this epoch may still hear: not through its last hour, or not begun. */
export function regionsBehind(
  epoch: number,
  regions: readonly RegionProgress[],
  rules: TimeRules,
): readonly RegionProgress[] {
  return regions.filter(
    (region) => region.firstHour === null || (takesPart(region, epoch, rules) && !hasClosed(region, epoch, rules)),
  );
}

/** @param stalledSinceMs when a region that is behind was last seen to make progress */
export function decideClose(
  epoch: number,
  regions: readonly RegionProgress[],
  stalledSinceMs: ReadonlyMap<string, number>,
  nowMs: number,
  rules: TimeRules,
): CloseDecision {
  const fromMs = epochStartMs(epoch + 1, rules) + rules.graceSeconds * 1000;
  if (nowMs < fromMs) return { kind: 'too-early', fromMs };
  if (regions.every((region) => region.firstHour === null)) return { kind: 'no-network' };
  const behind = regionsBehind(epoch, regions, rules);
  const awaited = behind.filter(
    ({ cell }) => nowMs < (stalledSinceMs.get(cell) ?? nowMs) + rules.epochWaitSeconds * 1000,
  );
  if (awaited.length > 0) return { kind: 'waiting', behind: awaited.map(({ cell }) => cell) };
  return { kind: 'close', ...standingOf(epoch, regions, rules) };
}

/** Who had closed an epoch and who is missing. Regions that begin after it are neither, nor are those not begun. */
export function standingOf(epoch: number, regions: readonly RegionProgress[], rules: TimeRules): Standing {
  const parts = regions.filter((region) => takesPart(region, epoch, rules));
  const cellOf = ({ cell }: RegionProgress): ReportRegion => ({ cell });
  return {
    regions: parts.filter((region) => hasClosed(region, epoch, rules)).map(cellOf),
    missing: parts.filter((region) => !hasClosed(region, epoch, rules)).map(cellOf),
  };
}

function takesPart(region: RegionProgress, epoch: number, rules: TimeRules): boolean {
  return region.firstHour !== null && region.firstHour <= lastHourOf(epoch, rules);
}

function hasClosed(region: RegionProgress, epoch: number, rules: TimeRules): boolean {
  return region.closedThrough !== null && region.closedThrough >= lastHourOf(epoch, rules);
}
