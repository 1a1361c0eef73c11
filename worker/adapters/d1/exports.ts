/** How much of what an export asks for is there: counted by D1, so that nobody has to carry a year of days to the edge. */
import type { DeviceId } from '../../../core/ids.ts';
import { quantitiesOf, type Needs } from '../../../core/query/series.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { epochOfHour, hoursPerEpoch } from '../../../core/time.ts';

/** Device-quantity-hours of one device that are held, and those of them with a good flag. */
export type Held = { readonly device: DeviceId; readonly cells: number; readonly good: number };

/** Device-days that one statement looks into: some tenths of a second, because D1 answers one statement at a time. */
const DAYS_A_STATEMENT = 1000;

/** Each hour of a quantity counts once, also where a device moved that day. */
export async function countHours(
  db: D1Database,
  names: readonly DeviceId[],
  needs: Needs,
  { fromHour, untilHour }: { readonly fromHour: number; readonly untilHour: number },
  rules: TimeRules,
): Promise<readonly Held[]> {
  const fromEpoch = epochOfHour(fromHour - Math.max(0, ...needs.values()), rules);
  const lastEpoch = epochOfHour(untilHour - 1, rules);
  const wanted = quantitiesOf(needs).map(({ index, code }) => [index, fromHour - (needs.get(code) ?? 0)]);
  const chunk = Math.max(1, Math.floor(DAYS_A_STATEMENT / (lastEpoch - fromEpoch + 1)));
  const found: Held[] = [];
  for (let first = 0; first < names.length; first += chunk) {
    const devices = JSON.stringify(names.slice(first, first + chunk));
    const bound = [devices, fromEpoch, lastEpoch, JSON.stringify(wanted), hoursPerEpoch(rules), untilHour];
    const { results } = await db
      .prepare(COUNT)
      .bind(...bound)
      .all<Held>();
    found.push(...results);
  }
  return found;
}

/**
 * Flag 2 is a cell taken under maintenance: kept, not sold. Late readings alone make a cell that is sold and never good. A cell
 * is the text [readings,sum,flag,tests]: with three commas in all, the patterns can only meet the flag, and no cell has to be
 * parsed for it.
 */
const COUNT = `
  SELECT device, count(DISTINCT at) AS cells, count(DISTINCT CASE WHEN good THEN at END) AS good
  FROM (
    SELECT day.device AS device, (day.epoch * ?5 + hour.key) * 256 + (wanted.value ->> 0) AS at,
      hour.value GLOB '*,*,1,*' AS good
    FROM device_day AS day, json_each(day.series) AS one, json_each(?4) AS wanted,
      json_each(one.value, '$.hours') AS hour
    WHERE day.device IN (SELECT value FROM json_each(?1)) AND day.epoch BETWEEN ?2 AND ?3
      AND one.value ->> 'quantity' = wanted.value ->> 0
      AND hour.type = 'array' AND hour.value NOT GLOB '*,*,2,*'
      AND day.epoch * ?5 + hour.key >= wanted.value ->> 1 AND day.epoch * ?5 + hour.key < ?6
  )
  GROUP BY device ORDER BY device`;
