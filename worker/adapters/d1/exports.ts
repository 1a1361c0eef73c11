/** What the sale of an export asks D1: whose data it is, how far it is closed, and how much of it there is. */
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { ExportRequest, ExportScope } from '../../../core/export/request.ts';
import type { DeviceId, RegionCell } from '../../../core/ids.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hoursPerEpoch, epochOf, hourOf } from '../../../core/time.ts';
import { devices } from '../../../schema/d1/devices.ts';
import { regions } from '../../../schema/d1/regions.ts';
import { devicesIn } from './area.ts';
import type { SoldDevice } from './observations.ts';

export async function readScope(db: D1Database, scope: ExportScope, limit: number): Promise<readonly SoldDevice[]> {
  const where =
    scope.kind === 'area'
      ? devicesIn(scope.area)
      : sql`${devices.device} IN (SELECT value FROM json_each(${JSON.stringify(scope.devices)}))`;
  const rows = await drizzle(db)
    .select({
      device: devices.device,
      cell: devices.cell,
      status: devices.status,
      closedThrough: regions.closedThrough,
    })
    .from(devices)
    .leftJoin(regions, eq(regions.cell, devices.cell))
    .where(where)
    .orderBy(devices.device)
    .limit(limit);
  // D1 holds only what the parsers of core/ids.ts let in.
  return rows.map((row) => ({ ...row, device: row.device as DeviceId, cell: row.cell as RegionCell }));
}

export type Held = { readonly device: DeviceId; readonly cells: number; readonly good: number };

/** Device-days that one statement looks into: well below D1's 30 s. */
const DAYS_A_STATEMENT = 5000;

/**
 * Device-quantity-hours that these devices hold of the request, and those of them with a good flag. Counted by D1, so that
 * nobody has to carry a year of days to the edge; each hour of a quantity counts once, also where a device moved that day.
 */
export async function countHours(
  db: D1Database,
  names: readonly DeviceId[],
  request: Pick<ExportRequest, 'quantities' | 'fromMs' | 'untilMs'>,
  rules: TimeRules,
): Promise<readonly Held[]> {
  const fromEpoch = epochOf(request.fromMs, rules);
  const untilEpoch = epochOf(request.untilMs - 1, rules);
  const chunk = Math.max(1, Math.floor(DAYS_A_STATEMENT / (untilEpoch - fromEpoch + 1)));
  const found: Held[] = [];
  for (let first = 0; first < names.length; first += chunk) {
    const statement = db
      .prepare(COUNT)
      .bind(
        JSON.stringify(names.slice(first, first + chunk)),
        fromEpoch,
        untilEpoch,
        JSON.stringify(request.quantities.map(({ index }) => index)),
        hoursPerEpoch(rules),
        hourOf(request.fromMs, rules),
        hourOf(request.untilMs - 1, rules),
      );
    found.push(...(await statement.all<Held>()).results);
  }
  return found;
}

/** Flag 2 is a cell taken under maintenance: kept, not sold. Late readings alone make a cell that is sold and never good. */
const COUNT = `
  SELECT device, count(DISTINCT at) AS cells, count(DISTINCT CASE WHEN flag = 1 THEN at END) AS good
  FROM (
    SELECT day.device AS device, (day.epoch * ?5 + hour.key) * 256 + json_extract(one.value, '$.quantity') AS at,
      json_extract(hour.value, '$[2]') AS flag
    FROM device_day AS day, json_each(day.series) AS one, json_each(one.value, '$.hours') AS hour
    WHERE day.device IN (SELECT value FROM json_each(?1)) AND day.epoch BETWEEN ?2 AND ?3
      AND json_extract(one.value, '$.quantity') IN (SELECT value FROM json_each(?4))
      AND hour.type = 'array' AND json_extract(hour.value, '$[2]') <> 2
      AND day.epoch * ?5 + hour.key BETWEEN ?6 AND ?7
  )
  GROUP BY device ORDER BY device`;
