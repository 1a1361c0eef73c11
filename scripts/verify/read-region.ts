/** Downloads a region's evidence segment by segment, checks every batch in it and folds it to the end of an epoch. */
import { gunzipSync } from 'node:zlib';
import {
  checkAct,
  isAttested,
  standingOf,
  type ActTools,
  type Attested,
  type Ground,
} from '../../core/audit/check-act.ts';
import { checkBatch, type BatchTools, type LoggedBatch } from '../../core/audit/check-batch.ts';
import { checkSegment, segmentFile, type ListedSegment } from '../../core/audit/check-segment.ts';
import { differs, type Difference } from '../../core/audit/difference.ts';
import { replayEntry, startReplay, type RegionReplay } from '../../core/audit/replay-region.ts';
import type { DeviceId, RegionCell } from '../../core/ids.ts';
import type { LogEntry } from '../../core/region/entry.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { lastHourOf } from '../../core/reward/closable.ts';
import { epochOfHour } from '../../core/time.ts';
import type { Segment } from '../../core/reward/data-root.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import type { PublicApi } from './api.ts';

export type RegionAudit = {
  readonly replay: RegionReplay;
  /** What the closing of an epoch's hours sealed, by epoch. */
  readonly segments: ReadonlyMap<number, readonly Segment[]>;
  readonly entries: number;
  readonly batches: number;
  readonly readings: number;
  /** What memberships and changes of key stand on. */
  readonly acts: Readonly<Record<Ground, number>>;
  readonly downloadedBytes: number;
  readonly spentMs: Spent;
};

/** Where the time went. */
export type Spent = { download: number; signatures: number; fold: number };

export type ReadParts = {
  readonly api: Pick<PublicApi, 'segment'>;
  readonly rules: RuleSet;
  readonly tools: BatchTools;
  readonly acts: ActTools;
  readonly onSegment: () => void;
};

/** Far above what an epoch of a busy region seals in one piece; a bomb ends here. */
const MAX_SEGMENT_BYTES = 1024 ** 3;
/** Signatures under way at one time: WebCrypto checks them on several threads. */
const CHECKS_AT_ONCE = 256;

/** Segments that were sealed up to the end of an epoch, in the order of the log. */
export async function listSegments(
  cell: RegionCell,
  api: PublicApi,
  epoch: number,
  rules: RuleSet,
): Promise<readonly ListedSegment[]> {
  const lastHour = lastHourOf(epoch, rules.time);
  const listed = await api.segments(cell);
  return listed.filter(({ hour }) => hour <= lastHour).toSorted((a, b) => a.fromSeq - b.fromSeq);
}

export async function readRegion(
  cell: RegionCell,
  listed: readonly ListedSegment[],
  parts: ReadParts,
): Promise<Result<RegionAudit, Difference>> {
  const { api, rules } = parts;
  const replay = startReplay(cell, rules);
  const count = { entries: 0, batches: 0, readings: 0, downloadedBytes: 0 };
  const acts = { signed: 0, word: 0, arrived: 0 };
  const spentMs: Spent = { download: 0, signatures: 0, fold: 0 };
  const segments: (Segment & { readonly hour: number })[] = [];
  for (const listing of listed) {
    const file = segmentFile(cell, listing.key);
    if (file === null) return differs('segment', { region: cell }, listing.key, 'a name of this region');
    let sinceMs = performance.now();
    const packed = await api.segment(cell, file);
    const bytes = inflate(packed);
    if (bytes === null) return differs('segment', { region: cell, segment: file }, 'bytes that are not gzip', 'gzip');
    const checked = checkSegment(cell, listing, bytes);
    if (!checked.ok) return checked;
    spentMs.download += performance.now() - sinceMs;
    count.downloadedBytes += packed.length;

    const { root, entries } = checked.value;
    for (let from = 0; from < entries.length; from += CHECKS_AT_ONCE) {
      const part = entries.slice(from, from + CHECKS_AT_ONCE);
      sinceMs = performance.now();
      const folded = foldPart(replay, part);
      spentMs.fold += performance.now() - sinceMs;
      sinceMs = performance.now();
      const signed = await checkPart(folded.batches, cell, parts.tools);
      spentMs.signatures += performance.now() - sinceMs;
      // Entries are folded up to the first that may not stand; a bad batch before it comes first.
      if (!signed.ok) return signed;
      for (const attested of folded.attested) {
        const found = await checkAct(attested, cell, parts.acts);
        if (!found.ok) return found;
        if (attested.entry.kind !== 'maintenance') acts[found.value] += 1;
      }
      if (folded.difference !== null) return err(folded.difference);
      count.batches += folded.batches.length;
      count.readings += signed.value;
    }
    count.entries += entries.length;
    const sealed = checkSeal(replay, segments.length, listing);
    if (!sealed.ok) return sealed;
    segments.push({ cell, fromSeq: listing.fromSeq, toSeq: listing.toSeq, root, hour: listing.hour });
    parts.onSegment();
  }
  // Needed while folding; several regions are held at once.
  replay.week = [];
  const byEpoch = Map.groupBy(segments, ({ hour }) => epochOfHour(hour, rules.time));
  return ok({ replay, segments: byEpoch, acts, spentMs, ...count });
}

type Signed = { readonly batch: LoggedBatch; readonly device: DeviceId };

function foldPart(replay: RegionReplay, entries: readonly LogEntry[]) {
  const batches: Signed[] = [];
  const attested: Attested[] = [];
  for (const entry of entries) {
    const before = standingOf(replay.state, entry);
    const device = replayEntry(replay, entry);
    if (!device.ok) return { batches, attested, difference: device.error };
    if (isAttested(entry)) attested.push({ entry, before });
    if (entry.kind === 'batch' && device.value !== null) batches.push({ batch: entry, device: device.value });
  }
  return { batches, attested, difference: null };
}

/** @return readings in them, or what is wrong with the first bad one */
async function checkPart(
  batches: readonly Signed[],
  cell: RegionCell,
  tools: BatchTools,
): Promise<Result<number, Difference>> {
  const checks = await Promise.all(batches.map(({ batch, device }) => checkBatch(batch, device, cell, tools)));
  let readings = 0;
  for (const check of checks) {
    if (!check.ok) return check;
    readings += check.value;
  }
  return ok(readings);
}

/** Where a segment ends and which hour it closes follow from the log, too. */
function checkSeal(replay: RegionReplay, position: number, listed: ListedSegment): Result<void, Difference> {
  const seal = replay.seals[position];
  const ours =
    seal === undefined ? 'no segment ends here' : `entries ${seal.fromSeq} to ${seal.toSeq}, hour ${seal.hour}`;
  const theirs = `entries ${listed.fromSeq} to ${listed.toSeq}, hour ${listed.hour}`;
  const at = { region: replay.cell, segment: segmentFile(replay.cell, listed.key) ?? listed.key };
  return ours === theirs && replay.seals.length === position + 1 ? ok(undefined) : differs('segment', at, theirs, ours);
}

function inflate(packed: Uint8Array): Uint8Array | null {
  try {
    return new Uint8Array(gunzipSync(packed, { maxOutputLength: MAX_SEGMENT_BYTES }));
  } catch {
    // zlib throws for every kind of broken input, and beyond the limit.
    return null;
  }
}
