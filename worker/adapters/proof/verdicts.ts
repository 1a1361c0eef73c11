/** What the network says of the hours that a proof reveals: they earn by it, and the hour that was asked for is told. */
import type { QuantityHour } from '../../../core/price/proof.ts';
import type { ObservationRow } from '../../../core/query/rows.ts';
import { quantityByCode } from '../../../core/reading/quantity.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hourOf } from '../../../core/time.ts';
import type { SoldDevice } from '../d1/observations.ts';
import { collectHours, type Stores } from '../observation-rows.ts';

/** Of a day that has not closed its region knows them: a segment holds what came up to its seal, of the next day's first hours, too. */
export async function verdictsOf(
  stores: Stores,
  device: SoldDevice,
  revealed: readonly QuantityHour[],
  rules: TimeRules,
  nowMs: number,
): Promise<readonly ObservationRow[]> {
  const hours = revealed.map(({ startMs }) => hourOf(startMs, rules));
  const [fromHour, untilHour] = [Math.min(...hours), Math.max(...hours) + 1];
  const quantities = [...new Set(revealed.map(({ quantity }) => quantity))].flatMap(
    (code) => quantityByCode(code) ?? [],
  );
  const rows = await collectHours(stores, [device], quantities, { fromHour, untilHour }, nowMs, rules);
  const wanted = new Set(revealed.map(({ quantity, startMs }) => `${quantity} ${startMs}`));
  return rows.filter(({ quantity, startMs }) => wanted.has(`${quantity} ${startMs}`));
}
