/** Anomaly events of a page, in its order: device, then time. */
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { DeviceId } from '../../../core/ids.ts';
import type { AnomaliesRequest, AnomalyRow } from '../../../core/query/anomalies.ts';
import type { Slice } from '../../../core/query/plan.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hourOf, hoursPerEpoch, hourStartMs } from '../../../core/time.ts';
import { siteOf } from '../../../durable-objects/stored-days.ts';
import type { AnomalyEvidence } from '../../../schema/d1/anomaly-events.ts';

type Row = {
  readonly device: string;
  readonly quantity: string;
  readonly test: string;
  readonly flag: number;
  readonly severity: number;
  readonly startHour: number;
  readonly endHour: number | null;
  readonly evidence: string;
  readonly cell: string;
  /** Null: the day has not closed. */
  readonly latitudeE5: number | null;
  readonly longitudeE5: number | null;
};

/** An event belongs to the hour in which it began, or to the first of the query if it went on from before. */
export async function readAnomalies(
  db: D1Database,
  slices: readonly Slice<{ readonly device: DeviceId }>[],
  request: AnomaliesRequest,
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): Promise<readonly AnomalyRow[]> {
  const spans = slices.map(({ device, fromHour, untilHour }) => [device.device, fromHour, untilHour]);
  const firstHour = hourOf(request.fromMs, rules);
  const rows = await drizzle(db).all<Row>(sql`
    SELECT event.device, event.quantity, event.test, event.flag, event.severity, event.start_hour AS startHour,
      event.end_hour AS endHour, event.evidence, event.cell, day.latitude_e5 AS latitudeE5, day.longitude_e5 AS longitudeE5
    FROM json_each(${JSON.stringify(spans)}) span JOIN anomaly_event event ON event.device = span.value ->> 0
      LEFT JOIN device_day day ON day.device = event.device AND day.epoch = CAST(event.start_hour / ${hoursPerEpoch(rules)} AS INTEGER)
        AND day.cell = event.cell
    WHERE max(event.start_hour, ${firstHour}) >= span.value ->> 1
      AND max(event.start_hour, ${firstHour}) < span.value ->> 2
      AND (event.end_hour IS NULL OR event.end_hour > ${firstHour})
      AND event.severity >= ${request.severity}
      AND ${listed(sql`event.quantity`, request.quantities)}
      AND ${listed(sql`event.test`, request.tests)}
      AND ${listed(sql`event.flag`, request.flags)}
    ORDER BY event.device, max(event.start_hour, ${firstHour}), event.start_hour, event.quantity, event.test`);
  return rows.map((row) => toRow(row, rules));
}

function listed(column: ReturnType<typeof sql>, values: readonly (string | number)[] | null) {
  return values === null ? sql`1 = 1` : sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`;
}

function toRow(row: Row, rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>): AnomalyRow {
  const { measured, expected, against } = JSON.parse(row.evidence) as AnomalyEvidence;
  const [low, high] = expected;
  const { quantity, test, flag, severity, startHour, endHour } = row;
  return {
    // D1 holds only what the parsers of core/ids.ts let in.
    device: row.device as DeviceId,
    quantity,
    test,
    flag,
    severity,
    startMs: hourStartMs(startHour, rules),
    endMs: endHour === null ? null : hourStartMs(endHour, rules),
    measured,
    low,
    high,
    against,
    site:
      row.latitudeE5 === null || row.longitudeE5 === null ? null : siteOf(row.cell, row.latitudeE5, row.longitudeE5),
  };
}
