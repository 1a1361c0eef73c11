/**
 * What a proof costs: as much as everything that it reveals. A signed batch cannot be shown in part, so whoever asks for one
 * reading of it gets, and pays for, all of its device-quantity-hours.
 */
import { quantityByIndex } from '../reading/quantity.ts';
import type { Reading } from '../reading/reading.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf, hourStartMs } from '../time.ts';
import { priceOf } from './price.ts';

/** A quantity's code and the start of an hour. */
export type QuantityHour = { readonly quantity: string; readonly startMs: number };

/** Each once, however many batches of the device speak of it. */
export function quantityHoursOf(
  batches: readonly (readonly Pick<Reading, 'quantity' | 'measuredMs'>[])[],
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): readonly QuantityHour[] {
  const found = new Map<string, QuantityHour>();
  for (const { quantity, measuredMs } of batches.flat()) {
    const code = quantityByIndex(quantity)?.code;
    if (code === undefined) continue;
    const startMs = hourStartMs(hourOf(measuredMs, rules), rules);
    found.set(`${code} ${startMs}`, { quantity: code, startMs });
  }
  return [...found.values()];
}

/** USDC base units. */
export function proofPrice(revealed: readonly QuantityHour[]): bigint {
  return priceOf(revealed.length);
}
