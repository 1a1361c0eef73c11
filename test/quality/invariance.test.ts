/** Truth does not depend on the date, the unit or the rate of sampling, and weather that lifts everyone is no fault. */
import { beforeAll, expect, test, vi } from 'vitest';
import type { DeviceId } from '../../core/ids.ts';
import { packReadings } from '../../core/reading/pack.ts';
import { quantityByIndex } from '../../core/reading/quantity.ts';
import { acceptedUnits, conversionOf } from '../../core/reading/units.ts';
import { parseReadings } from '../../core/senml/parse-readings.ts';
import type { Row, Value } from '../../scripts/qc/data-set.ts';
import { SENT_UNITS } from '../../sensors/simulator/slice.ts';
import {
  DAY_MS,
  firstDifference,
  flaggedShare,
  HOUR_MS,
  loadSlice,
  replayOf,
  scoresOf,
  verdictsOf,
  type Slice,
  type Verdict,
} from '../support/slice-replay.ts';

/** Replays of weeks, on machines that do other things as well. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let madrid: Slice;
let beijing: Slice;
let usual: {
  readonly madrid: readonly Verdict[];
  readonly beijing: readonly Verdict[];
  readonly beijingScores: readonly number[];
};

beforeAll(async () => {
  [madrid, beijing] = await Promise.all([loadSlice('madrid-2020-02'), loadSlice('beijing-2013-12')]);
  const asMeasured = replayOf(beijing);
  usual = {
    madrid: verdictsOf(replayOf(madrid)),
    beijing: verdictsOf(asMeasured),
    beijingScores: [...scoresOf(asMeasured).values()],
  };
});

test.each([1, 7, 365])('the same month %i days later has the same verdicts, that much later', (days) => {
  const later = (ms: number): number => ms + days * DAY_MS;
  const rows = beijing.rows.map((row) => ({
    ...row,
    measuredMs: later(row.measuredMs),
    receivedMs: later(row.receivedMs),
  }));
  const shifted = replayOf({ ...beijing, rows });
  const back = verdictsOf(shifted).map((verdict) => ({ ...verdict, hour: verdict.hour - days * 24 }));
  expect(firstDifference(back, usual.beijing)).toBeNull();
  expect([...scoresOf(shifted).values()]).toEqual(usual.beijingScores);
});

test('a thermometer in Fahrenheit gets the verdicts of one in Celsius', () => {
  const few = { ...madrid, rows: madrid.rows.slice(0, 4000) };
  const inFahrenheit = {
    stations: few.stations.map((station) => ({ ...station, isFahrenheit: true })),
    rows: few.rows.map((row) => changed(row, ({ column, value }) => (column === 'temp' ? value * 1.8 + 32 : value))),
  };
  expect(firstDifference(verdictsOf(replayOf(inFahrenheit)), verdictsOf(replayOf(few)))).toBeNull();
});

test('whatever accepted unit a device sends in, the log gets the same bytes', () => {
  const device = 'did:key:z6Mk' as DeviceId;
  // A value half way between two steps (8.15 ppb) may round either way: the sender's own fraction is not exact.
  const isTie = (value: Value): boolean => Math.abs((stepsIn(value) % 1) - 0.5) < 1e-6;
  const rows = [...madrid.rows, ...beijing.rows]
    .filter((_, at) => at % 23 === 0)
    .map((row) => ({ ...row, values: row.values.filter((value) => !isTie(value)) }));
  for (const row of rows) {
    const packedWith = (unitOf: (value: Value) => string): string => {
      const records = row.values.map((value) => {
        const code = quantityByIndex(value.quantity)?.code ?? '';
        return { n: code, u: unitOf(value), v: inUnit(value, unitOf(value)), t: row.measuredMs / 1000 };
      });
      const readings = parseReadings(JSON.stringify(records), device, row.receivedMs);
      if (!readings.ok) throw new Error(readings.error.reason);
      return Buffer.from(packReadings(readings.value)).toString('hex');
    };
    const asMeasured = packedWith(sentUnit);
    for (let choice = 0; choice < 4; choice += 1)
      expect(packedWith((value) => unitsOf(value).at(choice) ?? sentUnit(value))).toBe(asMeasured);
  }
});

function sentUnit({ quantity }: Value): string {
  const known = quantityByIndex(quantity);
  // The set's `rain` is a rate: millimeters in the hour.
  return known === undefined ? '' : known.code === 'rain_rate' ? 'mm/h' : (SENT_UNITS[known.code] ?? known.unit);
}

function unitsOf({ quantity }: Value): readonly string[] {
  const known = quantityByIndex(quantity);
  return known === undefined ? [] : acceptedUnits(known);
}

/** The measured value, which stands in the unit of its source, in another unit. */
function inUnit(value: Value, unit: string): number {
  const known = quantityByIndex(value.quantity);
  if (known === undefined) throw new Error(`no quantity ${value.quantity}`);
  const to = conversionOf(known, unit);
  if (!to.ok) throw new Error(`${known.code} in ${unit}`);
  return ((stepsIn(value) - to.value.add) * to.value.divide) / to.value.multiply;
}

