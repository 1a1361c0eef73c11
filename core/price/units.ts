/** By what a query is priced: the hours that its answer takes of the devices that can have them. Pure: asked, not found. */
import type { Needs } from '../query/series.ts';
import type { Cost } from '../query/plan.ts';
import { quantityByCode } from '../reading/quantity.ts';

/**
 * `measured`: catalogue numbers of the quantities that the device is known to measure, null where nothing is known of it. What
 * it is known not to measure costs nothing; a device asked for by name costs at least one quantity.
 */
export function observationsCost(needs: Needs, measured: readonly number[] | null): Cost {
  const counted = [...needs].filter(([code]) => measured === null || isMeasured(code, measured));
  const quantities = Math.max(1, counted.length);
  const opening = counted.reduce((sum, [, hoursBefore]) => sum + hoursBefore, 0);
  return { opening, ofHours: (hours) => quantities * hours };
}

/** Whether a device of an area belongs to the question at all. */
export function canAnswer(needs: Needs, measured: readonly number[] | null): boolean {
  return measured === null || [...needs.keys()].some((code) => isMeasured(code, measured));
}

function isMeasured(code: string, measured: readonly number[]): boolean {
  const quantity = quantityByCode(code);
  return quantity !== undefined && measured.includes(quantity.index);
}

/** A device and a begun day, whatever was found in it: one unit. */
export function anomaliesCost(hoursPerDay: number): Cost {
  return { opening: 0, ofHours: (hours) => Math.ceil(hours / hoursPerDay) };
}
