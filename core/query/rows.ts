/** Rows that answers are made of: closed hours from device-days, everything younger from the region's object, each exactly once. */
import type { DeviceId } from '../ids.ts';
import { testCodes } from '../qc/tests.ts';
import { quantityByCode, type Quantity } from '../reading/quantity.ts';
import { NOT_EVALUATED } from '../reading/reading.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { firstHourOf, hourOf, hoursPerEpoch, hourStartMs } from '../time.ts';

export type ObservationRow = {
  readonly device: DeviceId;
  readonly quantity: string;
  readonly startMs: number;
  /** In the quantity's unit, not rounded. */
  readonly value: number;
  readonly count: number;
  readonly flag: number;
  readonly tests: readonly string[];
  readonly final: boolean;
  /** Null: where the device stands now. */
  readonly site: Site | null;
};

/** Where a device stood when it measured, of the region that it belonged to: a later move changes nothing of it. */
export type Site = {
  readonly cell: string;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
};

export type StoredDay = {
  readonly device: DeviceId;
  readonly epoch: number;
  readonly site: Site;
  readonly series: readonly StoredSeries[];
  /** Cells of readings that came after their hour was closed: sold, never scored. */
  readonly lateSeries: readonly StoredSeries[];
};

type StoredSeries = { readonly quantity: number; readonly hours: readonly (StoredHour | null)[] };
/** [readings, sum in steps, flag, tests bit mask] */
type StoredHour = readonly [number, number, number, number];

/** Cells of a closed day. Their verdicts are final. */
export function rowsOfDay(
  day: StoredDay,
  quantities: readonly Quantity[],
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): ObservationRow[] {
  const rows: ObservationRow[] = [];
  const firstHour = firstHourOf(day.epoch, rules);
  for (const quantity of quantities) {
    const judged = hoursOf(day.series, quantity);
    const late = hoursOf(day.lateSeries, quantity);
    for (let index = 0; index < hoursPerEpoch(rules); index += 1) {
      const verdict = judged[index] ?? null;
      // Taken under maintenance: kept, not sold.
      if (verdict !== null && verdict[2] === NOT_EVALUATED) continue;
      const cell = joined(verdict, late[index] ?? null);
      if (cell === null || cell[0] === 0) continue;
      const [count, sum, flag, tests] = cell;
      rows.push({
        device: day.device,
        quantity: quantity.code,
        startMs: hourStartMs(firstHour + index, rules),
        value: sum / count / quantity.stepsPerUnit,
        count,
        flag,
        tests: testCodes(tests),
        final: true,
        site: day.site,
      });
    }
  }
  return rows;
}

function hoursOf(series: readonly StoredSeries[], quantity: Quantity): readonly (StoredHour | null)[] {
  return series.find((candidate) => candidate.quantity === quantity.index)?.hours ?? [];
}

/** Late readings join the mean; the verdict stays the one of the hour's close. */
function joined(judged: StoredHour | null, late: StoredHour | null): StoredHour | null {
  if (judged === null || late === null) return judged ?? late;
  return [judged[0] + late[0], judged[1] + late[1], judged[2], judged[3] | late[3]];
}

/** Readings with the verdicts of their hours as far as these days hold them: a region knows those of its open day alone. */
export function withVerdicts(
  readings: readonly ObservationRow[],
  days: readonly StoredDay[],
  rules: Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>,
): readonly ObservationRow[] {
  const verdicts = new Map<string, StoredHour>();
  for (const { device, epoch, series, lateSeries } of days) {
    // What came late speaks only where nothing was judged.
    for (const { quantity, hours } of [...lateSeries, ...series]) {
      for (const [index, cell] of hours.entries())
        if (cell !== null) verdicts.set(`${device} ${quantity} ${firstHourOf(epoch, rules) + index}`, cell);
    }
  }
  return readings.map((row) => {
    const verdict = verdicts.get(`${row.device} ${orderOf(row.quantity)} ${hourOf(row.startMs, rules)}`);
    if (verdict === undefined) return row;
    const [, , flag, tests] = verdict;
    return { ...row, flag: Math.max(row.flag, flag), tests: testCodes(tests) };
  });
}

/** Mean of `count` readings in the quantity's unit, rounded to a hundredth of its resolution. */
export function meanOf(sumSteps: number, count: number, quantity: Pick<Quantity, 'stepsPerUnit'>): number {
  return roundValue(sumSteps / count / quantity.stepsPerUnit, quantity);
}

export function roundValue(value: number, quantity: Pick<Quantity, 'stepsPerUnit'>): number {
  const perUnit = quantity.stepsPerUnit * 100;
  return Math.round(value * perUnit) / perUnit;
}

/** Sorted by device, start and quantity, as pages are. Where both sides know a row, the closed one speaks. */
export function mergeRows(closed: readonly ObservationRow[], open: readonly ObservationRow[]): ObservationRow[] {
  const merged = new Map<string, ObservationRow>();
  for (const row of [...open, ...closed]) merged.set(`${row.device} ${row.quantity} ${row.startMs}`, row);
  return [...merged.values()].toSorted(
    (a, b) => compare(a.device, b.device) || a.startMs - b.startMs || orderOf(a.quantity) - orderOf(b.quantity),
  );
}

/** Order of the catalogue. */
function orderOf(quantity: string): number {
  return quantityByCode(quantity)?.index ?? -1;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