/** Not rounded. */
function stepsIn(value: Value): number {
  const known = quantityByIndex(value.quantity);
  const from = known === undefined ? undefined : conversionOf(known, sentUnit(value));
  if (from?.ok !== true) throw new Error(`no conversion for ${value.column}`);
  return (value.value * from.value.multiply) / from.value.divide + from.value.add;
}

/** On clean months every flag is false: half the samples may cost at most three flags more in a thousand hours. */
test('half as many samples do not make honest stations look worse', () => {
  for (const [slice, verdicts] of [
    [madrid, usual.madrid],
    [beijing, usual.beijing],
  ] as const) {
    for (const odd of [0, 1]) {
      const rows = slice.rows.filter((row) => (row.measuredMs / HOUR_MS) % 2 === odd);
      const share = flaggedShare(verdictsOf(replayOf({ ...slice, rows })));
      expect(share).toBeLessThanOrEqual(flaggedShare(verdicts) + 0.003);
    }
  }
});

/** Hours of the month at which a haze or front arrives. */
const ARRIVALS = [80, 200, 330, 450, 560];
const HAZE_HOURS = 12;
const FRONT_HOURS = 24;
/** The episode and what its memory may do afterwards. */
const WATCHED_HOURS = 36;
/** Of the hours watched, five in a thousand more. */
const WEATHER_BOUND = 0.005;

function hourIn({ rows }: Slice, ms: number): number {
  return (ms - (rows[0]?.measuredMs ?? 0)) / HOUR_MS;
}

function isDuring(hour: number, hours: number): boolean {
  return ARRIVALS.some((arrival) => hour >= arrival && hour < arrival + hours);
}

function changed(row: Row, change: (value: Value) => number): Row {
  return { ...row, values: row.values.map((value) => ({ ...value, value: change(value) })) };
}

function shareWatched(slice: Slice, verdicts: readonly Verdict[]): number {
  return flaggedShare(verdicts.filter(({ hour }) => isDuring(hourIn(slice, hour * HOUR_MS), WATCHED_HOURS)));
}

test('a haze that triples the particles everywhere for twelve hours accuses nobody', () => {
  for (const [slice, verdicts] of [
    [madrid, usual.madrid],
    [beijing, usual.beijing],
  ] as const) {
    const rows = slice.rows.map((row) =>
      isDuring(hourIn(slice, row.measuredMs), HAZE_HOURS)
        ? changed(row, ({ column, value }) => (column.startsWith('pm') ? value * 3 : value))
        : row,
    );
    const hazy = verdictsOf(replayOf({ ...slice, rows }));
    expect(shareWatched(slice, hazy)).toBeLessThanOrEqual(shareWatched(slice, verdicts) + WEATHER_BOUND);
  }
});

test.each([8, -8])(
  'a front of %i K that half of the stations meet an hour later accuses nobody',
  (kelvin) => {
    const isLate = new Map(madrid.stations.map(({ id }, at) => [id, at % 2]));
    const rows = madrid.rows.map((row) => {
      const hour = hourIn(madrid, row.measuredMs) - (isLate.get(row.device) ?? 0);
      return isDuring(hour, FRONT_HOURS)
        ? changed(row, ({ column, value }) => (column === 'temp' ? value + kelvin : value))
        : row;
    });
    const verdicts = verdictsOf(replayOf({ ...madrid, rows }));
    const isTemp = ({ quantity }: Verdict): boolean => quantity === 'temp';
    expect(shareWatched(madrid, verdicts)).toBeLessThanOrEqual(shareWatched(madrid, usual.madrid) + WEATHER_BOUND);
    expect(shareWatched(madrid, verdicts.filter(isTemp))).toBeLessThanOrEqual(
      shareWatched(madrid, usual.madrid.filter(isTemp)) + 2 * WEATHER_BOUND,
    );
  },
  30_000,
);

test('eight kelvin at one station alone are flagged: the bounds above do not hold because nothing ever is', () => {
  const [{ id } = { id: '' }] = madrid.stations;
  const isHot = (device: string, hour: number): boolean => device === id && isDuring(hour, HAZE_HOURS);
  const rows = madrid.rows.map((row) =>
    isHot(row.device, hourIn(madrid, row.measuredMs))
      ? changed(row, ({ column, value }) => (column === 'temp' ? value + 8 : value))
      : row,
  );
  const own = verdictsOf(replayOf({ ...madrid, rows })).filter(
    ({ device, hour, quantity }) => quantity === 'temp' && isHot(device, hourIn(madrid, hour * HOUR_MS)),
  );
  expect(flaggedShare(own)).toBeGreaterThan(0.5);
});
