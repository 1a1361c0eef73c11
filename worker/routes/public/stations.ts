/** Stations and flags as the free routes show them. */
import { explain } from '../../../core/qc/explain.ts';
import { testCodes } from '../../../core/qc/tests.ts';
import { meanOf } from '../../../core/query/rows.ts';
import { quantityByCode, quantityByIndex } from '../../../core/reading/quantity.ts';
import { FAIL } from '../../../core/reading/reading.ts';
import type { TimeRules } from '../../../core/rules/rule-set.ts';
import { hourStartMs, rfc3339 } from '../../../core/time.ts';
import type { FlagItem, LatestValue, Station, StationDay } from '../../../schema/api/public.ts';
import { pointOf } from './point.ts';
import type { DayRow, EventRow, RegionDetail } from '../../adapters/d1/public.ts';

export function toStations(detail: RegionDetail, rules: TimeRules): Station[] {
  const latest = latestValues(detail, rules);
  return detail.devices.map((row) => ({
    device: row.device,
    name: row.displayName,
    status: row.status,
    owner: row.owner,
    tier: row.tier,
    ...pointOf(row),
    scoreBps: detail.days.get(row.device)?.scoreBps ?? null,
    day: toDay(detail.days.get(row.device)),
    latest: latest.get(row.device) ?? [],
  }));
}

export function toDay(row: DayRow | undefined): StationDay | null {
  if (row === undefined) return null;
  const { epoch, scoreBps, weeklyBps, eligible, parts } = row;
  const { availabilityBps, integrityBps, reliabilityBps, costs } = parts;
  return {
    epoch,
    scoreBps,
    availabilityBps,
    integrityBps,
    reliabilityBps,
    costs: costs.map(([cause, bps]) => ({ cause, bps })),
    weeklyBps,
    eligible,
  };
}

function latestValues({ hours, slots }: RegionDetail, rules: TimeRules): ReadonlyMap<string, readonly LatestValue[]> {
  const byDevice = new Map<string, LatestValue[]>();
  // Newest hour first: the first value seen of a quantity is the latest.
  for (const { hour, cells } of hours) {
    for (const [slot, index, count, sum, , , flag, tests] of cells) {
      const device = slots[slot];
      const quantity = quantityByIndex(index);
      if (device === undefined || quantity === undefined || count === 0) continue;
      const values = byDevice.get(device) ?? [];
      byDevice.set(device, values);
      if (values.some((value) => value.quantity === quantity.code)) continue;
      values.push({
        quantity: quantity.code,
        value: meanOf(sum, count, quantity),
        unit: quantity.unit,
        hour: rfc3339(hourStartMs(hour, rules)),
        flag: flag as LatestValue['flag'],
        tests: testCodes(tests),
      });
    }
  }
  return byDevice;
}

export function toFlag(event: EventRow, names: ReadonlyMap<string, string>, rules: TimeRules): FlagItem[] {
  const quantity = quantityByCode(event.quantity);
  if (quantity === undefined) return [];
  const { against, ...facts } = event.evidence;
  const compared = against.map((other) => ({ device: other, name: names.get(other) ?? other }));
  const [nearest] = compared;
  return [
    {
      device: event.device,
      name: names.get(event.device) ?? event.device,
      quantity: event.quantity,
      test: event.test,
      flag: event.flag === FAIL ? 4 : 3,
      start: rfc3339(hourStartMs(event.startHour, rules)),
      end: event.endHour === null ? null : rfc3339(hourStartMs(event.endHour, rules)),
      severity: event.severity,
      against: compared,
      ...explain(event.test, { ...facts, ...(nearest === undefined ? {} : { against: nearest.name }) }, quantity),
    },
  ];
}
