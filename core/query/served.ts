/** Which devices an answer is owed to: the device-quantity-hours in it that carry a good flag. */
import { GOOD } from '../reading/reading.ts';
import type { ServedUnits } from '../reward/sale.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf } from '../time.ts';
import type { AnswerRow } from './derive.ts';
import type { Slice } from './plan.ts';
import type { ObservationRow } from './rows.ts';

type Lengths = Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>;
export type ServingRow = Pick<ObservationRow, 'device' | 'quantity' | 'startMs' | 'flag'>;

/** Sorted by device. Rows inside one hour count once, so that nobody earns more by posting faster. */
export function servedBy(rows: readonly ServingRow[], rules: Lengths): readonly ServedUnits[] {
  const served = new Map<string, Set<string>>();
  for (const { device, quantity, startMs, flag } of rows) {
    if (flag !== GOOD) continue;
    const hours = served.get(device) ?? new Set<string>();
    served.set(device, hours.add(`${quantity} ${hourOf(startMs, rules)}`));
  }
  return [...served]
    .map(([device, hours]) => ({ device, units: hours.size }))
    .toSorted((a, b) => (a.device < b.device ? -1 : 1));
}

/**
 * The good hours that an answer was made of. Hours before a slice that opens no device were paid for with the page before,
 * which began with them.
 */
export function hoursUsed(
  answer: readonly Pick<AnswerRow, 'device' | 'madeOf'>[],
  hours: readonly ServingRow[],
  slices: readonly Slice<{ readonly device: string }>[],
  rules: Lengths,
): readonly ServingRow[] {
  const key = (device: string, quantity: string, hour: number) => `${device} ${quantity} ${hour}`;
  const good = new Map<string, ServingRow>();
  for (const row of hours) {
    if (row.flag === GOOD) good.set(key(row.device, row.quantity, hourOf(row.startMs, rules)), row);
  }
  const charged = new Map(slices.map((slice) => [slice.device.device, slice.isOpening ? -Infinity : slice.fromHour]));
  const used = new Set<ServingRow>();
  for (const { device, madeOf } of answer) {
    const chargedFrom = charged.get(device) ?? Infinity;
    for (const { quantity, fromHour, untilHour } of madeOf) {
      for (let hour = Math.max(fromHour, chargedFrom); hour < untilHour; hour += 1) {
        const row = good.get(key(device, quantity, hour));
        if (row !== undefined) used.add(row);
      }
    }
  }
  return [...used];
}
