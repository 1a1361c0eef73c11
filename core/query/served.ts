/** Which devices an answer is owed to: the device-quantity-hours in it that carry a good flag. */
import { GOOD } from '../reading/reading.ts';
import type { ServedUnits } from '../reward/sale.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf } from '../time.ts';
import type { ObservationRow } from './rows.ts';

/** Sorted by device. Rows inside one hour count once, so that nobody earns more by posting faster. */
export function servedBy(
  rows: readonly Pick<ObservationRow, 'device' | 'quantity' | 'startMs' | 'flag'>[],
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): readonly ServedUnits[] {
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
