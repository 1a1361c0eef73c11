/**
 * From hourly rows to what was asked: the hours themselves, means of days, corrected values and air quality indices. Each row
 * names the hours that it was made of, which is what its sellers are paid for.
 */
import { europeanIndex } from '../air-index/european.ts';
import type { GoodHours } from '../air-index/good-hours.ts';
import { correctPlantower } from '../air-index/plantower.ts';
import { usAqiNow, usAqiOfDay, US_POLLUTANTS } from '../air-index/us-aqi.ts';
import type { DeviceId } from '../ids.ts';
import { quantityByCode, type Quantity, type QuantityCode } from '../reading/quantity.ts';
import { GOOD, NOT_EVALUATED } from '../reading/reading.ts';
import type { TimeRules } from '../rules/rule-set.ts';
import { hourOf, hoursPerEpoch, hourStartMs } from '../time.ts';
import type { ObservationsRequest } from './observations.ts';
import type { Slice } from './plan.ts';
import { roundValue, type ObservationRow, type Site } from './rows.ts';
import { CORRECTED, CORRECTED_WITH, NOWCAST_HOURS_BEFORE, type IndexCode, type Series } from './series.ts';

export type AnswerRow = {
  readonly device: DeviceId;
  /** Code of a quantity or of an index. */
  readonly quantity: string;
  readonly series: Series | 'index';
  readonly unit: string;
  readonly startMs: number;
  /** A reading has none. */
  readonly endMs: number | null;
  readonly value: number;
  /** Readings behind the value; of an index: good hours behind it. */
  readonly count: number;
  readonly flag: number;
  readonly tests: readonly string[];
  readonly final: boolean;
  /** Of a day: its good hours, and their share of all. */
  readonly hours: number | null;
  readonly coverage: number | null;
  /** Of an index. */
  readonly category: string | null;
  readonly pollutant: string | null;
  readonly madeOf: readonly HourRange[];
  /** Of a row of many hours: of the last of them. Null: where the device stands now. */
  readonly site: Site | null;
};

/** Hours [fromHour, untilHour) of a quantity of the row's device; the good ones among them were used. */
export type HourRange = { readonly quantity: string; readonly fromHour: number; readonly untilHour: number };

type Lengths = Pick<TimeRules, 'hourSeconds' | 'epochSeconds'>;
type Seller = {
  readonly device: DeviceId;
  /** Last hour of its region with final verdicts. */
  readonly closedThrough: number | null;
};

/** A mean of a day is flagged good from this share of its hours on (40 CFR 50 appendix N: 75 %). */
const COMPLETE = 0.75;
const PLAIN = { hours: null, coverage: null, category: null, pollutant: null } as const;

/** Rows of one device, which are sorted by start and quantity, may begin before the slice: what indices look back on. */
export function deriveRows(
  rows: readonly ObservationRow[],
  { device, fromHour, untilHour }: Slice<Seller>,
  request: Pick<ObservationsRequest, 'quantities' | 'series' | 'indices' | 'resolution'>,
  rules: Lengths,
): AnswerRow[] {
  const { quantities, series, indices, resolution } = request;
  const hours = new DeviceHours(rows, device, rules);
  const answer: AnswerRow[] = [];
  const step = resolution === 'day' ? hoursPerEpoch(rules) : 1;
  for (let hour = fromHour; hour < untilHour; hour += step) {
    for (const quantity of quantities) {
      if (resolution === 'day') answer.push(...series.flatMap((kind) => hours.ofDay(quantity, kind, hour)));
      else answer.push(...series.flatMap((kind) => hours.ofHour(quantity, kind, hour)));
    }
    for (const index of indices) answer.push(...hours.ofIndex(index, hour));
  }
  return answer;
}

/** Raw readings as they are. */
export function plainRow(row: ObservationRow, endMs: number | null, rules: Lengths): AnswerRow {
  const quantity = quantityByCode(row.quantity);
  const hour = hourOf(row.startMs, rules);
  return {
    ...PLAIN,
    ...row,
    series: 'raw',
    unit: quantity?.unit ?? '',
    endMs,
    value: quantity === undefined ? row.value : roundValue(row.value, quantity),
    // A flagged row is answered, and earns nothing.
    madeOf: row.flag === GOOD ? [{ quantity: row.quantity, fromHour: hour, untilHour: hour + 1 }] : [],
  };
}

class DeviceHours {
  readonly #seller: Seller;
  readonly #rules: Lengths;
  readonly #byQuantity = new Map<string, Map<number, ObservationRow>>();
  #good: GoodHours | undefined;

  constructor(rows: readonly ObservationRow[], seller: Seller, rules: Lengths) {
    this.#seller = seller;
    this.#rules = rules;
    for (const row of rows) {
      const hours = this.#byQuantity.get(row.quantity) ?? new Map<number, ObservationRow>();
      this.#byQuantity.set(row.quantity, hours.set(hourOf(row.startMs, rules), row));
    }
  }

