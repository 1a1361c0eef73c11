/** Where in the sealed logs a device's readings of an hour can be, and which commits may hold them. JSON columns are searched in the database. */
import { gte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId, RegionCell } from '../../../core/ids.ts';
import type { Segment } from '../../../core/reward/data-root.ts';
import { lastHourOf } from '../../../core/reward/closable.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { firstHourOf, hoursPerEpoch } from '../../../core/time.ts';
import { epochs } from '../../../schema/d1/epochs.ts';
import type { EpochRow } from './public.ts';

export type SegmentPlace = {
  readonly cell: RegionCell;
  /** The device's number there. */
  readonly slot: number;
  /** Whose close sealed it. */
  readonly hour: number;
  readonly key: string;
  readonly fromSeq: number;
};

/**
 * Segments that a device's readings measured in `hour` may be in, in the order of the logs. A reading is at most
 * `maxAgeSeconds` old when it comes, and what came is sealed within an epoch; hours of a backfill close behind it.
 */
export async function findSegments(
  db: D1Database,
  device: DeviceId,
  hour: number,
  rules: TimeRules,
): Promise<readonly SegmentPlace[]> {
  const hoursOf = (seconds: number): number => Math.ceil(seconds / rules.hourSeconds);
  const from = hour - hoursOf(rules.backfillSeconds + rules.backfillWaitSeconds);
  const until = hour + hoursOf(rules.maxAgeSeconds) + hoursPerEpoch(rules);
  const { results } = await db
    .prepare(
      `SELECT h.cell, s.key AS slot, h.hour, h.segment_key AS key, h.from_seq AS fromSeq
       FROM region r, json_each(r.slots) s, region_hour h
       WHERE r.cell IN (SELECT cell FROM device WHERE device = ?1 UNION SELECT cell FROM device_day WHERE device = ?1)
         AND s.value = ?1 AND h.cell = r.cell AND h.hour BETWEEN ?2 AND ?3
         AND EXISTS (SELECT 1 FROM json_each(h.spans) span
           WHERE span.value ->> 0 = s.key AND span.value ->> 1 <= ?4 AND span.value ->> 2 >= ?4)
       ORDER BY h.cell, h.from_seq`,
    )
    .bind(device, from, until, hour)
    .all<SegmentPlace>();
  return results;
}

/** Of the hours of an epoch, all regions'. */
export async function segmentsOfHours(db: D1Database, epoch: number, rules: TimeRules): Promise<readonly Segment[]> {
  const { results } = await db
    .prepare(
      `SELECT cell, from_seq AS fromSeq, to_seq AS toSeq, segment_root AS root FROM region_hour
       WHERE hour BETWEEN ?1 AND ?2 AND segment_root IS NOT NULL`,
    )
    .bind(firstHourOf(epoch, rules), lastHourOf(epoch, rules))
    .all<Segment>();
  return results;
}

/** From one epoch on, oldest first. */
export async function readEpochsFrom(db: D1Database, epoch: number, limit: number): Promise<readonly EpochRow[]> {
  return drizzle(db).select().from(epochs).where(gte(epochs.epoch, epoch)).orderBy(epochs.epoch).limit(limit);
}
