/** Marks device-days whose week of series is that of an earlier device of the same region and density cell. */
import { ALIKE_EPOCHS, withAlike, type SeriesDay } from '../../../core/reward/alike.ts';
import type { DeviceDay } from '../../../core/reward/weight.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hoursPerEpoch } from '../../../core/time.ts';

/** A week of one device is some 20 kB of text; a Worker has 128 MB. */
const DEVICES_AT_ONCE = 500;

/** Days under the keys that a device had before count as its own. */
const WEEK_OF = `
  WITH RECURSIVE keys(key) AS (
    SELECT value FROM json_each(?1)
    UNION SELECT predecessor FROM keys JOIN device ON device.device = keys.key WHERE predecessor IS NOT NULL
  )
  SELECT coalesce(origin, device) AS device, epoch, series FROM device_day
  WHERE device IN (SELECT key FROM keys) AND epoch BETWEEN ?2 AND ?3 AND cell = ?4 AND series <> '[]'`;

/** Reads nothing where every device has its density cell for itself. */
export async function markAlike(
  db: D1Database,
  days: readonly DeviceDay[],
  epoch: number,
  rules: TimeRules,
): Promise<readonly DeviceDay[]> {
  const groups = [...Map.groupBy(days, ({ cell, density }) => `${cell} ${density}`).values()];
  const marked: DeviceDay[] = groups.filter((group) => group.length === 1).flat();
  for (const ofRegion of Map.groupBy(
    groups.filter((group) => group.length > 1),
    ([first]) => first?.cell ?? '',
  )) {
    const [cell, crowded] = ofRegion;
    for (const part of packed(crowded)) {
      const devices = JSON.stringify(part.map(({ device }) => device));
      const week = await db
        .prepare(WEEK_OF)
        .bind(devices, epoch - ALIKE_EPOCHS + 1, epoch, cell)
        .all<{ readonly device: string; readonly epoch: number; readonly series: string }>();
      const series = week.results.map((row): SeriesDay => ({ ...row, series: JSON.parse(row.series) }));
      marked.push(...withAlike(part, series, epoch, hoursPerEpoch(rules)));
    }
  }
  return marked;
}

/** Whole groups together, up to the limit; a larger group by itself. */
function packed(groups: readonly (readonly DeviceDay[])[]): readonly (readonly DeviceDay[])[] {
  const parts: DeviceDay[][] = [];
  for (const group of groups) {
    const open = parts.at(-1);
    if (open !== undefined && open.length + group.length <= DEVICES_AT_ONCE) open.push(...group);
    else parts.push([...group]);
  }
  return parts;
}