  ofHour(quantity: Quantity, series: Series, hour: number): AnswerRow[] {
    const row = this.#at(quantity.code, hour);
    if (row === undefined) return [];
    const plain = plainRow(row, hourStartMs(hour + 1, this.#rules), this.#rules);
    if (series === 'raw') return [plain];
    const value = this.#correctedAt(quantity.code, hour);
    if (value === undefined) return [];
    const { final } = this.#at(CORRECTED_WITH, hour) ?? row;
    const isGood = row.flag === GOOD;
    return [
      {
        ...plain,
        series,
        value: roundValue(value, quantity),
        final: row.final && final,
        madeOf: isGood ? [hourRange(CORRECTED, hour), hourRange(CORRECTED_WITH, hour)] : [],
      },
    ];
  }

  /** Mean of the good hours of the day that begins with `hour`; a day without one has no value. */
  ofDay(quantity: Quantity, series: Series, hour: number): AnswerRow[] {
    const count = hoursPerEpoch(this.#rules);
    const used: { readonly row: ObservationRow; readonly value: number }[] = [];
    for (let at = hour; at < hour + count; at += 1) {
      const row = this.#at(quantity.code, at);
      const value = series === 'raw' ? row?.value : this.#correctedAt(quantity.code, at);
      if (row !== undefined && row.flag === GOOD && value !== undefined) used.push({ row, value });
    }
    if (used.length === 0) return [];
    const coverage = used.length / count;
    const whole = (code: string): HourRange => ({ quantity: code, fromHour: hour, untilHour: hour + count });
    return [
      {
        ...PLAIN,
        device: this.#seller.device,
        quantity: quantity.code,
        series,
        unit: quantity.unit,
        startMs: hourStartMs(hour, this.#rules),
        endMs: hourStartMs(hour + count, this.#rules),
        value: roundValue(used.reduce((sum, { value }) => sum + value, 0) / used.length, quantity),
        count: used.reduce((sum, { row }) => sum + row.count, 0),
        flag: coverage >= COMPLETE ? GOOD : NOT_EVALUATED,
        tests: [...new Set(used.flatMap(({ row }) => row.tests))].toSorted(),
        final: this.#isClosed(hour + count - 1),
        hours: used.length,
        coverage: Math.round(coverage * 1000) / 1000,
        madeOf: series === 'raw' ? [whole(quantity.code)] : [whole(CORRECTED), whole(CORRECTED_WITH)],
        site: used.at(-1)?.row.site ?? null,
      },
    ];
  }

  ofIndex(index: IndexCode, hour: number): AnswerRow[] {
    const found = this.#indexAt(index, hour);
    if (found === null) return [];
    const { value, category, pollutant, madeOf } = found;
    const hours = index === 'us-aqi' ? hoursPerEpoch(this.#rules) : 1;
    return [
      {
        ...PLAIN,
        device: this.#seller.device,
        quantity: index,
        series: 'index',
        unit: '1',
        startMs: hourStartMs(hour, this.#rules),
        endMs: hourStartMs(hour + hours, this.#rules),
        value,
        count: madeOf.reduce((sum, range) => sum + this.#goodIn(range), 0),
        flag: GOOD,
        tests: [],
        final: this.#isClosed(hour + hours - 1),
        category,
        pollutant,
        madeOf,
        site: this.#siteOf(madeOf),
      },
    ];
  }

  #indexAt(index: IndexCode, hour: number) {
    const good = this.#goodHours();
    if (index === 'european-aqi') {
      const found = europeanIndex(good, hour);
      if (!found.ok) return null;
      const { level, code, pollutant, parts } = found.value;
      return { value: level, category: code, pollutant, madeOf: parts.map((part) => hourRange(part.pollutant, hour)) };
    }
    const isDay = index === 'us-aqi';
    const found = isDay ? usAqiOfDay(good, hour) : usAqiNow(good, hour);
    if (!found.ok) return null;
    const { index: value, category, pollutant, parts } = found.value;
    const madeOf = parts.map((part) => ({
      quantity: part.pollutant,
      fromHour: isDay ? hour : hour - NOWCAST_HOURS_BEFORE[part.pollutant],
      untilHour: isDay ? hour + hoursPerEpoch(this.#rules) : hour + 1,
    }));
    return { value, category: category.code, pollutant, madeOf };
  }

  /** Only final verdicts: an index is nothing to take back. */
  #goodHours(): GoodHours {
    if (this.#good !== undefined) return this.#good;
    const good = new Map<QuantityCode, Map<number, number>>();
    for (const code of US_POLLUTANTS) {
      const rows = [...(this.#byQuantity.get(code) ?? [])].filter(([, row]) => row.flag === GOOD && row.final);
      good.set(code, new Map(rows.map(([hour, row]) => [hour, row.value])));
    }
    this.#good = good;
    return good;
  }

  #goodIn({ quantity, fromHour, untilHour }: HourRange): number {
    const hours = this.#goodHours().get(quantity as QuantityCode);
    let count = 0;
    for (let hour = fromHour; hour < untilHour; hour += 1) if (hours?.has(hour) === true) count += 1;
    return count;
  }

  #siteOf(madeOf: readonly HourRange[]): Site | null {
    for (const { quantity, fromHour, untilHour } of madeOf)
      for (let hour = untilHour - 1; hour >= fromHour; hour -= 1) {
        const row = this.#at(quantity, hour);
        if (row !== undefined) return row.site;
      }
    return null;
  }

  #correctedAt(code: QuantityCode, hour: number): number | undefined {
    const raw = this.#at(code, hour);
    const humidity = this.#at(CORRECTED_WITH, hour);
    if (code !== CORRECTED || raw === undefined || humidity?.flag !== GOOD) return undefined;
    return correctPlantower(raw.value, humidity.value);
  }

  #at(code: string, hour: number): ObservationRow | undefined {
    return this.#byQuantity.get(code)?.get(hour);
  }

  #isClosed(hour: number): boolean {
    return this.#seller.closedThrough !== null && hour <= this.#seller.closedThrough;
  }
}

function hourRange(quantity: string, hour: number): HourRange {
  return { quantity, fromHour: hour, untilHour: hour + 1 };
}
