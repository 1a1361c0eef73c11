/** Where in the sealed logs a device's readings of some hours can be, and which segments an epoch holds. Raw SQL: JSON columns are searched in the database. */
import type { DeviceId, RegionCell } from '../../../core/ids.ts';
import type { Segment } from '../../../core/reward/data-root.ts';
import { lastHourOf } from '../../../core/reward/closable.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { firstHourOf, hoursPerEpoch } from '../../../core/time.ts';

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

/** Of the hours of an epoch. `cells` null: of all regions. */
export async function segmentsOfHours(
  db: D1Database,
  epoch: number,
  cells: readonly string[] | null,
  rules: TimeRules,
): Promise<readonly Segment[]> {
  const { results } = await db
    .prepare(
      `SELECT cell, from_seq AS fromSeq, to_seq AS toSeq, segment_root AS root FROM region_hour
       WHERE hour BETWEEN ?1 AND ?2 AND segment_root IS NOT NULL
         AND (?3 IS NULL OR cell IN (SELECT value FROM json_each(?3)))`,
    )
    .bind(firstHourOf(epoch, rules), lastHourOf(epoch, rules), cells === null ? null : JSON.stringify(cells))
    .all<Segment>();
  return results;
}

/** Whether the database knows of an epoch after this one: then one that is not there was never closed. */
export async function hasLaterEpoch(db: D1Database, epoch: number): Promise<boolean> {
  return (await db.prepare(`SELECT 1 AS found FROM epoch WHERE epoch > ? LIMIT 1`).bind(epoch).first('found')) !== null;
}
